"""What the doctor for pairs measures by, on real pairs and on planted faults.

    python benchmarks/check.py --shift DIR...     shifts planted into pairs are found again; how sure one may be
    python benchmarks/check.py --alike DIR...     images of one photograph; crops planted at random
    python benchmarks/check.py --many 1000        time and memory of both on drawn photographs
    python benchmarks/check.py --whole 1000       the whole check of so many pairs of 256×256 PNGs

Each DIR has train/{source,target} and perhaps test or val beside it; the side that comes first in SIDES is the source.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spectra.data.checkup.alike import AlikeSearch, find_alike, grouped
from spectra.data.checkup.shift import CommonShift, Shift, estimate_shift
from spectra.data.images import read_image, write_image
from spectra.data.scenes import scene

Image = NDArray[Any]
SIDES = ("rgb", "eo", "nir", "lwir", "sar", "sar_vv", "sar_vh")
MARGIN = 8
SHARES = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def pairs(folder: Path) -> Iterator[tuple[str, Image, Image]]:
    """All splits together; the first two sides of ``SIDES`` that are there."""
    for split in sorted(path for path in folder.iterdir() if path.is_dir()):
        sides = [split / side for side in SIDES if (split / side).is_dir()]
        for path in sorted(sides[0].iterdir()) if len(sides) > 1 else ():
            partner = next(sides[1].glob(f"{path.stem}.*"))
            yield f"{split.name}/{path.stem}", read_image(path), read_image(partner)


def cut(image: Image, dy: int = 0, dx: int = 0) -> Image:
    """Without a margin all around, and what is shown moved by so many pixels."""
    height, width = image.shape[:2]
    return image[MARGIN - dy : height - MARGIN - dy, MARGIN - dx : width - MARGIN - dx]


def known(shift: Shift | None) -> Shift:
    return Shift(float("nan"), float("nan"), 0.0, np.zeros((3, 3), np.float32)) if shift is None else shift


def shifts(folders: Sequence[Path]) -> None:
    print("| pairs | n | planted shift within 1 px | sure (≥ 0.9) | right where sure | unrelated, but sure |", end="")
    print(" within 1.5 px of zero | told as shifted | all together | CPU ms a pair |\n" + "|---" * 10 + "|")
    for folder in folders:
        print(shift_row(folder), flush=True)


def shift_row(folder: Path) -> str:
    random, common = np.random.default_rng(0), CommonShift()
    right, sure, alien, near, told, seconds = [], [], [], [], [], []
    before: Image | None = None
    for _, source, target in pairs(folder):
        dy, dx = (int(step) for step in random.integers(-MARGIN, MARGIN + 1, 2))
        start = time.process_time()
        whole = estimate_shift(source, target)
        seconds.append(time.process_time() - start)
        own, moved = (
            known(estimate_shift(cut(source), cut(target))),
            known(estimate_shift(cut(source), cut(target, dy, dx))),
        )
        right.append(max(abs(moved.dy - own.dy - dy), abs(moved.dx - own.dx - dx)) <= 1)
        sure.append(moved.confidence >= 0.9)
        common.add(whole)
        near.append(known(whole).length <= 1.5)
        told.append(known(whole).beyond())
        if before is not None:
            height, width = (min(sides) for sides in zip(source.shape[:2], before.shape[:2], strict=True))
            alien.append(known(estimate_shift(source[:height, :width], before[:height, :width])).confidence >= 0.9)
        before = target
    surely = [good for good, certain in zip(right, sure, strict=True) if certain]
    together = known(common.result())
    cells = [share(right), share(sure), share(surely), f"{sum(alien)} of {len(alien)}", share(near), str(sum(told))]
    offset = f"{together.dy:+.2f}, {together.dx:+.2f} ({together.confidence:.2f})"
    times = f"{statistics.median(seconds) * 1e3:.0f}"
    return f"| {folder.name} | {len(right)} | {' | '.join(cells)} | {offset} | {times} |"


def share(values: Sequence[bool]) -> str:
    return f"{sum(values)}/{len(values)} = {statistics.fmean(values):.1%}" if values else "–"


def alikes(folders: Sequence[Path]) -> None:
    for folder in folders:
        images = [(name, source) for name, source, _ in pairs(folder)]
        found = find_alike(images)
        kinds = Counter(one.kind for one in found)
        across = sum(one.a.split("/")[0] != one.b.split("/")[0] for one in found)
        same = sum(one.kind == "identical" and one.a.split("/")[0] != one.b.split("/")[0] for one in found)
        sizes = Counter(len(group) for group in grouped(found))
        print(f"\n{folder.name}: {len(images)} images, {dict(kinds)}, groups by size {dict(sorted(sizes.items()))}")
        print(f"between splits: {across}, of these identical: {same}")
        planted([image for _, image in images if min(image.shape[:2]) >= 240])


def planted(images: Sequence[Image], side: int = 200) -> None:
    """Two crops of each photograph, one of them brightened and written as JPEG; found among those of all others."""
    random = np.random.default_rng(0)
    for wanted in SHARES if images else ():
        crops: list[tuple[str, Image]] = []
        offsets: dict[tuple[str, str], tuple[int, int]] = {}
        for number, image in enumerate(images):
            placed = two_places(random, image.shape[:2], side, wanted)
            if placed is None:
                continue
            (top, left), (low, right) = placed
            first = image[top : top + side, left : left + side]
            second = np.clip(image[low : low + side, right : right + side] * 0.9 + 12, 0, 255).astype(np.uint8)
            code = cv2.imencode(".jpg", second, [cv2.IMWRITE_JPEG_QUALITY, 75])[1]
            crops += [(f"{number}a", first), (f"{number}b", cv2.imdecode(code, cv2.IMREAD_UNCHANGED))]
            offsets[f"{number}a", f"{number}b"] = top - low, left - right
        found = {(one.a, one.b): one.offset for one in find_alike(crops)}
        hits = [
            pair in found and max(abs(found[pair][axis] - true[axis]) for axis in (0, 1)) <= 2
            for pair, true in offsets.items()
        ]
        print(f"  crops of {side}×{side} that share {wanted:.0%}: {share(hits)} found, {len(found) - sum(hits)} others")


def two_places(
    random: np.random.Generator, shape: tuple[int, ...], side: int, wanted: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
    """Corners of two squares that share about so much of their area."""
    for _ in range(2000):
        first, second = (random.integers(0, [shape[0] - side + 1, shape[1] - side + 1]) for _ in range(2))
        rows, columns = np.maximum(side - np.abs(first - second), 0)
        if abs(rows * columns / side**2 - wanted) < 0.03:
            return first, second
    return None


def many(count: int, side: int = 256) -> None:
    """Windows of drawn photographs, each of its own; nothing is to be found in them."""
    search = AlikeSearch()
    spent: Counter[str] = Counter()
    for number in range(count):
        drawn = scene(11, number, side, ("street", "aerial")[number % 2])
        source, target = drawn.image("rgb"), drawn.image("nir")
        start = time.process_time()
        estimate_shift(source, target)
        middle = time.process_time()
        search.add(str(number), search.describe(source))
        spent += Counter({"shift": middle - start, "describe": time.process_time() - middle})  # type: ignore[dict-item]
        if number == count // 10:
            least = peak()
    start = time.process_time()
    found = search.found()
    print(f"{count} pairs of {side}×{side}, {cv2.getNumThreads()} threads, CPU time: ", end="")
    print(", ".join(f"{what} {seconds:.1f} s" for what, seconds in spent.items()), end=", ")
    print(f"compare {time.process_time() - start:.1f} s; found {len(found)}; ", end="")
    for one in found:
        print(one)
    print(f"peak {peak():.0f} MB, {(peak() - least) / count * 1e3 / 0.9:.1f} KB an image")


def whole(count: int) -> None:
    """The command in a process of its own, on few pairs and on all, to see how time and memory grow."""
    with TemporaryDirectory() as folder:
        for number in range(count):
            drawn = scene(11, number, 256, ("street", "aerial")[number % 2])
            for side in ("rgb", "nir"):
                path = Path(folder, "all", "test" if number % 5 == 0 else "train", side, f"{number}.png")
                path.parent.mkdir(parents=True, exist_ok=True)
                write_image(path, drawn.image(side))
                if number < count // 10:
                    few = Path(folder, "few", *path.relative_to(Path(folder, "all")).parts)
                    few.parent.mkdir(parents=True, exist_ok=True)
                    few.hardlink_to(path)
        for name in ("few", "all"):
            script = (
                "import resource, time; from pathlib import Path; from spectra.data.checkup.check import check;"
                f"start = time.perf_counter(), time.process_time(); found = check(Path({str(Path(folder, name))!r}));"
                "print(f'{sum(found.splits.values())} pairs: {time.perf_counter() - start[0]:.1f} s, "
                "{time.process_time() - start[1]:.1f} s of the processor, {len(found.findings)} findings, peak "
                "{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB')"
            )
            subprocess.run([sys.executable, "-c", script], check=True)


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shift", nargs="+", type=Path, default=[], metavar="DIR")
    parser.add_argument("--alike", nargs="+", type=Path, default=[], metavar="DIR")
    parser.add_argument("--many", type=int, metavar="N")
    parser.add_argument("--whole", type=int, metavar="N")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    cv2.setNumThreads(given.threads)
    if given.shift:
        shifts(given.shift)
    if given.alike:
        alikes(given.alike)
    if given.many:
        many(given.many)
    if given.whole:
        whole(given.whole)


if __name__ == "__main__":
    main()
