"""One training step of pix2pixHD, ours against the official code's: the ratio of medians, in turns, and peak memory.

python benchmarks/step_pix2pixhd.py --reference DIR [--size 256] [--batch 1 4] [--precision fp32 bf16] [--rounds 5]

The official global network and losses: generator 64/4/9, discriminator at two scales, feature matching, VGG-19 (random
weights on both sides), two Adam. Each side has a process of its own, which waits while the other takes its step: so its
peak of memory is its own. `before` is what it held when all was imported. The official side is always fp32. Seconds of
the processor, over all threads, stand beside those of the clock: they tell a slow program from a busy machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import IO

import torch
from equivalence_pix2pixhd import Case, Reference, made_vgg
from torch import Tensor

from spectra import Batch, Task
from spectra.losses.vgg import Vgg
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.trainer import Trainer
from spectra_pix2pixhd import Pix2PixHD, Settings

WARM = 2
Step = Callable[[Tensor, Tensor], object]


class Side:
    """One side in a process of its own: it takes a step whenever a line comes, and answers with its seconds."""

    def __init__(self, given: argparse.Namespace, side: str, precision: str, batch: int) -> None:
        command = [sys.executable, __file__, "--reference", str(given.reference), "--size", str(given.size)]
        command += ["--side", side, "--precision", precision, "--batch", str(batch), "--device", given.device]
        command += ["--width", str(given.width), *(["--channels-last"] if given.channels_last else [])]
        command += ["--compile"] if given.compile else []
        environment = {**os.environ, "OMP_NUM_THREADS": str(given.threads)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )

    def step(self) -> tuple[float, float]:
        """Seconds of the clock, and of the processor."""
        clock, processor = map(float, self._asked("step").split())
        return clock, processor

    def memory(self) -> tuple[float, float]:
        """Gigabytes before there was a network, and at the most."""
        before, peak = map(float, self._asked("memory").split())
        return before, peak

    def end(self) -> None:
        _pipe(self.process.stdin).close()
        self.process.wait()

    def _asked(self, word: str) -> str:
        questions = _pipe(self.process.stdin)
        questions.write(f"{word}\n")
        questions.flush()
        answer = _pipe(self.process.stdout).readline()
        if not answer:
            raise SystemExit("A side has ended before its time: its message stands above.")
        return answer


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def serve(given: argparse.Namespace) -> None:
    """What a side's process does."""
    device = torch.device(given.device)
    before = resident()
    torch.manual_seed(0)
    case = Case("step", given.size, {"width": given.width, "discriminator_width": given.width}, batch=given.batch[0])
    with made_vgg():
        step = ours(case, given) if given.side == "ours" else theirs(case, given)
    source, target = (torch.rand(case.batch, 3, case.size, case.size, device=device) for _ in range(2))
    for line in sys.stdin:
        if line.strip() == "memory":
            print(before, peak(device), flush=True)
            continue
        synchronise(device)
        clock, processor = time.perf_counter(), time.process_time()
        step(source, target)
        synchronise(device)
        print(time.perf_counter() - clock, time.process_time() - processor, flush=True)


def ours(case: Case, given: argparse.Namespace) -> Step:
    translator = Pix2PixHD(Task.parse("rgb2rgb"), Settings.model_validate(case.settings)).to(given.device)
    settings = TrainSettings.model_validate(
        {"precision": given.precision[0], "channels_last": given.channels_last, "compile": given.compile}
    )
    trainer = Trainer(translator, settings, {"vgg": (Vgg(Vgg.Settings()), 10.0)})
    (stage,) = translator.stages()
    trainer.prepare(stage)
    return lambda source, target: trainer.step(stage, Batch(pairs=PairedBatch([source, target])))


def theirs(case: Case, given: argparse.Namespace) -> Step:
    with made_vgg() as vgg:
        reference = Reference(given.reference, case, vgg, kept=False)
    reference.to(given.device)
    return lambda source, target: reference.step(2 * source - 1, 2 * target - 1)


def resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def peak(device: torch.device) -> float:
    return torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else resident()


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize()


def compare(given: argparse.Namespace, precision: str, batch: int) -> Sequence[str]:
    sides = {"ours": Side(given, "ours", precision, batch), "official": Side(given, "official", "fp32", batch)}
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    for turn in range(WARM + given.rounds):
        for name, side in sides.items():
            seconds = side.step()
            if turn >= WARM:
                took[name].append(seconds)
    memory = {name: side.memory() for name, side in sides.items()}
    for side in sides.values():
        side.end()
    cells = [f"{given.size}², batch {batch}, {precision}"]
    for kind in (0, 1):
        own, other = ([one[kind] for one in took[name]] for name in ("ours", "official"))
        cells += [_spread(own), _spread(other), f"{median(own) / median(other):.2f}×"]
    (before, most), (official_before, official_most) = memory["ours"], memory["official"]
    cells += [f"{most:.2f} ({before:.2f} before)", f"{official_most:.2f} ({official_before:.2f} before)"]
    return (*cells, f"{most / official_most:.2f}×")


def _spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.3f} ({min(seconds):.3f}–{max(seconds):.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="folder of a clone of the official code")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, nargs="+", default=[1, 4])
    parser.add_argument("--precision", nargs="+", default=["fp32", "bf16"], help="of ours; the official is fp32")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--width", type=int, default=64, help="of both networks; 64 is the official")
    parser.add_argument("--channels-last", action="store_true", help="`train.channels_last` of ours")
    parser.add_argument("--compile", action="store_true", help="`train.compile` of ours")
    parser.add_argument("--side", choices=["ours", "official"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.side:
        serve(given)
        return
    kinds = ("s", "s of the processor", "GB")
    print("| step | " + " | ".join(f"ours, {kind} | official, {kind} | ratio" for kind in kinds) + " |")
    print("|---" * 10 + "|", flush=True)
    for precision in given.precision:
        for batch in given.batch:
            print(f"| {' | '.join(compare(given, precision, batch))} |", flush=True)


if __name__ == "__main__":
    main()
