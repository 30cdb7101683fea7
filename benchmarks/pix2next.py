"""Pix2Next, ours against the released code: forward passes, training steps with their memory, and what presets cost.

python benchmarks/pix2next.py --reference DIR [--what forward step presets] [--size 256] [--batch 1] [--rounds 5]

DIR is a clone of the released code (Yonsei-STL/pix2next, c95c865), which is always fp32. Both take turns; ratios are of
medians. Seconds of the processor, over all threads, stand beside those of the clock: they tell a slow program from a
busy machine. `floor` is what the operations alone would take at the speed of one large convolution on this machine.

forward: in one process, the same weights, every one of them drawn anew; how far images are apart is told.
step: by our trainer and the preset `official`, against the released loop with its losses, VGG-19 with random weights
among them. Each side has a process of its own, so its peak of memory is its own; `before` is that of its imports.
presets: parameters and operations, which need no reference.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import IO, Any

import torch
from pix2next_equivalence import Case, module, official_generator, redrawn, relative, stand_in
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode
from torchvision.models import vgg19

from spectra import Batch, Task
from spectra.losses.ssim import Ssim
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.precision import computing
from spectra.training.trainer import Trainer
from spectra_pix2next import Pix2Next
from spectra_pix2next.presets import PRESETS
from spectra_pix2next.settings import Settings

TYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
Taken = tuple[float, float]
"""Seconds of the clock and of the processor."""


def timed(work: Callable[[], object], device: torch.device) -> Taken:
    synchronise(device)
    clock, processor = time.perf_counter(), time.process_time()
    work()
    synchronise(device)
    return time.perf_counter() - clock, time.process_time() - processor


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def in_turns(sides: Mapping[str, Callable[[], Taken]], rounds: int, warm: int) -> dict[str, list[Taken]]:
    taken: dict[str, list[Taken]] = {name: [] for name in sides}
    for turn in range(warm + rounds):
        for name, side in sides.items():
            seconds = side()
            if turn >= warm:
                taken[name].append(seconds)
    return taken


def cells(taken: Mapping[str, Sequence[Taken]], own: str) -> list[str]:
    """Of the clock and of the processor: ours, the official's, the ratio of their medians."""
    told = []
    for kind in (0, 1):
        ours, official = ([one[kind] for one in taken[name]] for name in (own, "official"))
        told += [spread(ours), spread(official), f"{median(ours) / median(official):.2f}×"]
    return told


def spread(seconds: Sequence[float]) -> str:
    return f"{median(seconds):.2f} ({min(seconds):.2f}–{max(seconds):.2f})"


def ceiling(precision: str, device: torch.device) -> float:
    """Operations a second of a 3×3 convolution of 256 channels at 128×128, the best of five."""
    x = torch.randn(1, 256, 128, 128, device=device, dtype=TYPES[precision]).contiguous(
        memory_format=torch.channels_last
    )
    kernel = torch.randn(256, 256, 3, 3, device=device, dtype=TYPES[precision])
    with torch.inference_mode():
        taken = [timed(lambda: functional.conv2d(x, kernel, padding=1), device)[0] for _ in range(6)]
    return 2 * 9 * 256 * 256 * 128 * 128 / min(taken[1:])


def operations(network: nn.Module, given: argparse.Namespace) -> float:
    """Of a forward pass, counted without computing it."""
    with FlopCounterMode(display=False) as seen, torch.inference_mode():
        network.to("meta")(torch.empty(given.batch, 3, given.size, given.size, device="meta"))
    return float(seen.get_total_flops())


def settings_of(preset: str, width: int | None = None) -> Settings:
    return Settings.model_validate({**PRESETS[preset]["settings"], **({"width": width} if width else {})})


def released(given: argparse.Namespace) -> nn.Module:
    folder = given.reference.resolve()
    case = Case("speed", given.width, (given.size, given.size), given.batch)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(folder):
        network: nn.Module = official_generator(folder, case)
    return network


def forward(given: argparse.Namespace) -> Iterator[list[str]]:
    yield ["forward", *three("s"), *three("s of the processor"), "floor, s", "relative L2"]
    device = torch.device(given.device)
    reference = released(given).eval()
    redrawn(reference)
    ours: nn.Module = Pix2Next.import_official(reference.state_dict(), Task.parse("rgb2rgb")).translator.get_submodule(
        "generator"
    )
    reference.to(device)
    ours.to(device).eval()
    source = 2 * torch.rand(given.batch, 3, given.size, given.size, device=device) - 1
    images: dict[str, Tensor] = {}

    @torch.inference_mode()
    def translate(name: str, network: nn.Module, precision: str) -> Taken:
        with computing(precision, device):  # type: ignore[arg-type]
            return timed(lambda: images.update({name: network(source)}), device)

    sides = {"official": lambda: translate("official", reference, "fp32")}
    sides |= {name: (lambda name=name: translate(name, ours, name)) for name in given.precision}
    taken = in_turns(sides, given.rounds, warm=1)
    apart = {name: relative(images[name], images["official"]) for name in given.precision}
    count = operations(ours, given)
    for name in given.precision:
        floor = f"{count / ceiling(name, device):.2f} ({count / 1e9:.0f} GFLOP)"
        yield [f"{given.size}², batch {given.batch}, {name}", *cells(taken, name), floor, f"{apart[name]:.1e}"]


def three(kind: str) -> list[str]:
    return [f"ours, {kind}", f"official, {kind}", "ratio"]


class Side:
    """One side in a process of its own: it takes a step whenever a line comes, and answers with its seconds."""

    def __init__(self, side: str, precision: str, given: argparse.Namespace) -> None:
        told = {name: getattr(given, name) for name in ("reference", "size", "batch", "width", "device")}
        command = [sys.executable, __file__, "--side", side, "--precision", precision]
        command += [word for name, value in told.items() for word in (f"--{name}", str(value))]
        command += ["--recompute"] if given.recompute else []
        threads = {"OMP_NUM_THREADS": str(torch.get_num_threads())}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, **threads}
        )

    def asked(self, word: str) -> tuple[float, float]:
        questions, answers = _pipe(self.process.stdin), _pipe(self.process.stdout)
        questions.write(f"{word}\n")
        questions.flush()
        if not (answer := answers.readline()):
            raise SystemExit("A side has ended before its time: its message stands above.")
        one, other = map(float, answer.split())
        return one, other

    def end(self) -> None:
        _pipe(self.process.stdin).close()
        self.process.wait()


def _pipe(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe


def step(given: argparse.Namespace) -> Iterator[list[str]]:
    yield ["step", *three("s"), *three("s of the processor"), *three("GB"), "floor of its generator, s"]
    with torch.device("meta"):
        count = 3 * operations(Pix2Next(Task.parse("rgb2nir"), settings_of("official", given.width)).generator, given)
    for precision in given.precision:
        sides = {"ours": Side("ours", precision, given), "official": Side("official", "fp32", given)}
        asking = {name: (lambda side=side: side.asked("step")) for name, side in sides.items()}
        taken = in_turns(asking, given.rounds, warm=2)
        memory = {name: side.asked("memory") for name, side in sides.items()}
        for side in sides.values():
            side.end()
        held = [f"{memory[name][1]:.2f} ({memory[name][0]:.2f} before)" for name in sides]
        share = memory["ours"][1] / memory["official"][1]
        floor = f"{count / ceiling(precision, torch.device(given.device)):.1f}"
        name = f"{given.size}², batch {given.batch}, {precision}"
        yield [name, *cells(taken, "ours"), *held, f"{share:.2f}×", floor]


def serve(given: argparse.Namespace) -> None:
    """What a side's process does."""
    device, before = torch.device(given.device), resident()
    torch.manual_seed(0)
    work = (ours if given.side == "ours" else theirs)(given, device)
    source = torch.rand(given.batch, 3, given.size, given.size, device=device)
    target = torch.rand(given.batch, 1, given.size, given.size, device=device)
    for line in sys.stdin:
        if line.strip() == "memory":
            print(
                before, torch.cuda.max_memory_allocated() / 2**30 if device.type == "cuda" else resident(), flush=True
            )
        else:
            print(*timed(lambda: work(source, target), device), flush=True)


def ours(given: argparse.Namespace, device: torch.device) -> Callable[[Tensor, Tensor], object]:
    preset = PRESETS["official"]
    translator = Pix2Next(Task.parse("rgb2nir"), settings_of("official", given.width)).to(device)
    said = dict(preset["losses"]["ssim"])
    ssim = (float(said.pop("weight")), Ssim(Ssim.Settings(**said)))
    train = TrainSettings.model_validate(
        {"lr": 1e-4, "betas": (0.5, 0.999), "precision": given.precision[0], "recompute": given.recompute}
    )
    trainer = Trainer(translator, train, {"ssim": ssim[::-1]}, preset["weights"])
    (stage,) = translator.stages()
    trainer.prepare(stage)
    translator.train()
    return lambda source, target: trainer.step(stage, Batch(pairs=PairedBatch([source, target])))


def theirs(given: argparse.Namespace, device: torch.device) -> Callable[[Tensor, Tensor], object]:
    generator = released(given).to(device).train()
    judge = released_judge(device).to(device).train()
    players = [torch.optim.Adam(net.parameters(), lr=1e-4, betas=(0.5, 0.999)) for net in (generator, judge)]

    def step(source: Tensor, target: Tensor) -> None:
        source, target = 2 * source - 1, 2 * target.repeat(1, 3, 1, 1) - 1
        told = judge(source, target, generator(source))
        of_generator = sum(told[f"loss_G_{name}"] for name in ("GAN", "GAN_Feat", "VGG", "SSIM"))
        of_judge = (told["loss_D_fake"] + told["loss_D_real"]) / 2
        for loss, player in zip((of_generator, of_judge), players, strict=True):
            player.zero_grad()
            loss.backward()
            player.step()
        _ = [float(value) for value in told.values()]

    return step


def released_judge(device: torch.device) -> nn.Module:
    """The discriminator with all its losses; VGG-19 is not downloaded, as its weights cost nothing."""
    source: Any = module("UNET.models.discriminator")
    source.vgg19.to = lambda self, place: self
    source.models = SimpleNamespace(vgg19=lambda weights: vgg19())
    judge: nn.Module = source.Discriminator()
    judge.gan_loss.Tensor = lambda size: torch.empty(size, device=device)  # type: ignore[union-attr]
    return judge


def resident() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def presets(given: argparse.Namespace) -> Iterator[list[str]]:
    yield ["preset", "parameters of the generator", "GFLOP", "of `paper`"]
    counts = {}
    for preset in PRESETS:
        with torch.device("meta"):
            network = Pix2Next(Task.parse("rgb2nir"), settings_of(preset)).generator
        parameters = sum(parameter.numel() for parameter in network.parameters())
        counts[preset] = operations(network, given) / 1e9
        share = f"1/{counts['paper'] / counts[preset]:.1f}"
        yield [f"`{preset}`", f"{parameters:,}", f"{counts[preset]:,.2f}", share]


TABLES = {"forward": forward, "step": step, "presets": presets}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, help="folder of a clone of the released code")
    parser.add_argument("--what", nargs="+", choices=list(TABLES), default=list(TABLES))
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--precision", nargs="+", choices=list(TYPES), default=list(TYPES), help="of ours")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--width", type=int, default=128, help="of both generators; 128 is the released")
    parser.add_argument("--recompute", action="store_true", help="`train.recompute` of ours")
    parser.add_argument("--side", choices=["ours", "official"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.reference:
        stand_in(given.reference.resolve())
    elif set(given.what) != {"presets"}:
        parser.error("forward and step need --reference, a clone of the released code")
    if given.side:
        serve(given)
        return
    for what in given.what:
        for number, row in enumerate(TABLES[what](given)):
            print(f"| {' | '.join(row)} |", flush=True)
            if not number:
                print("|---" * len(row) + "|", flush=True)
        print(flush=True)


if __name__ == "__main__":
    main()
