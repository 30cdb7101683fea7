"""Ours against the official CycleGAN and pix2pix: same weights, same batches; tables of the largest differences.

python benchmarks/equivalence_cyclegan.py --reference DIR

DIR is a clone of the official code (junyanz/pytorch-CycleGAN-and-pix2pix, 2a7afba), used as it is. Networks: each
loads the other's weights strictly, all tensors drawn anew; forward pass and gradients. Losses: GANLoss. Training:
losses, gradients and weights of three steps in float64, through our trainer and through the official
`optimize_parameters`. Both draw from torch's generator, for the pool too: nothing else is changed of the official code.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from against import default, name_of, row, words
from torch import Tensor, nn
from torch.optim.optimizer import register_optimizer_step_pre_hook

from spectra import Batch, Config, Modality, Task
from spectra.losses.adversarial import Adversarial, AdversarialKind
from spectra.losses.l1 import L1
from spectra.nn.norms import Norm
from spectra.nn.patch_discriminator import PatchDiscriminator, PixelDiscriminator
from spectra.nn.resnet_generator import ResnetGenerator
from spectra.nn.unet_generator import UnetGenerator
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.trainer import Trainer
from spectra_cyclegan import CycleGAN, CycleGANSettings, Pix2Pix, Pix2PixSettings

NETWORK_BOUNDS = {torch.float32: 1e-5, torch.float64: 1e-10}
STEP_BOUND = 1e-8
STEPS = 3
Tensors = dict[str, Tensor]


@dataclass
class Gaps:
    """The largest difference of each kind, as a share of the largest value."""

    found: dict[str, float] = field(default_factory=dict)

    def add(self, kind: str, one: Tensor | float, other: Tensor | float, least: float = 1e-30) -> None:
        one, other = (torch.as_tensor(value, dtype=torch.float64).detach() for value in (one, other))
        gap = float((one - other).abs().max()) / max(least, float(other.abs().max()))
        self.found[kind] = max(self.found.get(kind, 0.0), gap)

    def add_all(self, kind: str, ones: Mapping[str, Tensor], others: Mapping[str, Tensor]) -> None:
        """Each as a share of its own largest value; or in fp32 of that of all, as some are nothing but rounding.

        Those are gradients of biases before an instance norm, which have no effect.
        """
        assert ones.keys() == others.keys(), sorted(ones.keys() ^ others.keys())
        largest = max(float(tensor.detach().abs().max()) for tensor in others.values())
        exact = next(iter(others.values())).dtype == torch.float64
        for name in ones:
            self.add(kind, ones[name], others[name], least=largest * (1e-3 if exact else 1))


@dataclass(frozen=True)
class Network:
    """One of ours, the official one, and how many channels and pixels they see."""

    name: str
    ours: Callable[[], nn.Module]
    official: Callable[[Any], nn.Module]
    channels: int
    size: int


def networks() -> list[Network]:
    norms: tuple[Norm, ...] = ("instance", "batch", "none")
    return [
        *(resnet(6, norm, dropout) for norm in norms for dropout in (0.0, 0.5)),
        resnet(9, "instance", 0.0),
        *(unet(downs, norm, dropout) for downs, dropout in ((7, 0.5), (8, 0.0)) for norm in norms),
        *(patches(layers, norm) for layers in (3, 5) for norm in norms),
        *(pixels(norm) for norm in norms),
    ]


def resnet(blocks: int, norm: Norm, dropout: float) -> Network:
    return Network(
        f"resnet_{blocks}, {norm}" + (", dropout" if dropout else ""),
        lambda: ResnetGenerator(3, 1, 8, blocks, norm, dropout),
        lambda code: code.define_G(3, 1, 8, f"resnet_{blocks}blocks", norm, bool(dropout)),
        channels=3,
        size=32,
    )


def unet(downs: int, norm: Norm, dropout: float) -> Network:
    return Network(
        f"unet_{2**downs}, {norm}" + (", dropout" if dropout else ""),
        lambda: UnetGenerator(1, 3, 8, downs, norm, dropout),
        lambda code: code.define_G(1, 3, 8, f"unet_{2**downs}", norm, bool(dropout)),
        channels=1,
        size=2**downs,
    )


def patches(layers: int, norm: Norm) -> Network:
    return Network(
        f"patch discriminator, {layers} layers, {norm}",
        lambda: PatchDiscriminator(6, 8, layers, norm),
        lambda code: code.define_D(6, 8, "n_layers", layers, norm),
        channels=6,
        size=128,
    )


def pixels(norm: Norm) -> Network:
    return Network(
        f"pixel discriminator, {norm}",
        lambda: PixelDiscriminator(3, 8, norm),
        lambda code: code.define_D(3, 8, "pixel", 3, norm),
        channels=3,
        size=16,
    )


def compare_network(code: Any, network: Network, dtype: torch.dtype) -> dict[str, float]:
    with default(dtype), quiet():
        ours, official = network.ours(), network.official(code)
        state = redrawn(official.state_dict())
        official.load_state_dict(state, strict=True)
        ours.load_state_dict(state, strict=True)
        official.load_state_dict(ours.state_dict(), strict=True)
        found = []
        for net in (ours, official):
            torch.manual_seed(1)
            made = net(2 * torch.rand(2, network.channels, network.size, network.size) - 1)
            (made * torch.randn(made.shape)).sum().backward()
            found.append((made, gradients(net)))
    gaps = Gaps()
    gaps.add("forward", found[0][0], found[1][0])
    gaps.add_all("gradients", found[0][1], found[1][1])
    return gaps.found


def redrawn(state: Mapping[str, Tensor]) -> Tensors:
    """Every tensor anew, running statistics and biases too; but not how many batches were counted."""
    torch.manual_seed(0)
    made = dict(state)
    for key, tensor in state.items():
        if tensor.is_floating_point():
            drawn = torch.randn(tensor.shape) * (tensor[0].numel() ** -0.5 if tensor.ndim == 4 else 0.3)
            made[key] = 1 + drawn.abs() if key.endswith("running_var") else drawn
    return made


def compare_losses(code: Any) -> dict[str, float]:
    gaps, kinds = Gaps(), {"lsgan": "least_squares", "vanilla": "vanilla"}
    verdicts = 3 * torch.randn(2, 1, 30, 30)
    for official, name in kinds.items():
        kind: AdversarialKind = name  # type: ignore[assignment]
        ours, theirs = Adversarial(kind), code.GANLoss(official)
        for is_real, own in ((True, ours.real), (False, ours.fake), (True, ours.generator)):
            gaps.add(official, own(verdicts), theirs(verdicts, is_real))
    return gaps.found


@dataclass(frozen=True)
class Method:
    """A configuration of both programs."""

    name: str
    kind: type[CycleGAN] | type[Pix2Pix]
    settings: Mapping[str, Any]
    size: int
    batch: int = 2
    channels: tuple[int, int] = (3, 3)


SMALL = {"width": 8, "discriminator_width": 8}
METHODS = (
    Method("cyclegan, resnet_6, pool of 2", CycleGAN, {**SMALL, "generator": "resnet_6", "pool": 2}, 32),
    Method("cyclegan, resnet_9, pool of 50, batch of 1", CycleGAN, SMALL, 64, batch=1),
    Method(
        "cyclegan, 3 to 1 channels, unequal cycles",
        CycleGAN,
        {**SMALL, "generator": "resnet_6", "pool": 1, "cycle_source": 5, "cycle_target": 20},
        32,
        channels=(3, 1),
    ),
    Method("cyclegan, unet_128, batch norm", CycleGAN, {**SMALL, "generator": "unet_128", "norm": "batch"}, 128),
    Method("cyclegan, identity 0.2, pool of 0", CycleGAN, {**SMALL, "blocks": 9, "identity": 0.2, "pool": 0}, 32),
    Method("pix2pix, unet_256, batch norm, dropout", Pix2Pix, SMALL, 256, batch=1),
    Method("pix2pix, unet_128, 1 to 3 channels", Pix2Pix, {**SMALL, "generator": "unet_128"}, 128, channels=(1, 3)),
    Method(
        "pix2pix, resnet_9, least squares, pixel discriminator",
        Pix2Pix,
        {**SMALL, "generator": "resnet_9", "adversarial": "least_squares", "discriminator": "pixel"},
        32,
    ),
)


class Run:
    """Both programs with the same weights, one step after the other."""

    def __init__(self, folder: Path, method: Method) -> None:
        self.method, self.is_cycle = method, method.kind is CycleGAN
        with quiet():
            self.official = official_model(folder, method)
        sides = (Modality(name, count) for name, count in zip(("left", "right"), method.channels, strict=True))
        settings: Config = method.kind.Settings(**method.settings)
        self.translator = method.kind(Task(*sides), settings).double()
        (self.stage,) = self.translator.stages()
        held = vars(self.stage)
        names = {"G_A": "there", "G_B": "back", "D_A": "of_target", "D_B": "of_source"}
        names = names if self.is_cycle else {"G": "generator", "D": "discriminator"}
        self.nets = {name: (held[own].double(), getattr(self.official, f"net{name}")) for name, own in names.items()}
        for ours, theirs in self.nets.values():
            theirs.load_state_dict(redrawn(theirs.state_dict()))
            ours.load_state_dict(theirs.state_dict())
        losses = {} if self.is_cycle else {"l1": (L1(Config()), 200.0)}
        self.trainer = Trainer(self.translator, TrainSettings(), losses)
        self.trainer.prepare(self.stage)

    def compare(self) -> dict[str, float]:
        gaps = Gaps()
        for step in range(STEPS):
            count, size = self.method.batch, self.method.size
            source, target = (2 * torch.rand(count, channels, size, size) - 1 for channels in self.method.channels)
            torch.manual_seed(100 + step)
            with noted() as theirs:
                self.official.set_input({"A": source, "B": target, "A_paths": [], "B_paths": []})
                self.official.optimize_parameters()
            torch.manual_seed(100 + step)
            with noted() as ours:
                told = self.trainer.step(self.stage, self._batch((source + 1) / 2, (target + 1) / 2))
            for wanted, found in self._losses(told).values():
                gaps.add("losses", found, wanted, least=1e-6)
            for own, other in self.nets.values():
                gaps.add_all("gradients", by_name(own, ours), by_name(other, theirs))
        for name, (own, other) in self.nets.items():
            gaps.add_all("weights", dict(own.named_parameters()), dict(other.named_parameters()))
            if name != "G_B":  # it sees the same images, but in another order, which running statistics tell
                for key, value in other.named_buffers():
                    gaps.add("weights", own.get_buffer(key), value)
        return gaps.found

    def _batch(self, source: Tensor, target: Tensor) -> Batch:
        return Batch(source=source, target=target) if self.is_cycle else Batch(pairs=PairedBatch([source, target]))

    def _losses(self, told: Mapping[str, Mapping[str, float]]) -> dict[str, tuple[float, float]]:
        """By the official name: its value and ours."""
        model, chosen = self.official, self.translator.settings
        if not self.is_cycle:
            judged, made = told["discriminator"], told["generator"]
            ours = {"D_fake": judged["fake"], "D_real": judged["real"]}
            ours |= {"G_GAN": made["adversarial"], "G_L1": 200 * made["l1"]}
        else:
            made, share = told["generators"], self.translator.identity
            ours = {"G_A": made["adversarial_target"], "G_B": made["adversarial_source"]}
            ours["cycle_A"] = chosen.cycle_source * made["cycle_source"]
            ours["cycle_B"] = chosen.cycle_target * made["cycle_target"]
            if share:
                ours["idt_A"] = chosen.cycle_target * share * made["identity_target"]
                ours["idt_B"] = chosen.cycle_source * share * made["identity_source"]
            for name, side in (("D_A", "target"), ("D_B", "source")):
                judged = told[f"discriminator_{side}"]
                ours[name] = (judged["real"] + judged["fake"]) / 2
        return {name: (float(getattr(model, f"loss_{name}").detach()), value) for name, value in ours.items()}


def official_model(folder: Path, method: Method) -> Any:
    cyclegan = method.kind is CycleGAN
    pool = import_official(folder, "util.image_pool")
    pool.random = SimpleNamespace(
        uniform=lambda *_: float(torch.rand(())), randint=lambda low, high: low + int(torch.randint(high - low + 1, ()))
    )
    module = import_official(folder, "models.cycle_gan_model" if cyclegan else "models.pix2pix_model")
    return (module.CycleGANModel if cyclegan else module.Pix2PixModel)(official_options(method))


def official_options(method: Method) -> SimpleNamespace:
    """The defaults of its command line, and what the settings say."""
    chosen: Any = method.kind.Settings(**method.settings)
    source, target = method.channels
    share = 0.5 if source == target else 0.0
    own = {"lambda_L1": 100.0}
    if isinstance(chosen, CycleGANSettings):
        given = chosen.identity if chosen.identity is not None else share
        own = {"lambda_A": chosen.cycle_source, "lambda_B": chosen.cycle_target, "lambda_identity": given}
    return SimpleNamespace(
        **own,
        gpu_ids=[],
        isTrain=True,
        checkpoints_dir="",
        name="",
        preprocess="none",
        direction="AtoB",
        input_nc=source,
        output_nc=target,
        ngf=chosen.width,
        ndf=chosen.discriminator_width,
        netG=official_name(chosen),
        netD="pixel" if chosen.discriminator == "pixel" else "n_layers",
        n_layers_D=chosen.discriminator_layers,
        norm=chosen.norm,
        no_dropout=not chosen.dropout,
        init_type="normal",
        init_gain=0.02,
        gan_mode="lsgan" if chosen.adversarial == "least_squares" else "vanilla",
        pool_size=getattr(chosen, "pool", 0),
        lr=2e-4,
        beta1=0.5,
    )


def official_name(chosen: CycleGANSettings | Pix2PixSettings) -> str:
    return f"unet_{2**chosen.halvings}" if chosen.is_unet else f"resnet_{chosen.residual_blocks}blocks"


def import_official(folder: Path, name: str) -> Any:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    return importlib.import_module(name)


@contextlib.contextmanager
def noted() -> Iterator[dict[int, Tensor]]:
    """The gradients by which optimizers step meanwhile, by the id of their parameter."""
    seen: dict[int, Tensor] = {}

    def note(optimizer: torch.optim.Optimizer, *_: Any) -> None:
        held = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        seen.update({id(parameter): parameter.grad.clone() for parameter in held})

    handle = register_optimizer_step_pre_hook(note)
    yield seen
    handle.remove()


def by_name(net: nn.Module, seen: Mapping[int, Tensor]) -> Tensors:
    return {name: seen[id(parameter)] for name, parameter in net.named_parameters()}


def gradients(net: nn.Module) -> Tensors:
    return {name: parameter.grad for name, parameter in net.named_parameters() if parameter.grad is not None}


def quiet() -> contextlib.redirect_stdout[io.StringIO]:
    return contextlib.redirect_stdout(io.StringIO())


def main() -> int:
    folder: Path = words(__doc__).parse_args().reference
    code, held = import_official(folder, "models.networks"), True
    row(["network", "numbers", "forward", "gradients", "bound"], first=True)
    for network in networks():
        for dtype, bound in NETWORK_BOUNDS.items():
            gaps = compare_network(code, network, dtype)
            held &= all(gap <= bound for gap in gaps.values())
            row([network.name, name_of(dtype), *(f"{gap:.1e}" for gap in gaps.values()), f"{bound:.0e}"])
    row(["loss", "largest difference"], first=True)
    with default(torch.float64):
        losses = compare_losses(code)
    for name, gap in losses.items():
        held &= gap <= 1e-12
        row([name, f"{gap:.1e}"])
    row(["three steps, float64", "losses", "gradients", "weights", "bound"], first=True)
    with default(torch.float64):
        for method in METHODS:
            gaps = Run(folder, method).compare()
            held &= all(gap <= STEP_BOUND for gap in gaps.values())
            row([method.name, *(f"{gap:.1e}" for gap in gaps.values()), f"{STEP_BOUND:.0e}"])
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
