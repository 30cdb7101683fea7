"""How training images come: decoded or kept on disk, whole or in windows, with and without threads; ratios of medians.

python benchmarks/feeding.py [--count 300] [--epochs 5] [--side 10000]
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from spectra.data.cache.decoded import DecodedReader
from spectra.data.catalogue import ImageFile, Place
from spectra.data.images import write_image
from spectra.data.reader import Reader, Reading, read
from spectra.data.sets.listed_pairs import ListedPairs
from spectra.data.sets.remembered import Remembered
from spectra.modalities import Modality, Task
from spectra.stage import Batch, Pairs, Stage, Update
from spectra.training.feed import PairFeed
from spectra.training.prefetch import prefetched

TASK = Task.parse("rgb2nir")
RGB = Modality.parse("rgb")


def photograph(seed: int, side: int, channels: int, dtype: str) -> NDArray[Any]:
    """Smooth structure of several sizes and a little noise of the sensor."""
    random = np.random.default_rng(seed)
    image = np.zeros((side, side, channels), np.float32)
    for coarse in (8, 32, 128):
        image += cv2.resize(random.random((coarse, coarse, channels), np.float32), (side, side)).reshape(image.shape)
    image = image / 3 + random.normal(0, 0.005, image.shape).astype(np.float32)
    return np.asarray((image.clip(0, 1) * np.iinfo(dtype).max).astype(dtype))


def seconds(work: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    started = clock()
    work()
    return clock() - started


def processor_seconds(work: Callable[[], object]) -> float:
    """What other processes do at the same time hardly counts."""
    return seconds(work, time.process_time)


def pictures(reader: Reading, files: list[ImageFile]) -> None:
    for file in files:
        read(reader, file, RGB)


def cached(folder: Path, count: int, epochs: int, side: int, dtype: str) -> None:
    files = [ImageFile(folder / f"{number:05}.png") for number in range(count)]
    for number, file in enumerate(files):
        write_image(file.path, photograph(number, side, 3, dtype))
        os.utime(file.path, (0, 0))
    time.sleep(2.1)  # younger files are hashed each time
    torch.set_num_threads(1)
    keeping = DecodedReader(100, folder=folder / "cache")
    first = processor_seconds(lambda: pictures(keeping, files))
    decoding, anew, again = [], [], []
    for _ in range(epochs):
        decoding.append(processor_seconds(lambda: pictures(Reader(), files)))
        anew.append(processor_seconds(lambda: pictures(DecodedReader(100, folder=folder / "cache"), files)))
        again.append(processor_seconds(lambda: pictures(keeping, files)))
    told = [1000 * statistics.median(times) / count for times in (decoding, [first], anew, again)]
    print(f"{count} PNGs of {side}×{side}, RGB, {dtype}, to float32 pictures, one thread; ms of processor time each:")
    print(
        f"  decoded {told[0]:.2f}; first epoch, kept {told[1]:.2f}; first epoch of a later process {told[2]:.2f}; "
        f"cached epoch {told[3]:.3f}"
    )
    print(f"  decoded / cached epoch: {told[0] / told[3]:.1f}  (at least 5)")
    print(f"  decoded / first epoch of a later process: {told[0] / told[2]:.1f}")
    print(f"  first epoch, kept / decoded: {told[1] / told[0]:.2f}")


def windows(folder: Path, side: int, crops: int) -> None:
    path = folder / "large.tif"
    tile = photograph(0, min(side, 2000), 3, "uint8")
    image = np.tile(tile, (-(-side // len(tile)),) * 2 + (1,))[:side, :side]
    tifffile.imwrite(path, image, tile=(256, 256), compression="zlib", photometric="rgb")
    del image
    files = {"rgb": (ImageFile(path),), "nir": (ImageFile(path),)}
    pairs = ListedPairs([Place("large", "large", "train", files)], Task(RGB, Modality("nir", 3)))
    feed = PairFeed(pairs, Task(RGB, Modality("nir", 3)), 1, 256, 0)
    whole = statistics.median(seconds(lambda: pairs[0]) for _ in range(3))
    stage = Still()
    part = statistics.median(seconds(lambda step=step: feed.batch(stage, step)) for step in range(crops))
    print(f"a crop of 256 from both images of a {side}×{side} RGB pair, tiled deflate TIFF:")
    print(f"  whole images {whole:.2f} s, windows {part * 1000:.1f} ms: ratio {whole / part:.0f}")


class Still(Stage):
    """Learns nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.streams, self.players = {"pairs": Pairs()}, {}

    def step(self, batch: Batch) -> Iterator[Update]:
        yield from ()


def pairs_of(folder: Path, count: int, reader: Reading) -> ListedPairs:
    places = [
        Place(
            str(n),
            str(n),
            "train",
            {"rgb": (ImageFile(folder / f"rgb{n}.png"),), "nir": (ImageFile(folder / f"nir{n}.png"),)},
        )
        for n in range(count)
    ]
    return ListedPairs(places, TASK, reader=reader)


@lru_cache(maxsize=100)
def shared_photograph(seed: int, side: int, channels: int) -> NDArray[Any]:
    return photograph(seed, side, channels, "uint8")


def make_pairs(folder: Path, count: int, side: int) -> None:
    for number in range(count):
        for name, channels in (("rgb", 3), ("nir", 1)):
            path = folder / f"{name}{number}.png"
            if not path.exists():
                image = shared_photograph(number % 50, side, channels).copy()
                image[0, :2, 0] = divmod(number, 256)  # no two files are the same
                write_image(path, image)


def network() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 16, 3, padding=1), nn.ReLU(),
                         nn.Conv2d(16, 1, 3, padding=1))  # fmt: skip


def learn(batches: Iterator[Batch]) -> None:
    torch.manual_seed(0)
    model = network()
    optimizer = torch.optim.Adam(model.parameters())
    for batch in batches:
        source, target = batch.pairs
        loss: Tensor = (model(source) - target).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def workers(folder: Path, steps: int, rounds: int) -> None:
    make_pairs(folder, 60, 256)
    cores = len(os.sched_getaffinity(0))
    print(f"{steps} steps of a small network, batches of 4 crops of 128 from PNG pairs of 256×256, {cores} cores:")
    for name, reader in (("decoded each time", Reader()), ("cached", DecodedReader(10, folder=folder / "cache"))):
        feed, stage = PairFeed(pairs_of(folder, 60, reader), TASK, 4, 128, 0), Still()
        times: dict[int, list[float]] = {0: [], 1: [], 2: []}
        for count in [0, *(list(times) * rounds)]:  # once more than is counted, to fill the cache
            with prefetched(feed, stage, steps, count) as batches:
                times[count].append(seconds(lambda batches=batches: learn(batches)))
        times[0] = times[0][1:]
        told = {count: statistics.median(found) for count, found in times.items()}
        shown = ", ".join(f"{count}: {told[0] / told[count]:.2f}" for count in (1, 2))
        print(f"  {name}: {told[0]:.2f} s without threads; times as fast with threads, {shown}")


PEAK = """
import resource, sys
sys.path.insert(0, sys.argv[1])
import feeding
feeding.epoch(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def epoch(folder: str, count: int, megabytes: int) -> None:
    """Two epochs of the first pairs, with cache, memory and threads."""
    place = Path(folder)
    listed = pairs_of(place, count, DecodedReader(100, folder=place / "cache"))
    feed = PairFeed(Remembered(listed, megabytes), TASK, 4, None, 0)
    with prefetched(feed, Still(), count // 2, 2) as batches:
        for _ in batches:
            pass


def memory(folder: Path, few: int, many: int, repeats: int) -> None:
    make_pairs(folder, many, 256)
    print("peak memory of a process that trains on so many pairs of 256×256, two epochs, 2 threads, 64 MB remembered:")
    peaks = []
    for count in (few, many):
        words = [sys.executable, "-c", PEAK, str(Path(__file__).parent), str(folder), str(count), "64"]
        found = [float(subprocess.run(words, check=True, capture_output=True).stdout) for _ in range(repeats)]
        peaks.append(statistics.median(found))
    print(f"  {few}: {peaks[0]:.0f} MB, {many}: {peaks[1]:.0f} MB, ratio {peaks[1] / peaks[0]:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=300, help="PNGs of each kind")
    parser.add_argument("--epochs", type=int, default=5, help="epochs of each kind, in turns")
    parser.add_argument("--side", type=int, default=10_000, help="of the large TIFF")
    parser.add_argument("--steps", type=int, default=60, help="of training")
    parser.add_argument("--pairs", type=int, default=2000, help="the larger number of pairs, for memory")
    parser.add_argument("--repeats", type=int, default=3, help="processes whose memory is looked at, of each kind")
    parser.add_argument("--only", choices=["cached", "windows", "workers", "memory"])
    said = parser.parse_args()
    parts = {
        "cached": lambda folder: [
            cached(folder / "8", said.count, said.epochs, 256, "uint8"),
            cached(folder / "16", said.count // 3, said.epochs, 512, "uint16"),
        ],
        "windows": lambda folder: windows(folder, said.side, 50),
        "workers": lambda folder: workers(folder, said.steps, 3),
        "memory": lambda folder: memory(folder, said.pairs // 10, said.pairs, said.repeats),
    }
    for name, part in parts.items():
        if said.only in (None, name):
            with tempfile.TemporaryDirectory() as scratch:
                for below in ("8", "16"):
                    (Path(scratch) / below).mkdir()
                part(Path(scratch))
    print(f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
