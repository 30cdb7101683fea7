"""Ours against the official pix2pixHD: same weights, same batch; a table of the largest differences.

python benchmarks/equivalence_pix2pixhd.py --reference DIR

DIR is a clone of the official code (NVIDIA/pix2pixHD, 14b3b3c). It is used as it is, on today's torch and without CUDA;
VGG-19 has random weights, the same on both sides. fp32: the forward pass, every map of the discriminator and each loss.
float64: losses, gradients, and weights after three steps, and with local enhancers three more after the global
generator is set free. Biases in front of an instance norm have no effect and no gradient but rounding: left out.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from against import default, name_of, row, words
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from spectra import Batch, Stage, Task, weights
from spectra.losses.vgg import Vgg
from spectra.recipe.schedule import Schedule
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.schedules import Position, rate
from spectra.training.trainer import Trainer
from spectra_pix2pixhd import Pix2PixHD, Settings

BOUNDS = {torch.float32: 1e-5, torch.float64: 1e-8}
STEPS = 3
LOSSES = ("G_GAN", "G_GAN_Feat", "G_VGG", "D_real", "D_fake")


@dataclass(frozen=True)
class Case:
    """One configuration of both."""

    name: str
    size: int
    settings: Mapping[str, Any]
    batch: int = 1
    channels: tuple[int, int] = (3, 3)


TINY = {"width": 8, "downs": 2, "blocks": 2, "discriminator_width": 8}
MIDDLE = {"width": 32, "downs": 4, "blocks": 9, "discriminator_width": 64}
LOCAL = {"generator": "local", "fix_global": True, "scales": 3}
CASES = (
    Case("global, tiny", 32, TINY, batch=2),
    Case("global, tiny, 1 to 3 channels", 32, TINY, channels=(1, 3)),
    Case("global, tiny, batch norm", 32, {**TINY, "norm": "batch"}, batch=2),
    Case("global, middle", 128, MIDDLE),
    Case("local, tiny", 64, {**TINY, **LOCAL}, batch=2),
    Case("local, two enhancers, tiny", 64, {**TINY, **LOCAL, "enhancers": 2, "local_blocks": 1}),
    Case("local, middle", 128, {**MIDDLE, **LOCAL, "width": 16}),
)


class Reference:
    """The official model of a case, in the precision of the moment; what it prints is not shown."""

    def __init__(self, folder: Path, case: Case, vgg: Mapping[str, Tensor], kept: bool = True) -> None:
        """``kept``: a step returns copies of its gradients."""
        self.kept = kept
        networks, module = official_modules(folder)
        networks.models = SimpleNamespace(vgg19=lambda **_: SimpleNamespace(features=official_features(vgg)))
        module.Variable = lambda tensor, **_: tensor
        self.model = module.Pix2PixHDModel()
        with contextlib.redirect_stdout(io.StringIO()):
            self.model.initialize(official_options(case))

    def to(self, device: str) -> None:
        for net in (self.model.netG, self.model.netD, self.model.criterionVGG.vgg):
            net.to(device)
        self.model.criterionGAN.Tensor = torch.cuda.FloatTensor if device != "cpu" else torch.Tensor

    def maps(self, source: Tensor, image: Tensor) -> list[Tensor]:
        scales: list[list[Tensor]] = self.model.netD.forward(torch.cat([source, image], 1))
        return [one for scale in scales for one in scale]

    def step(self, source: Tensor, target: Tensor) -> tuple[dict[str, float], dict[str, Tensor], dict[str, Tensor]]:
        """Losses, and the gradients that each network learns from."""
        values, _ = self.model(source, None, target, None)
        losses = dict(zip(self.model.loss_names, values, strict=True))
        self.model.optimizer_G.zero_grad()
        (losses["G_GAN"] + losses["G_GAN_Feat"] + losses["G_VGG"]).backward()
        generator = gradients(self.model.netG) if self.kept else {}
        self.model.optimizer_G.step()
        self.model.optimizer_D.zero_grad()
        ((losses["D_fake"] + losses["D_real"]) / 2).backward()
        discriminator = gradients(self.model.netD) if self.kept else {}
        self.model.optimizer_D.step()
        return {name: float(value.detach()) for name, value in losses.items()}, generator, discriminator


class Ours:
    """Our translator with the reference's weights, carried by the trainer."""

    def __init__(self, case: Case, reference: Reference, dtype: torch.dtype) -> None:
        source, target = case.channels
        task = Task.parse(f"ms{source}2ms{target}")
        self.translator = Pix2PixHD(task, Settings(**case.settings)).to(dtype)
        self.translator.generator.load_state_dict(reference.model.netG.state_dict())
        self.stages = self.translator.stages()
        self.discriminator: nn.Module = vars(self.stages[0])["discriminator"]
        self.discriminator.to(dtype).load_state_dict(reference.model.netD.state_dict())
        vgg = Vgg(Vgg.Settings()).to(dtype)
        self.trainer = Trainer(self.translator, TrainSettings(), {"vgg": (vgg, 10.0)})
        self.stage: Stage = self.stages[0]
        self.begin(self.stage)

    def begin(self, stage: Stage) -> None:
        self.stage = stage
        self.trainer.prepare(stage)

    def step(self, source: Tensor, target: Tensor) -> tuple[dict[str, float], dict[str, Tensor], dict[str, Tensor]]:
        seen: dict[int, Tensor] = {}

        def note(optimizer: torch.optim.Optimizer, *_: Any) -> None:
            held = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
            seen.update({id(parameter): parameter.grad.clone() for parameter in held})

        handle = register_optimizer_step_pre_hook(note)
        told = self.trainer.step(self.stage, Batch(pairs=PairedBatch([(source + 1) / 2, (target + 1) / 2])))
        handle.remove()
        one, other = told["generator"], told["discriminator"]
        values = (one["adversarial"], 10 * one["matching"], 10 * one["vgg"], other["real"], other["fake"])
        found = (
            {name: seen[id(parameter)] for name, parameter in net.named_parameters() if id(parameter) in seen}
            for net in (self.translator.generator, self.discriminator)
        )
        return dict(zip(LOSSES, values, strict=True)), *found  # type: ignore[return-value]


@dataclass
class Gaps:
    """The largest difference of each kind: relative for losses and gradients, and for other numbers above 1."""

    found: dict[str, float] = field(default_factory=dict)

    def add(self, kind: str, one: Tensor | float, other: Tensor | float, scale: float = 1.0) -> None:
        one, other = (torch.as_tensor(value, dtype=torch.float64).detach() for value in (one, other))
        gap = float((one - other).abs().max()) / max(scale, float(other.abs().max()))
        self.found[kind] = max(self.found.get(kind, 0.0), gap)

    def add_gradients(self, one: Mapping[str, Tensor], other: Mapping[str, Tensor], idle: set[str]) -> None:
        assert one.keys() == other.keys(), sorted(one.keys() ^ other.keys())
        for name in one.keys() - idle:
            self.add("gradients", one[name], other[name], scale=1e-30)


def compare(folder: Path, case: Case, dtype: torch.dtype) -> dict[str, float]:
    torch.manual_seed(0)
    with default(dtype), made_vgg() as vgg:
        reference = Reference(folder, case, vgg)
        ours = Ours(case, reference, dtype)
        gaps = Gaps()
        compare_forward(reference, ours, case, gaps)
        phases = ours.stages if dtype == torch.float64 else ours.stages[:1]
        for stage in phases:
            if stage is not ours.stage:
                reference.model.update_fixed_params()
                ours.begin(stage)
            compare_steps(reference, ours, case, gaps, STEPS if dtype == torch.float64 else 1)
    if dtype == torch.float32:  # weights after steps in fp32 say how Adam takes rounding, not what is computed
        gaps.found = {kind: gap for kind, gap in gaps.found.items() if kind in ("forward", "maps", "losses")}
    return gaps.found


def compare_forward(reference: Reference, ours: Ours, case: Case, gaps: Gaps) -> None:
    source, target = batch(case)
    with torch.no_grad():
        fake = reference.model.netG.forward(source)
        gaps.add("forward", 2 * ours.translator((source + 1) / 2) - 1, fake)
        for image in (fake, target):
            maps = [one for scale in ours.discriminator(torch.cat([source, image], 1)) for one in scale]
            for one, other in zip(maps, reference.maps(source, image), strict=True):
                gaps.add("maps", one, other)


def compare_steps(reference: Reference, ours: Ours, case: Case, gaps: Gaps, steps: int) -> None:
    nets = (reference.model.netG, reference.model.netD)
    idle = [idle_biases(net, case) for net in nets]
    for _ in range(steps):
        source, target = batch(case)
        wanted, found = reference.step(source, target), ours.step(source, target)
        for name in LOSSES:
            gaps.add("losses", found[0][name], wanted[0][name], scale=abs(wanted[0][name]))
        learning = {name for name in wanted[1] if name in found[1]}
        fixed = wanted[1].keys() - learning  # the official code computes these and does not use them
        assert not fixed or ours.stage.name == "fixed_global"
        gaps.add_gradients(found[1], {name: wanted[1][name] for name in learning}, idle[0])
        gaps.add_gradients(found[2], wanted[2], idle[1])
    for net, own, skipped in zip(nets, (ours.translator.generator, ours.discriminator), idle, strict=True):
        counted = net is reference.model.netG  # statistics of a discriminator: the official one sees each fake twice
        for name, tensor in (net.state_dict() if counted else dict(net.named_parameters())).items():
            if name not in skipped:
                gaps.add("weights", own.state_dict()[name], tensor)


def idle_biases(net: nn.Module, case: Case) -> set[str]:
    """Those in front of an instance norm; a batch norm hides its biases as well, while it learns."""
    shown = {key for key, tensor in net.state_dict().items() if key.endswith(".bias")}
    last = [max(shown, key=_layer_number)] if hasattr(net, "model") else []
    if not last:  # a discriminator: its first and last layers have no norm
        ends = f"_layer{case.settings.get('discriminator_layers', 3) + 1}."
        last = [key for key in shown if "_layer0." in key or ends in key]
    return {key for key in shown - set(last) if not _is_norm(net, key)}


def _is_norm(net: nn.Module, key: str) -> bool:
    return isinstance(net.get_submodule(key.rpartition(".")[0]), nn.BatchNorm2d)


def _layer_number(key: str) -> tuple[str, int]:
    """The outermost branch comes last, and in it the last layer."""
    branch, number, *_ = key.split(".")
    return branch, int(number)


def batch(case: Case) -> tuple[Tensor, Tensor]:
    source, target = (2 * torch.rand(case.batch, c, case.size, case.size) - 1 for c in case.channels)
    return source, target


def gradients(net: nn.Module) -> dict[str, Tensor]:
    return {name: p.grad.clone() for name, p in net.named_parameters() if p.grad is not None}


def official_modules(folder: Path) -> tuple[Any, Any]:
    """Its networks and its model; `.cuda()` does nothing, so that it runs where there is no GPU."""
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
        Tensor.cuda = nn.Module.cuda = lambda self, *_, **__: self  # type: ignore[method-assign,assignment]
    return importlib.import_module("models.networks"), importlib.import_module("models.pix2pixHD_model")


def official_options(case: Case) -> SimpleNamespace:
    """Its command line's defaults in the plain mode, image to image, and what the case says."""
    chosen = Settings(**case.settings)
    source, target = case.channels
    plain = {
        "gpu_ids": [],
        "isTrain": True,
        "label_nc": 0,
        "no_instance": True,
        "instance_feat": False,
        "verbose": False,
    }
    absent = {"label_feat": False, "load_features": False, "no_lsgan": False, "no_ganFeat_loss": False}
    others = {"no_vgg_loss": False, "continue_train": False, "load_pretrain": "", "which_epoch": "latest", "name": ""}
    return SimpleNamespace(
        **plain,
        **absent,
        **others,
        checkpoints_dir="",
        resize_or_crop="none",
        data_type=32,
        input_nc=source,
        output_nc=target,
        netG=chosen.generator,
        ngf=chosen.width,
        n_downsample_global=chosen.downs,
        n_blocks_global=chosen.blocks,
        n_local_enhancers=chosen.enhancers,
        n_blocks_local=chosen.local_blocks,
        niter_fix_global=int(chosen.fix_global),
        norm=chosen.norm,
        ndf=chosen.discriminator_width,
        n_layers_D=chosen.discriminator_layers,
        num_D=chosen.scales,
        lambda_feat=10.0,
        pool_size=0,
        lr=2e-4,
        beta1=0.5,
        niter=100,
        niter_decay=100,
    )


@contextlib.contextmanager
def made_vgg(seed: int = 0) -> Iterator[dict[str, Tensor]]:
    """VGG-19 with random weights under torchvision's names, which our loss finds meanwhile."""
    state: dict[str, Tensor] = {}
    generator = torch.Generator().manual_seed(seed)
    channels = 3
    for number, layer in enumerate(vgg_layers()):
        if isinstance(layer, nn.Conv2d):
            spread = (2 / (9 * channels)) ** 0.5
            drawn = torch.randn(layer.weight.shape, generator=generator, dtype=torch.float64) * spread
            state[f"features.{number}.weight"] = drawn.to(torch.get_default_dtype())
            state[f"features.{number}.bias"] = torch.zeros(layer.out_channels)
            channels = layer.out_channels
    kept, weights.load = weights.load, lambda name: state
    try:
        yield state
    finally:
        weights.load = kept


def vgg_layers() -> nn.Sequential:
    from torchvision.models import vgg19  # type: ignore[import-untyped]

    with torch.device("meta"):
        features: nn.Sequential = vgg19().features
    return features


def official_features(state: Mapping[str, Tensor]) -> nn.Sequential:
    features = vgg_layers()
    features.load_state_dict({key.removeprefix("features."): t for key, t in state.items()}, assign=True)
    return features


def compare_rates(folder: Path, constant: int, decay: int, fixed: int) -> tuple[int, list[str]]:
    """Both players' rates in every epoch, to the last digit; how many there were, and where they differ."""
    case = Case("", 32, {**TINY, **(LOCAL if fixed else {}), "width": 2, "discriminator_width": 2})
    with made_vgg() as vgg:
        reference = Reference(folder, case, vgg)
    model = reference.model
    model.opt.niter, model.opt.niter_decay = constant, decay
    schedule = Schedule.model_validate({"linear": {"constant": constant, "decay": decay}})
    epochs, wrong = constant + decay, []
    for epoch in range(1, epochs + 1):
        rates = {"generator": model.optimizer_G, "discriminator": model.optimizer_D}
        for player, optimizer in rates.items():
            own = rate(schedule, model.opt.lr, Position(epoch - 1, epochs, epoch - 1, epochs))
            if own != optimizer.param_groups[0]["lr"]:
                wrong.append(f"{player}, epoch {epoch}: {own!r}, not {optimizer.param_groups[0]['lr']!r}")
        if fixed and epoch == fixed:
            model.update_fixed_params()
        if epoch > constant:
            model.update_learning_rate()
    return 2 * epochs, wrong


def table(cases: Sequence[Case], found: Callable[[Case, torch.dtype], Mapping[str, float]]) -> bool:
    """Prints it; whether all gaps are within their bounds."""
    kinds = ("forward", "maps", "losses", "gradients", "weights")
    row(["networks", "numbers", *kinds, "bound"], first=True)
    held = True
    for case in cases:
        for dtype, bound in BOUNDS.items():
            gaps = found(case, dtype)
            held &= all(gap <= bound for gap in gaps.values())
            cells = [f"{gaps[kind]:.1e}" if kind in gaps else "" for kind in kinds]
            row([case.name, name_of(dtype), *cells, f"{bound:.0e}"])
    return held


def main() -> int:
    parser = words(__doc__)
    parser.add_argument("--only", default="", help="cases with this in their name")
    given = parser.parse_args()
    cases = [case for case in CASES if given.only in case.name]
    held = table(cases, lambda case, dtype: compare(given.reference, case, dtype))
    for constant, decay, fixed in ((100, 100, 0), (50, 50, 10), (30, 7, 0), (5, 20, 12)):
        count, wrong = compare_rates(given.reference, constant, decay, fixed)
        what = f"{constant} + {decay} epochs" + (f", global fixed for {fixed}" if fixed else "")
        print(
            f"\nrates, {what}: {count - len(wrong)} of {count} equal to the last digit"
            + "".join(f"\n  {it}" for it in wrong[:3])
        )
        held &= not wrong
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
