"""MPFNet's last stage against a straightforward loop, and its L_mix against kornia's: medians, in turns.

python benchmarks/mpfnet.py [--what step mix] [--size 256] [--batch 10] [--width 64] [--precision fp32 bf16]
    [--rounds 5] [--device cpu]

step: the same networks with the same weights. The loop is what one would write first: torch's own instance and spectral
norms, attention with the parts that torch has, each Gaussian a convolution of 33×33, all graphs whole, discriminators
shown the fakes again, Adam as it comes; in bf16, networks under autocast, and the same loop in fp32 besides. Before any
time is taken, the terms of the first step of both are compared. Peaks of memory are told on a GPU alone, as all sides
have one process.
mix: values first, of whole windows only, as kornia pads with zeros; then forward and backward as each of them is used.
kornia 0.9 or later is needed for this part (earlier ones paired channels with the wrong Gaussians): pip install kornia.
"""

from __future__ import annotations

import argparse
import copy
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from statistics import median
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils import parametrizations

from spectra import Batch, ImagePool, Task
from spectra.losses.mix import Mix
from spectra.metrics.windows import gaussian
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.trainer import Trainer
from spectra_mpfnet import MPFNet, Settings
from spectra_mpfnet.coordinate_attention import CoordinateAttention
from spectra_mpfnet.discriminator import SpectralConvolution
from spectra_mpfnet.feature_norm import FeatureNorm

WARM = 2
SIGMAS = (0.5, 1.0, 2.0, 4.0, 8.0)
NETWORKS = ("there", "back", "color", "of_source", "of_grey", "of_colour")
Work = Callable[[], object]


class PlainAttention(nn.Module):
    """Coordinate attention of torch's own layers, and the sum that it is used in."""

    def __init__(self, ours: CoordinateAttention) -> None:
        super().__init__()
        self.shared, self.rows, self.columns = (_pixel(each) for each in (ours.shared, ours.rows, ours.columns))
        self.norm = copy.deepcopy(ours.norm)

    def forward(self, x: Tensor, onto: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        lines = torch.cat([x.mean(3, keepdim=True), x.mean(2, keepdim=True).transpose(2, 3)], 2)
        inner = functional.hardswish(self.norm(self.shared(lines)))
        rows, columns = inner.split([height, width], 2)
        gate: Tensor = self.rows(rows).sigmoid() * self.columns(columns.transpose(2, 3)).sigmoid()
        return onto + x * gate


def _pixel(ours: nn.Linear) -> nn.Conv2d:
    layer = nn.Conv2d(ours.in_features, ours.out_features, 1)
    layer.weight.data = ours.weight.detach().clone()[..., None, None]
    layer.bias.data = ours.bias.detach().clone()
    return layer


def _spectral(ours: SpectralConvolution) -> nn.Module:
    weight = ours.weight
    layer = nn.Conv2d(weight.shape[1], weight.shape[0], 4, ours.stride, ours.padding)  # type: ignore[arg-type]
    layer.load_state_dict({"weight": weight.detach(), "bias": ours.bias.detach()})
    made = parametrizations.spectral_norm(layer)
    made.parametrizations.weight[0]._u.copy_(ours.left)
    made.parametrizations.weight[0]._v.copy_(ours.right)
    return made


def plain(network: nn.Module) -> nn.Module:
    """A copy of torch's own parts."""
    made = copy.deepcopy(network)
    for parent in list(made.modules()):
        for name, part in list(parent.named_children()):
            if isinstance(part, CoordinateAttention):
                setattr(parent, name, PlainAttention(part))
            elif isinstance(part, SpectralConvolution):
                setattr(parent, name, _spectral(part))
            elif isinstance(part, FeatureNorm):
                setattr(parent, name, nn.InstanceNorm2d(part.channels))
    return made


def plain_mix(prediction: Tensor, target: Tensor, alpha: float = 0.84) -> Tensor:
    """L_mix as its formula has it, each Gaussian by one convolution."""
    channels, product = prediction.shape[1], torch.ones(())
    window = min(33, 2 * prediction.shape[-1] - 1)
    for sigma in SIGMAS:
        half = gaussian(window, sigma)
        line = torch.tensor([*half[:0:-1], *half], dtype=prediction.dtype, device=prediction.device)
        kernel = torch.outer(line, line).expand(channels, 1, len(line), len(line))

        def mean(x: Tensor, kernel: Tensor = kernel) -> Tensor:
            border = (kernel.shape[-1] // 2,) * 4
            return functional.conv2d(functional.pad(x, border, mode="reflect"), kernel, groups=channels)

        one, other = mean(prediction), mean(target)
        variances = mean(prediction**2) - one**2 + mean(target**2) - other**2
        covariance = mean(prediction * target) - one * other
        product = product * (2 * covariance + 0.03**2) / (variances + 0.03**2)
    luminance = (2 * one * other + 0.01**2) / (one**2 + other**2 + 0.01**2)
    error = mean((prediction - target).abs())
    return (alpha * (1 - luminance * product) + (1 - alpha) * error).mean()


class Loop:
    """The last stage, as one would write it."""

    def __init__(self, stage: Any, precision: str, device: torch.device) -> None:
        self.nets = {name: plain(getattr(stage, name)).to(device).train() for name in NETWORKS}
        learning = [p for name in ("there", "back", "color") for p in self.nets[name].parameters() if p.requires_grad]
        self.adam = torch.optim.Adam(learning, 6e-5, (0.5, 0.999))
        self.judges = {
            name: torch.optim.Adam(self.nets[name].parameters(), 6e-5, (0.5, 0.999))
            for name in ("of_grey", "of_source", "of_colour")
        }
        self.pools = {name: ImagePool(50) for name in self.judges}
        half = precision == "bf16"
        self.computing = lambda: torch.autocast(device.type, torch.bfloat16) if half else nullcontext()

    def step(self, source: Tensor, target: Tensor, colour: Tensor) -> dict[str, float]:
        x, c, nets = 2 * source - 1, 2 * colour - 1, self.nets
        grey = 0.299 * c[:, :1] + 0.587 * c[:, 1:2] + 0.114 * c[:, 2:]
        with self.computing():
            with torch.no_grad():
                real = nets["color"](grey)[-1]
            made_grey, made_source = nets["there"](x)[-1], nets["back"](grey)[-1]
            colours = nets["color"](made_grey)
            terms = {
                "adversarial_colour": ((nets["of_colour"](colours[-1]).float() - 1) ** 2).mean(),
                "adversarial_grey": ((nets["of_grey"](made_grey).float() - 1) ** 2).mean(),
                "adversarial_source": ((nets["of_source"](made_source).float() - 1) ** 2).mean(),
                "cycle_source": functional.l1_loss(nets["back"](made_grey)[-1], x),
                "cycle_grey": functional.l1_loss(nets["there"](made_source)[-1], grey),
                "identity_grey": functional.l1_loss(nets["there"](grey)[-1], grey),
                "identity_source": functional.l1_loss(nets["back"](x)[-1], x),
            }
        sizes = [target.shape[-1] // each.shape[-1] for each in colours]
        wanted = [functional.avg_pool2d(target, size) for size in sizes]
        pairs = zip(colours, wanted, strict=True)
        terms["colour"] = torch.stack([plain_mix((each.float() + 1) / 2, known) for each, known in pairs]).sum()
        self.adam.zero_grad()
        torch.stack(list(terms.values())).sum().backward()
        self.adam.step()
        for name, known, fake in (
            ("of_grey", grey, made_grey), ("of_source", x, made_source), ("of_colour", real, colours[-1])
        ):  # fmt: skip
            self._judge(name, known, fake.detach())
        return {name: float(value.detach()) for name, value in terms.items()}

    def _judge(self, name: str, real: Tensor, fake: Tensor) -> None:
        judge, pooled = self.nets[name], self.pools[name](fake)
        with self.computing():
            lost = ((judge(real).float() - 1) ** 2).mean() / 2 + (judge(pooled).float() ** 2).mean() / 2
        self.judges[name].zero_grad()
        lost.backward()
        self.judges[name].step()


def ours(settings: Settings, precision: str, device: torch.device) -> tuple[Trainer, Any]:
    translator = MPFNet(Task.parse("nir2rgb"), settings).to(device)
    (stage,) = [each for each in translator.stages() if each.name == "joint"]
    trainer = Trainer(translator, TrainSettings.model_validate({"lr": 6e-5, "precision": precision}))
    trainer.prepare(stage)
    return trainer, stage


def step(given: argparse.Namespace, precision: str) -> None:
    device = torch.device(given.device)
    torch.manual_seed(0)
    depths = (2, 3, 4) if given.size >= 64 else (1, 1, 2)
    settings = Settings(width=given.width, depths=depths, discriminator_width=given.width)
    trainer, stage = ours(settings, precision, device)
    loop = Loop(stage, precision, device)
    others = {"loop": loop} if precision == "fp32" else {"loop": loop, "fp32 loop": Loop(stage, "fp32", device)}
    shapes = [(given.batch, channels, given.size, given.size) for channels in (1, 3, 3)]
    source, target, colour = (torch.rand(shape, device=device) for shape in shapes)
    batch = Batch(pairs=PairedBatch([source, target]), colour=colour)

    def stepping(loop: Loop) -> Work:
        return lambda: loop.step(source, target, colour)

    told, expected = trainer.step(stage, batch)["networks"], loop.step(source, target, colour)
    apart = {name: abs(told[name] - value) / max(abs(value), 1e-6) for name, value in expected.items()}
    worst = max(apart, key=apart.__getitem__)
    print(f"step {precision}: terms of the first step are at most {apart[worst]:.1e} apart ({worst})")
    compare(
        f"step {precision} {given.batch}×{given.size}×{given.size} width {given.width}",
        {"ours": lambda: trainer.step(stage, batch), **{name: stepping(each) for name, each in others.items()}},
        given.rounds,
        device,
    )


def mix(given: argparse.Namespace) -> None:
    from kornia.losses import MS_SSIMLoss

    device = torch.device(given.device)
    torch.manual_seed(0)
    for alpha in (0.0, 1.0, 0.84):
        print(f"mix α {alpha}: {mix_apart(alpha):.1e} apart from kornia")
    theirs = MS_SSIMLoss(sigmas=list(SIGMAS), alpha=0.84, compensation=1.0).to(device)
    own = Mix(Mix.Settings())
    target = torch.rand(given.batch, 3, given.size, given.size, device=device)
    shown = torch.rand_like(target).requires_grad_()

    def learned(loss: Callable[[Tensor, Tensor], Tensor]) -> Work:
        return lambda: torch.autograd.grad(loss(shown, target), shown)

    named = f"mix {given.batch}×3×{given.size}×{given.size}, forward and backward"
    compare(named, {"ours": learned(own), "kornia": learned(theirs)}, given.rounds, device)


def mix_apart(alpha: float) -> float:
    """The difference of values, over pixels whose windows are whole: kornia pads with zeros."""
    from kornia.losses import MS_SSIMLoss

    torch.manual_seed(1)
    target = torch.rand(2, 3, 48, 48, dtype=torch.float64)
    shown = (target + 0.2 * torch.randn_like(target)).clamp(0, 1)
    theirs = MS_SSIMLoss(sigmas=list(SIGMAS), alpha=alpha, compensation=1.0, reduction="none").double()
    own = Mix(Mix.Settings(alpha=alpha, padding="valid"))(shown, target)
    return float((own - theirs(shown, target)[..., 16:-16, 16:-16].mean()).abs())


def compare(named: str, sides: Mapping[str, Work], rounds: int, device: torch.device) -> None:
    took: dict[str, list[tuple[float, float]]] = {name: [] for name in sides}
    peaks: dict[str, float] = {}
    for turn in range(WARM + rounds):
        for name, work in sides.items():
            seconds, peaks[name] = timed(work, device)
            if turn >= WARM:
                took[name].append(seconds)
    clocks, processors = ({name: median(s[place] for s in took[name]) for name in sides} for place in (0, 1))
    own, *others = sides
    memory = {name: f", {peak:.2f} GiB" if device.type == "cuda" else "" for name, peak in peaks.items()}
    print(f"{named}: {own} {clocks[own]:.3f} s (processor {processors[own]:.3f}{memory[own]})")
    for other in others:
        print(
            f"    {other} {clocks[other]:.3f} s (processor {processors[other]:.3f}{memory[other]}), "
            f"ratio {clocks[own] / clocks[other]:.2f} (processor {processors[own] / processors[other]:.2f})",
            flush=True,
        )


def timed(work: Work, device: torch.device) -> tuple[tuple[float, float], float]:
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.synchronize()
        torch.cuda.reset_peak_memory_stats()
    clock, processor = time.perf_counter(), time.process_time()
    work()
    if cuda:
        torch.cuda.synchronize()
    peak = torch.cuda.max_memory_allocated() / 2**30 if cuda else 0.0
    return (time.perf_counter() - clock, time.process_time() - processor), peak


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--what", nargs="+", choices=["step", "mix"], default=["step", "mix"])
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=10)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--precision", nargs="+", choices=["fp32", "bf16"], default=["fp32", "bf16"])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args(arguments)
    if "step" in given.what:
        for precision in given.precision:
            step(given, precision)
    if "mix" in given.what:
        mix(given)


if __name__ == "__main__":
    main()
