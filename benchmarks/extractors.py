"""What the extractors of Pix2Next cost: parameters, GFLOP and time of one image, as a table in Markdown.

python benchmarks/extractors.py [--side 256] [--threads 1] [--rounds 3] [--most 130] [--clock wall] [--also NAME ...]

Parameters and operations (2 for each multiply-add; sampling, norms and pooling are not counted) are counted without
memory. Times are the shortest of some forward passes in fp32 on the CPU, of those that have at most `--most` million
parameters; `--clock cpu` counts the time that the processor gave, for machines that others use too.
`internimage:official` sees the 128 features of the stem, all others three bands.
"""

from __future__ import annotations

import argparse
import time
import warnings

import torch
from torch import Tensor

from spectra.bench.cost.count import counted
from spectra_pix2next.extractors.choose import extractor_of
from spectra_pix2next.extractors.extractor import Extractor
from spectra_pix2next.extractors.variants import VARIANTS
from spectra_pix2next.settings import Settings

OF_TIMM = (
    "swinv2_tiny_window8_256",
    "swinv2_base_window8_256",
    "vit_base_patch16_224",
    "resnet50",
    "convnext_base",
    "vit_base_patch14_dinov2",
    "vit_base_patch16_dinov3",
)
NAMES = (*(f"internimage:{name}" for name in VARIANTS), *(f"timm:{name}" for name in OF_TIMM))
STEM = 128
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def made(name: str, device: str) -> tuple[Extractor, int]:
    stem = name == "internimage:official"
    settings = Settings(extractor=name, extractor_input="stem" if stem else "image")
    bands = STEM if stem else 3
    with torch.device(device), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of timm: weights of another size
        extractor = extractor_of(settings, bands)
    if extractor is None:
        raise SystemExit("`none` costs nothing.")
    return extractor.eval(), bands


def seconds(name: str, said: argparse.Namespace) -> float:
    clock = CLOCKS[said.clock]
    extractor, bands = made(name, "cpu")
    image = 2 * torch.rand(1, bands, said.side, said.side) - 1
    taken = []
    with torch.inference_mode():
        for _ in range(said.rounds + 1):
            begin = clock()
            extractor(image)
            taken.append(clock() - begin)
    return min(taken[1:])


def row(name: str, said: argparse.Namespace) -> str:
    extractor, bands = made(name, "meta")
    parameters = sum(it.numel() for it in extractor.parameters())
    image = torch.zeros(1, bands, said.side, said.side, device="meta")
    maps: list[Tensor] = []
    operations = counted(lambda: maps.extend(extractor(image))).operations
    shape = "×".join(map(str, maps[-1].shape[1:]))
    taken = f"{seconds(name, said):.2f}" if parameters <= said.most * 1e6 else "–"
    return f"| `{name}` | {parameters / 1e6:.1f} | {operations / 1e9:.1f} | {taken} | {shape} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=float, default=130.0)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    parser.add_argument("--also", nargs="*", default=[])
    said = parser.parse_args()
    torch.set_num_threads(said.threads)
    print(f"| extractor | parameters, M | GFLOP at {said.side}×{said.side} | s | last map |\n|---|---|---|---|---|")
    for name in (*NAMES, *said.also):
        print(row(name, said), flush=True)


if __name__ == "__main__":
    main()
