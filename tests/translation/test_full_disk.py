"""A GeoTIFF that no longer fits: GDAL hands on no error number, so the room that is left decides."""

from __future__ import annotations

import resource
import shutil
import signal
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path

import pytest

import spectra
from spectra.errors import SpectraError
from tests.geotiffs import geotiff
from tests.translation.images import image, tree

Usage = namedtuple("Usage", ["total", "used", "free"])


@pytest.fixture
def most_bytes() -> Iterator[int]:
    """No file of this process may be larger."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    yield 20_000
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    signal.signal(signal.SIGXFSZ, handler)


def sources(folder: Path) -> Path:
    for name in ("a.tif", "b.tif"):
        geotiff(folder / name, image(0, size=(300, 300)))
    return folder


def test_the_run_ends_with_one_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    folder = sources(tmp_path / "in")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(1, 1, 0))
    request.getfixturevalue("most_bytes")
    with pytest.raises(SpectraError, match=r"^Stopped: '.*a\.tif' cannot be written: the disk is full\.$"):
        spectra.translate("copy", folder, tmp_path / "out", threads=1)
    assert tree(tmp_path / "out").keys() <= {".spectra.lock"}


def test_with_room_left_it_is_a_fault_of_each_image(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    folder = sources(tmp_path / "in")
    request.getfixturevalue("most_bytes")
    done = spectra.translate("copy", folder, tmp_path / "out")
    assert [("cannot be written" in why) for _, why in done.failed] == [True, True]
    assert tree(tmp_path / "out") == {}
