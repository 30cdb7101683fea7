"""Decoding through the loader against a bare OpenCV or tifffile loop: medians over files read in turns, one process.

python benchmarks/decode.py [--rounds 15] [--files 40] [--side 256]

The bare loop reads the file into memory, decodes, and brings the colours into the order RGB: what any script does.
The last column is the further step to a picture: float32 planes of the unit interval.
"""

from __future__ import annotations

import argparse
import os
import statistics
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
    return cv2.cvtColor(np.asarray(cv2.imread(str(path), cv2.IMREAD_UNCHANGED)), cv2.COLOR_BGR2RGB)


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
    start = time.perf_counter()
    read(path)
    return (time.perf_counter() - start) * 1e3


def picture(path: Path) -> object:
    return to_picture(read_image(path), SCALE)


def measured(name: str, folder: Path, given: argparse.Namespace) -> None:
    suffix, dtype, write, bare = CASES[name]
    paths = [folder / f"{seed}{suffix}" for seed in range(given.files)]
    for seed, path in enumerate(paths):
        write(path, scene(seed, given.side, dtype))
        assert np.array_equal(read_image(path), bare(path)), f"{name}: the two disagree"
    taken: dict[Callable[[Path], object], list[float]] = {bare: [], read_image: [], picture: []}
    for at in range(given.rounds):
        for path in paths:
            for way in list(taken)[:: 1 if at % 2 else -1]:
                taken[way].append(timed(way, path))
    own, other, whole = (statistics.median(taken[way]) for way in (read_image, bare, picture))
    ratio = statistics.median(theirs / ours for theirs, ours in zip(taken[bare], taken[read_image], strict=True))
    print(f"| {name} | {own:.3f} | {other:.3f} | {ratio:.2f}× | {whole - own:.3f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("rounds", 15), ("files", 40), ("side", 256)):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    cv2.setNumThreads(1)
    print("The ratio is the median of those of single files, of which each is read by both in turns.")
    print(f"{given.side}×{given.side}, {given.files} files, {given.rounds} rounds\n")
    print("| what | spectra, ms | bare loop, ms | ratio | to a picture, ms more |\n|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for at, name in enumerate(CASES):
            (place := Path(folder) / str(at)).mkdir()
            measured(name, place, given)


if __name__ == "__main__":
    main()
