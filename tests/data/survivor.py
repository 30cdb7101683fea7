"""Reads damaged files in a process of its own, under limits, so that a crash or a hang is seen and named.

python -m tests.data.survivor SUFFIX SEED COUNT FOLDER
"""

from __future__ import annotations

import json
import random
import re
import resource
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from spectra.data.catalogue import Window
from spectra.data.images import read_header, read_image, read_window
from spectra.errors import ImageError
from tests.data.files import Array
from tests.data.mutations import Mutant, mutant, seeds

MEMORY = 512 * 2**20  # of addresses, above what the process has after its imports
SECONDS = 10  # for one file


def main(suffix: str, seed: int, count: int, folder: Path) -> None:
    files, chance, done = seeds(), random.Random(seed), Counter[str]()
    path = folder / f"image{suffix}"
    right = [_whole(path, data) for data in files[suffix]]
    resource.setrlimit(resource.RLIMIT_AS, (kilobytes("VmSize") * 1024 + MEMORY,) * 2)
    slowest, peak = 0.0, 0
    for at in range(count):
        made = mutant(suffix, files, chance)
        path.write_bytes(made.data)
        print(at, flush=True)  # the last number names the file that ended the process
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        signal.alarm(SECONDS)
        start, before = time.perf_counter(), kilobytes("VmRSS")
        done[survived(path, made, right, chance)] += 1
        slowest, peak = max(slowest, time.perf_counter() - start), max(peak, kilobytes("VmHWM") - before)
        signal.alarm(0)
    print(json.dumps({**done, "peak_kib": peak, "slowest_s": round(slowest, 3)}))


def survived(path: Path, made: Mutant, right: list[Array], chance: random.Random) -> str:
    """A damaged file is refused, or read as its own header says, in windows as in whole."""
    try:
        header = read_header(path)
    except ImageError as error:
        assert path.name in str(error) and "\n" not in str(error)
        return "refused by its header"
    window = _window(header.height, header.width, chance)
    image, part = _tried(path, None), _tried(path, window)
    if image is None:
        return "refused"
    assert image.shape == (header.height, header.width, header.channels) and image.dtype == header.dtype
    assert part is not None
    top, left, height, width = window
    np.testing.assert_array_equal(part, image[top : top + height, left : left + width])
    if made.blind and path.suffix in (".png", ".npz"):  # whose checksums cover every pixel
        np.testing.assert_array_equal(image, right[made.which])
    return "read"


def _tried(path: Path, window: Window | None) -> Array | None:
    try:
        return read_image(path) if window is None else read_window(path, window)
    except ImageError as error:
        assert path.name in str(error) and "\n" not in str(error)
        return None


def _window(height: int, width: int, chance: random.Random) -> Window:
    tall, wide = chance.randint(1, min(height, 64)), chance.randint(1, min(width, 64))
    return Window(chance.randint(0, height - tall), chance.randint(0, width - wide), tall, wide)


def _whole(path: Path, data: bytes) -> Array:
    path.write_bytes(data)
    return read_image(path)


def kilobytes(name: str) -> int:
    found = re.search(rf"{name}:\s*(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
