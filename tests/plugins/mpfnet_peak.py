"""What a process comes to at most while the last stage learns, and what it needs: run by test_mpfnet_processes.

python tests/plugins/mpfnet_peak.py WIDTH SIDE. Prints both, in bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from spectra import Batch, Stage, Task
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.trainer import Trainer
from spectra_mpfnet import MPFNet, Settings


def said(what: str) -> int:
    """Of this program alone: what `getrusage` calls the most counts the process that started it as well."""
    (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith(what)]
    return int(line.split()[1]) * 1024


def learning(width: int) -> tuple[Trainer, Any]:
    translator = MPFNet(Task.parse("nir2rgb"), Settings(width=width, discriminator_width=width))
    (stage,) = [each for each in translator.stages() if each.name == "joint"]
    trainer = Trainer(translator, TrainSettings(lr=1e-4))
    trainer.prepare(stage)
    return trainer, stage


def batch(side: int) -> Batch:
    nir, rgb, other = (torch.rand(1, channels, side, side) for channels in (1, 3, 3))
    return Batch(pairs=PairedBatch([nir, rgb]), colour=other)


def networks_gradients_and_moments(stage: Stage) -> int:
    held = {id(p): p for part in vars(stage).values() if isinstance(part, nn.Module) for p in part.parameters()}
    return sum(p.numel() * p.element_size() * (4 if p.requires_grad else 1) for p in held.values())


def graph(stage: Stage, drawn: Batch) -> int:
    """What autograd keeps of all terms of the networks' turn: each memory once, without the weights."""
    networks = [part for part in vars(stage).values() if isinstance(part, nn.Module)]
    weights = {p.untyped_storage().data_ptr() for part in networks for p in [*part.parameters(), *part.buffers()]}
    kept: dict[int, Tensor] = {}

    def packed(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(packed, lambda tensor: tensor):
        update = next(iter(stage.step(drawn)))
        values = [term.compute() for term in update.terms.values() if term.weight]
    assert values
    return sum(t.untyped_storage().nbytes() for place, t in kept.items() if place not in weights)


def main(width: int, side: int) -> None:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    small, first = learning(4)
    small.step(first, batch(32))  # what torch itself needs, once
    del small, first
    before = said("VmRSS:")
    trainer, stage = learning(width)
    for _ in range(2):
        trainer.step(stage, batch(side))
    peak = said("VmHWM:")
    print(peak - before, networks_gradients_and_moments(stage) + graph(stage, batch(side)))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
