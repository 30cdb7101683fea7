"""A GeoTIFF that no longer fits: GDAL hands on no error number, so the room that is left decides.

In a process of its own, as the limit on the size of files holds for all that it writes, its log too.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.geotiffs import geotiff
from tests.translation.images import image, tree

SCRIPT = """
import json, resource, shutil, signal, sys
from collections import namedtuple

import spectra
from spectra.errors import SpectraError

source, out, room = sys.argv[1:]
Usage = namedtuple("Usage", ["total", "used", "free"])
if room == "none":
    shutil.disk_usage = lambda path: Usage(1, 1, 0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
try:
    done = spectra.translate("copy", source, out, threads=1)
    told = {"failed": [why for _, why in done.failed]}
except SpectraError as why:
    told = {"stopped": str(why)}
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
print(json.dumps(told))
"""


def translated(folder: Path, room: str) -> dict[str, Any]:
    for name in ("a.tif", "b.tif"):
        geotiff(folder / "in" / name, image(0, size=(300, 300)))
    words = [sys.executable, "-c", SCRIPT, str(folder / "in"), str(folder / "out"), room]
    done = subprocess.run(words, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


def test_the_run_ends_with_one_message(tmp_path: Path) -> None:
    told = translated(tmp_path, "none")

    assert told["stopped"].startswith("Stopped: ")
    assert told["stopped"].endswith("a.tif' cannot be written: the disk is full.")
    assert tree(tmp_path / "out").keys() <= {".spectra.lock"}


def test_with_room_left_it_is_a_fault_of_each_image(tmp_path: Path) -> None:
    told = translated(tmp_path, "some")

    assert ["cannot be written" in why for why in told["failed"]] == [True, True]
    assert tree(tmp_path / "out") == {}
