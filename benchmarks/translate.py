"""`spectra translate graydef` against only decoding and encoding the same files, by the slope from few to many images.

    python benchmarks/translate.py --small 200 --large 2000

Images: 1024×1024 8-bit RGB PNGs, upsampled noise of four octaves with sensor noise, which compress as photographs do.
A few distinct files stand under many names (hard links): each is read and decoded anew. The bare side reads the bytes,
decodes with OpenCV, encodes a grey image of the same content with the same options and writes it; as many threads.
Each measurement is a process of its own; the sides take turns.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import Any

DISTINCT, SIZE, LIMIT = 8, 1024, 1.35


def make_files(folder: Path, size: int) -> list[Path]:
    import cv2
    import numpy as np

    folder.mkdir()
    paths = []
    for seed in range(DISTINCT):
        random = np.random.default_rng(seed)
        image = np.zeros((size, size, 3), np.float32)
        for octave in (8, 32, 128, 512):
            noise = random.normal(0, 240 / octave**0.55, (octave, octave, 3)).astype(np.float32)
            image += cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC)
        image += image.mean(2, keepdims=True) + random.normal(0, 1.5, image.shape) + 110
        paths.append(folder / f"{seed}.png")
        cv2.imwrite(str(paths[-1]), np.clip(image, 0, 255).astype(np.uint8))
    return paths


def link(originals: list[Path], folder: Path, count: int) -> Path:
    folder.mkdir()
    for number in range(count):
        os.link(originals[number % len(originals)], folder / f"{number:06}.png")
    return folder


def spectra_side(folder: Path, out: Path, threads: int) -> int:
    import spectra

    return len(spectra.translate("graydef", folder, out, threads=threads).written)


def bare_side(folder: Path, out: Path, threads: int) -> int:
    """What is written is made before the clock starts, so that the very same images are encoded."""
    import cv2
    import numpy as np

    from spectra.data.formats.png import _options  # the same compression, or the comparison means nothing

    out.mkdir()
    paths = sorted(folder.iterdir())
    made = [_graydef(path) for path in islice(paths, DISTINCT)]
    options = _options()

    def work(numbered: tuple[int, Path]) -> None:
        number, path = numbered
        cv2.cvtColor(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED), cv2.COLOR_BGR2RGB)
        (out / path.name).write_bytes(cv2.imencode(".png", made[number % DISTINCT], options)[1].data)

    with ThreadPoolExecutor(threads) as pool:
        return sum(1 for _ in pool.map(work, enumerate(paths)))


def _graydef(path: Path) -> Any:
    import spectra
    from spectra.data.images import read_image
    from spectra.data.pictures import to_array, to_picture

    picture = to_picture(read_image(path), spectra.Scale())
    return to_array(spectra.load("graydef")(picture.pixels[None])[0], spectra.Scale(), "uint8")


def measured(side: str, folder: Path, out: Path, threads: int) -> None:
    import torch

    torch.zeros(1)
    start, busy = time.perf_counter(), time.process_time()
    done = {"spectra": spectra_side, "bare": bare_side}[side](folder, out, threads)
    seconds, cpu = time.perf_counter() - start, time.process_time() - busy
    mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"images": done, "seconds": seconds, "cpu": cpu, "mib": mib}))


def once(side: str, folder: Path, out: Path, threads: int) -> dict[str, float]:
    where = ["--folder", str(folder), "--out", str(out), "--threads", str(threads)]
    command = [sys.executable, __file__, "--side", side, *where]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    shutil.rmtree(out)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", type=int, default=200)
    parser.add_argument("--large", type=int, default=2000)
    parser.add_argument("--size", type=int, default=SIZE)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=min(4, os.cpu_count() or 1))
    parser.add_argument("--side", choices=["spectra", "bare"], help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        measured(given.side, given.folder, given.out, given.threads)
        return
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as place:
        compare(Path(place), given)


def compare(place: Path, given: argparse.Namespace) -> None:
    originals = make_files(place / "distinct", given.size)
    folders = {count: link(originals, place / f"{count}", count) for count in (given.small, given.large)}
    best: dict[tuple[str, str], float] = {}
    for repeat in range(given.repeats):
        for side in ("spectra", "bare"):
            small, large = (once(side, folder, place / "out", given.threads) for folder in folders.values())
            for clock in ("seconds", "cpu"):
                slope = 1000 * (large[clock] - small[clock]) / (given.large - given.small)
                best[side, clock] = min(best.get((side, clock), slope), slope)
                print(f"{repeat + 1} {side:8} {slope:6.2f} ms {clock} an image", flush=True)
            print(
                f"  peak {small['mib']:.0f} MiB at {given.small} images, {large['mib']:.0f} at {given.large}",
                flush=True,
            )
    ratio, of_cpu = (best["spectra", clock] / best["bare", clock] for clock in ("seconds", "cpu"))
    print(
        f"ratio of the best slopes: {ratio:.2f} in time (limit {LIMIT}), {of_cpu:.2f} in processor time; "
        f"{given.threads} threads, {given.size}×{given.size}, files of {originals[0].stat().st_size / 1e6:.2f} MB"
    )
    sys.exit(ratio > LIMIT)


if __name__ == "__main__":
    main()
