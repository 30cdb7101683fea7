"""Decoding through the loader against a bare OpenCV or tifffile loop: files read in turns, in one process.

python benchmarks/decode.py [--rounds 15] [--files 40] [--side 256]

The bare loop decodes and, as users need RGB, brings OpenCV's BGR into that order; `as BGR` is without this step.
Times are those of the processor, the shortest of all rounds for each file, and their mean over the files: others on
the machine hardly touch them. The last column is the further step to a picture: float32 planes of the unit interval.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from spectra.data.images import read_image, write_image
from spectra.data.pictures import to_picture
from spectra.modalities import Scale

Array = NDArray[Any]
Read = Callable[[Path], Array]
SCALE = Scale.parse("dtype")


def scene(seed: int, side: int, dtype: str) -> Array:
    """Smooth structure and some noise, so that it packs as photographs do."""
    random = np.random.default_rng(seed)
    coarse = cv2.resize(random.random((side // 16, side // 16, 3)), (side, side), interpolation=cv2.INTER_CUBIC)
    values = np.clip(coarse + random.normal(0, 0.01, coarse.shape), 0, 1) * np.iinfo(dtype).max
    return np.asarray(values.astype(dtype))


def by_opencv(path: Path) -> Array:
    return np.asarray(cv2.cvtColor(as_bgr(path), cv2.COLOR_BGR2RGB))


def as_bgr(path: Path) -> Array:
    return np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED))


def by_tifffile(path: Path) -> Array:
    return np.asarray(tifffile.imread(path))


def tiff(path: Path, image: Array, **options: Any) -> None:
    tifffile.imwrite(path, image, photometric="rgb", metadata=None, **options)


def jpeg(path: Path, image: Array) -> None:
    cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])


CASES: dict[str, tuple[str, str, Callable[[Path, Array], None], Read]] = {
    "PNG, 8-bit RGB": (".png", "uint8", write_image, by_opencv),
    "PNG, 16-bit RGB": (".png", "uint16", write_image, by_opencv),
    "JPEG": (".jpg", "uint8", jpeg, by_opencv),
    "TIFF, uint16": (".tif", "uint16", tiff, by_tifffile),
    "TIFF, uint16, deflate": (".tif", "uint16", lambda *a: tiff(*a, compression="zlib"), by_tifffile),
    "TIFF, uint16, LZW, predictor, tiles": (
        ".tif",
        "uint16",
        lambda *a: tiff(*a, compression="lzw", predictor=True, tile=(64, 64)),
        by_tifffile,
    ),
}


def timed(read: Callable[[Path], object], path: Path) -> float:
    start = time.process_time_ns()
    read(path)
    return (time.process_time_ns() - start) / 1e6


def picture(path: Path) -> object:
    return to_picture(read_image(path), SCALE)


def measured(name: str, folder: Path, given: argparse.Namespace) -> None:
    suffix, dtype, write, bare = CASES[name]
    paths = [folder / f"{seed}{suffix}" for seed in range(given.files)]
    for seed, path in enumerate(paths):
        write(path, scene(seed, given.side, dtype))
        assert np.array_equal(read_image(path), bare(path)), f"{name}: the two disagree"
    ways = [bare, read_image, picture, *[as_bgr] * (bare is by_opencv)]
    least = {(way, path): float("inf") for way in ways for path in paths}
    for at in range(given.rounds):
        for path in paths:
            for way in ways[:: 1 if at % 2 else -1]:
                least[way, path] = min(least[way, path], timed(way, path))
    mean = {way: sum(least[way, path] for path in paths) / len(paths) for way in ways}
    own, other = mean[read_image], mean[bare]
    unswapped = f"{mean[as_bgr] / own:.3f}×" if as_bgr in mean else ""
    row = f"| {name} | {own:.3f} | {other:.3f} | {other / own:.3f}× | {unswapped} | {mean[picture] - own:.3f} |"
    print(row, flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rounds", 15), ("files", 40), ("side", 256)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print(f"{given.side}×{given.side}, {given.files} files, {given.rounds} rounds\n")
    print("| what | spectra, ms | bare loop, ms | ratio | as BGR | to a picture, ms more |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for at, name in enumerate(CASES):
            (place := Path(folder) / str(at)).mkdir()
            measured(name, place, given)


if __name__ == "__main__":
    main()
