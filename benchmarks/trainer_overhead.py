"""What the trainer itself costs: milliseconds an iteration with two players that have nearly nothing to learn.

python benchmarks/trainer_overhead.py [--rounds 1000]

Each player has one weight and one term, which is that weight. `step` is `Trainer.step` alone; `loop` is a whole
training, its progress and its feed of ready batches included. 1 ms is allowed.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from statistics import median

import torch
from torch import Tensor, nn

from spectra import Batch, Config, Player, Stage, Task, Translator, Update
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.progress import Progress, Watcher
from spectra.training.trainer import Trainer

WARM = 50
IMAGE = torch.zeros(1, 1, 1, 1)


class Duel(Stage):
    """Two players with one weight each."""

    def __init__(self) -> None:
        super().__init__()
        self.players = {"generator": Player(nn.Linear(1, 1, bias=False)), "discriminator": Player(nn.Linear(1, 1))}

    def step(self, batch: Batch) -> Iterator[Update]:
        for name, player in self.players.items():
            yield Update(name, weight=lambda player=player: player.parameters[0].sum())


class Empty(Translator):
    """Gives back what it gets."""

    api_version = 1
    summary = "nothing"

    def stages(self) -> list[Stage]:
        return [Duel()]

    def forward(self, source: Tensor) -> Tensor:
        return source


class Clock(Watcher):
    """Watches when steps end."""

    every = 10

    def __init__(self) -> None:
        self.ended: list[float] = []

    def stepped(self, progress: Progress) -> None:
        self.ended.append(time.perf_counter())


class Ready:
    """A feed of one batch, again and again."""

    def batch(self, stage: Stage, step: int) -> Batch:
        return Batch(pairs=PairedBatch([IMAGE, IMAGE]))

    def epoch(self, stage: Stage) -> int:
        return 1


def stepping(rounds: int) -> list[float]:
    trainer, stage, took = Trainer(Empty(Task.parse("ms12ms1"), Config()), TrainSettings()), Duel(), []
    trainer.prepare(stage)
    for _ in range(WARM + rounds):
        began = time.perf_counter()
        trainer.step(stage, Batch(pairs=PairedBatch([IMAGE, IMAGE])))
        took.append(time.perf_counter() - began)
    return took[WARM:]


def looping(rounds: int) -> list[float]:
    clock = Clock()
    settings = TrainSettings(steps=WARM + rounds)
    Trainer(Empty(Task.parse("ms12ms1"), Config()), settings, watchers=[clock]).train(Ready())
    return [after - before for before, after in zip(clock.ended[WARM:], clock.ended[WARM + 1 :], strict=False)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=1000)
    given = parser.parse_args()
    for name, took in (("step", stepping(given.rounds)), ("loop", looping(given.rounds))):
        print(f"{name}: {1e3 * median(took):.3f} ms an iteration, median ({1e3 * min(took):.3f} at least)")


if __name__ == "__main__":
    main()
