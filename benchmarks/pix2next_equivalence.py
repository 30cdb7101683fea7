"""Ours against the released Pix2Next: same weights, same batch; a table of the largest differences.

python benchmarks/pix2next_equivalence.py --reference DIR

DIR is a clone of the released code (Yonsei-STL/pix2next, c95c865). It is used as it is, on today's torch, without CUDA
and without its compiled operator: packages that it imports and does not need are stood in for. Every parameter is drawn
anew, so that offsets, masks, layer scales and affine terms matter. Its VGG term has no gradient and is left out.

forward: relative L2 of the generated image. maps: each map of the discriminator. losses: five, relative.
gradients: at the generated image, of the sum that its generator learns from, relative to the largest.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import sys
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import torch
import yaml
from against import default, name_of, row, words
from torch import Tensor, nn

from spectra import Batch, Stage
from spectra.losses.ssim import Ssim
from spectra.stage import PairedBatch
from spectra_pix2next import Pix2Next
from spectra_pix2next.presets import PRESETS
from spectra_pix2next.stages import Duel

BOUNDS = {torch.float32: 1e-5, torch.float64: 1e-6}
LOSSES = ("loss_G_GAN", "loss_G_GAN_Feat", "loss_G_SSIM", "loss_D_real", "loss_D_fake")
KINDS = ("forward", "maps", "losses", "gradients")


@dataclass(frozen=True)
class Case:
    """A network of some width, on images of some size. ``width`` 128 is the released one."""

    name: str
    width: int
    size: tuple[int, int]
    batch: int = 1
    channels: int = 128
    depths: tuple[int, ...] = (4, 4, 21, 4)


CASES = (
    Case("tiny widths", 32, (64, 64), 2, channels=32, depths=(1, 1, 2, 1)),
    Case("tiny widths, oblong", 32, (64, 96), channels=32, depths=(1, 2, 1, 1)),
    Case("full", 128, (128, 128)),
)


class Reference:
    """The released generator and discriminator of a case, in the precision of the moment."""

    def __init__(self, folder: Path, case: Case) -> None:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(folder):
            self.generator = official_generator(folder, case)
            self.judge = official_judge()
        redrawn(self.generator)
        redrawn(self.judge)

    def learned(self, source: Tensor, target: Tensor, fake: Tensor) -> dict[str, Tensor]:
        losses: dict[str, Tensor] = self.judge(source, target, fake)
        return {name: losses[name] for name in LOSSES}


class Ours:
    """Our translator with the reference's weights, and its stage by the preset `official`."""

    def __init__(self, reference: Reference) -> None:
        self.translator = Pix2Next.import_official(reference.generator.state_dict()).translator.eval()
        stage: Stage = self.translator.stages()[0]
        assert isinstance(stage, Duel)
        self.stage = stage
        self.discriminator = stage.discriminator.train()
        self.discriminator.load_state_dict(reference.judge.discriminator.state_dict())
        said = dict(PRESETS["official"]["losses"]["ssim"])
        self.weights = {"ssim": said.pop("weight"), "adversarial": 1.0, **PRESETS["official"]["weights"]["generator"]}
        stage.losses = {"ssim": (Ssim(Ssim.Settings(**said)), self.weights["ssim"])}

    def learned(self, source: Tensor, target: Tensor, fake: Tensor) -> dict[str, Tensor]:
        """The terms of the stage, of a fake that is given in place of the generator's."""
        stage = self.stage
        stage.generator = _Given(fake)
        stage.share = lambda tensor: tensor  # type: ignore[method-assign]  # the gradient is asked for at the fake itself
        batch = Batch(pairs=PairedBatch([(source + 1) / 2, (target[:, :1] + 1) / 2]))
        stage.present = batch
        terms = {name: term for update in stage.step(batch) for name, term in update.terms.items()}
        weights = {**self.weights, "real": 1.0, "fake": 1.0}
        names = ("adversarial", "matching", "ssim", "real", "fake")
        return {theirs: weights[name] * terms[name].compute() for theirs, name in zip(LOSSES, names, strict=True)}


class _Given(nn.Module):
    def __init__(self, image: Tensor) -> None:
        super().__init__()
        self.image = image

    def forward(self, source: Tensor) -> Tensor:
        return self.image


def compare(folder: Path, case: Case, dtype: torch.dtype) -> dict[str, float]:
    torch.manual_seed(0)
    with default(dtype):
        reference = Reference(folder, case)
        ours = Ours(reference)
        source = 2 * torch.rand(case.batch, 3, *case.size) - 1
        target = (2 * torch.rand(case.batch, 1, *case.size) - 1).repeat(1, 3, 1, 1)
        with torch.no_grad():
            wanted = reference.generator.eval()(source)
            found = ours.translator.generator(source)
        return {"forward": relative(found, wanted), **compare_judges(reference, ours, source, target, wanted)}


def compare_judges(reference: Reference, ours: Ours, source: Tensor, target: Tensor, fake: Tensor) -> dict[str, float]:
    gaps = dict.fromkeys(("maps", "losses", "gradients"), 0.0)
    with torch.no_grad():
        for image in (fake, target):
            both = torch.cat([source, image], 1)
            pairs = zip(ours.discriminator(both), reference.judge.discriminator(both), strict=True)
            for one, other in ((a, b) for scale in pairs for a, b in zip(*scale, strict=True)):
                gaps["maps"] = max(gaps["maps"], float((one - other).abs().max()))
    losses, gradients = [], []
    for side in (ours, reference):
        leaf = fake.clone().requires_grad_()
        told = side.learned(source, target, leaf)
        (gradient,) = torch.autograd.grad(sum(told[name] for name in LOSSES[:3]), leaf)  # type: ignore[arg-type]
        losses.append({name: float(value) for name, value in told.items()})
        gradients.append(gradient)
    gaps["losses"] = max(abs(losses[0][name] / losses[1][name] - 1) for name in LOSSES)
    gaps["gradients"] = float((gradients[0] - gradients[1]).abs().max() / gradients[1].abs().max())
    return gaps


def relative(one: Tensor, other: Tensor) -> float:
    return float((one - other).norm() / other.norm())


def redrawn(module: nn.Module) -> None:
    """Every parameter from a normal distribution about what it was, wide enough to matter and not to burst."""
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            wide = 1.0 if name.endswith(("gamma1", "gamma2")) else 0.1 if parameter.ndim < 2 else 0.0
            spread = wide or 1.0 / parameter[0].numel() ** 0.5
            parameter.copy_((parameter if wide == 0.1 else 0.0) + spread * torch.randn_like(parameter))


def official_generator(folder: Path, case: Case) -> nn.Module:
    said = yaml.safe_load((folder / "config_gan_base_internimage.yaml").read_text(encoding="utf-8"))
    unet = said["model"]["unet"]
    shrunk(unet, case.width)
    unet["condition"]["d_condition"] = case.channels * 2 ** (len(case.depths) - 1)
    core = module("UNET.models.unet_core")
    kept = core.InternImage
    core.InternImage = lambda: extractor(kept, case)
    try:
        network: nn.Module = module("UNET.models.UNET").UNET(said)
    finally:
        core.InternImage = kept
    return network


def extractor(kind: Any, case: Case) -> nn.Module:
    groups = [case.channels * 2**level // 16 for level in range(len(case.depths))]
    network: nn.Module = kind(channels=case.channels, depths=list(case.depths), groups=groups)
    first = network.get_submodule("patch_embed.conv1")
    if case.width != 128:  # its code takes 128 channels in any case
        network.get_submodule("patch_embed").conv1 = nn.Conv2d(case.width, first.out_channels, 3, 2, 1)
    return network


def shrunk(unet: dict[str, Any], width: int) -> None:
    """All widths of the released configuration, brought down alike."""
    unet["init_conv"][1] = width
    for part in ("encoder", "bottle_neck", "decoder"):
        for kinds, stages in zip(unet[f"{part}_block_types"], unet[f"{part}_block_args"], strict=True):
            if isinstance(kinds, str):
                stages[0] = stages[0] * width // 128
                continue
            for kind, args in zip(kinds, stages, strict=True):
                args[:] = [args[0] * width // 128, args[1] if kind == "sd_attention" else args[1] * width // 128]


def official_judge() -> nn.Module:
    """Its discriminator with its losses, without VGG."""
    source = module("UNET.models.discriminator")
    source.VGGLoss = lambda: lambda one, other: one.new_zeros(())
    judge: nn.Module = source.Discriminator()
    judge.gan_loss.Tensor = lambda size: torch.empty(size)
    return judge.train()


def module(name: str) -> Any:
    return importlib.import_module(name)


def stand_in(folder: Path) -> None:
    """For what is imported and not needed, and for the device that its losses name."""
    sys.path.insert(0, str(folder))
    nothing: Mapping[str, Any] = {"rearrange": None, "repeat": None, "Rearrange": None}
    version = {"get_distribution": lambda name: SimpleNamespace(version="1.1")}
    stood: dict[str, Mapping[str, Any]] = {"DCNv3": {}, "pkg_resources": version, "kornia": {}}
    stood |= dict.fromkeys(("einops", "einops.layers", "einops.layers.torch"), nothing)
    for name, held in stood.items():
        made = ModuleType(name)
        vars(made).update(held)
        sys.modules.setdefault(name, made)
    to = Tensor.to
    Tensor.to = lambda self, *said, **named: self if said[:1] == ("cuda:0",) else to(self, *said, **named)  # type: ignore[method-assign,assignment]


def main() -> int:
    parser = words(__doc__)
    parser.add_argument("--only", default="", help="cases with this in their name")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    stand_in(given.reference.resolve())
    row(["network", "numbers", *KINDS, "bound"], first=True)
    held = True
    for case in (case for case in CASES if given.only in case.name):
        for dtype, bound in BOUNDS.items():
            if dtype == torch.float64 and case.width == 128:
                continue  # 2.5 GB, and nothing that the little ones do not show
            gaps = compare(given.reference.resolve(), case, dtype)
            held &= all(gap <= bound for gap in gaps.values())
            row([case.name, name_of(dtype), *(f"{gaps[kind]:.1e}" for kind in KINDS), f"{bound:.0e}"])
    return int(not held)


if __name__ == "__main__":
    sys.exit(main())
