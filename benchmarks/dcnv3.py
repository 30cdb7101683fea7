"""The core of DCNv3 on the CPU: ours by `embedding_bag` and by `grid_sample`, the official one in PyTorch, and
torchvision's `deform_conv2d`; a table of the shortest times in ms, taken in turns, and the largest differences.

python benchmarks/dcnv3.py --reference DIR [--threads 1] [--rounds 7] [--batch 1] [--clock wall]

DIR is a clone of the official code (Yonsei-STL/pix2next, c95c865), of which one file is used as it is; its compiled
extension is not needed. The maps are those of an image of 256×256. Offsets are drawn with a deviation of 2 pixels.
`--clock cpu` counts the time that the processor gave, for machines that others use too.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torchvision import ops

from spectra_pix2next.extractors.by_bags import by_bags
from spectra_pix2next.extractors.by_grid import by_grid

Core = Callable[[Tensor, Tensor, Tensor], Tensor]
OPS: Any = ops  # which has no types
FILE = Path("common/ops_dcnv3/functions/dcnv3_func.py")
SHAPES = ((64, 8), (32, 16), (16, 32), (8, 64))
"""Side and groups of each stage of the released extractor; a group has 16 channels."""
GROUP = 16
CLOCKS = {"wall": time.perf_counter, "cpu": time.process_time}


def official(reference: Path) -> Core:
    """Their core; what it imports of the compiled extension is stood in for, and never called."""
    sys.modules.setdefault("DCNv3", ModuleType("DCNv3"))
    resources: Any = ModuleType("pkg_resources")
    resources.get_distribution = lambda name: SimpleNamespace(version="1.1")
    sys.modules.setdefault("pkg_resources", resources)
    spec = importlib.util.spec_from_file_location("official_dcnv3", reference / FILE)
    if spec is None or spec.loader is None or not (reference / FILE).is_file():
        raise SystemExit(f"There is no {FILE} in {reference}.")
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spec.loader.exec_module(module)
    core = module.dcnv3_core_pytorch

    def call(values: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
        groups = mask.shape[3]
        result: Tensor = core(
            values, offsets.flatten(3), mask.flatten(3), 3, 3, 1, 1, 1, 1, 1, 1, groups, GROUP, 1.0, 0
        )
        return result

    return call


def moved(offsets: Tensor) -> Tensor:
    steps = torch.arange(-1, 2, dtype=offsets.dtype)
    return offsets + torch.cartesian_prod(steps, steps)


def of_torchvision(values: Tensor, offsets: Tensor, mask: Tensor) -> Tensor:
    """Its points are counted along y first, and its pairs are y, x."""
    n, h, w, groups = mask.shape[:4]
    pairs = offsets.view(n, h, w, groups, 3, 3, 2).flip(-1).transpose(4, 5).reshape(n, h, w, -1).permute(0, 3, 1, 2)
    shares = mask.view(n, h, w, groups, 3, 3).transpose(4, 5).reshape(n, h, w, -1).permute(0, 3, 1, 2)
    ones = torch.ones(values.shape[-1], 1, 3, 3, dtype=values.dtype)
    maps = values.permute(0, 3, 1, 2).contiguous()
    result: Tensor = OPS.deform_conv2d(maps, pairs.contiguous(), ones, padding=1, mask=shares.contiguous())
    return result.permute(0, 2, 3, 1)


def drawn(side: int, groups: int, batch: int) -> list[Tensor]:
    values = torch.randn(batch, side, side, groups * GROUP)
    offsets = 2 * torch.randn(batch, side, side, groups, 9, 2)
    mask = torch.randn(batch, side, side, groups, 9).softmax(-1)
    return [it.requires_grad_() for it in (values, offsets, mask)]


def timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    begin = clock()
    work()
    return 1000 * (clock() - begin)


def measure(cores: dict[str, Core], side: int, groups: int, said: argparse.Namespace) -> None:
    inputs, clock = drawn(side, groups, said.batch), CLOCKS[said.clock]
    gradient = torch.randn(inputs[0].shape)
    best = {name: [float("inf")] * 2 for name in cores}
    for _ in range(said.rounds):
        for name, core in cores.items():
            with torch.no_grad():
                forward = timed(lambda core=core: core(*inputs), clock)  # type: ignore[misc]
            both = timed(lambda core=core: torch.autograd.grad(core(*inputs), inputs, gradient), clock)  # type: ignore[misc]
            best[name] = [min(best[name][0], forward), min(best[name][1], both)]
    with torch.no_grad():
        results = {name: core(*inputs) for name, core in cores.items()}
    first = results["official"]
    for name, (forward, both) in best.items():
        apart = (results[name] - first).abs().max().item()
        print(f"| {side}×{side}, {groups} | {name} | {forward:.1f} | {both:.1f} | {apart:.0e} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--clock", choices=CLOCKS, default="wall")
    said = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(said.threads)
    cores: dict[str, Core] = {
        "official": official(said.reference),
        "embedding_bag": lambda values, offsets, mask: by_bags(values, moved(offsets), mask),
        "grid_sample": lambda values, offsets, mask: by_grid(values, moved(offsets), mask),
        "deform_conv2d": of_torchvision,
    }
    print("| map, groups | core | forward | forward + backward | from the official |\n|---|---|---|---|---|")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of theirs: `meshgrid` without an order
        for side, groups in SHAPES:
            measure(cores, side, groups, said)


if __name__ == "__main__":
    main()
