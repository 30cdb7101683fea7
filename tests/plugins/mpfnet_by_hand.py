"""The three stages of MPFNet in plain torch, as its paper has them: what our stages are compared with."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits, l1_loss

from spectra import Batch, ImagePool, Stage, Task
from spectra.losses.mix import Mix
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.trainer import Trainer
from spectra_mpfnet import MPFNet, Settings

TASK = Task.parse("nir2rgb")
SMALL: dict[str, Any] = {
    "width": 4,
    "depths": (1, 2),
    "discriminator_width": 4,
    "discriminator_layers": 2,
    "init_std": 0.2,
    "mix_window": 9,
}
NETWORKS = ("there", "back", "color", "of_source", "of_grey", "of_colour")
SIDE = 16


def made(**settings: Any) -> MPFNet:
    torch.manual_seed(0)
    return MPFNet(TASK, Settings(**{**SMALL, **settings})).double()


def batch(stage: Stage, step: int) -> Batch:
    """One entry for each stream of the stage; always the same for the same step."""
    torch.manual_seed(1000 + step)
    nir, rgb, other, single = (torch.rand(2, channels, SIDE, SIDE, dtype=torch.float64) for channels in (1, 3, 3, 1))
    every = {"pairs": PairedBatch([nir, rgb]), "source": single}
    entries = {name: every[name] for name in stage.streams if name in every}
    unpaired = type(stage.streams.get("colour")).__name__ == "Images"
    colour = {"colour": other if unpaired else PairedBatch([nir, other])} if "colour" in stage.streams else {}
    return Batch(**entries, **colour)


def learning(translator: MPFNet, name: str, losses: Any = None, weights: Any = None) -> tuple[Trainer, Any]:
    torch.manual_seed(7)
    stage: Any = next(each for each in translator.stages() if each.name == name)
    for part in vars(stage).values():
        if isinstance(part, nn.Module):
            part.double()
    trainer = Trainer(translator, TrainSettings(lr=1e-3), losses, weights)
    trainer.prepare(stage)
    return trainer, stage


def luma(image: Tensor) -> Tensor:
    return 0.299 * image[:, :1] + 0.587 * image[:, 1:2] + 0.114 * image[:, 2:]


@contextmanager
def forgetting(network: nn.Module) -> Iterator[None]:
    """What its batch norms have learned is put back afterwards."""
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    kept = [(norm.running_mean.clone(), norm.running_var.clone()) for norm in norms]  # type: ignore[union-attr]
    yield
    for norm, (mean, variance) in zip(norms, kept, strict=True):
        norm.running_mean, norm.running_var = mean, variance


class ByHand:
    """Copies of a stage's networks, with an Adam for each player."""

    def __init__(self, stage: Any, settings: Settings) -> None:
        # One copy of all, as the stages share networks; the cut graphs and batches of the stage are not wanted.
        self.nets: dict[str, Any] = {
            name: copy.deepcopy(getattr(stage, name))
            for name in NETWORKS
            if isinstance(getattr(stage, name, None), nn.Module)
        }
        self.settings, self.name = settings, stage.name
        learn = {"translation": ("there", "back"), "colorization": ("color",), "joint": ("there", "back", "color")}
        self.adam = self._adam(*learn[stage.name])
        self.judges = {name: self._adam(name) for name in self.nets if name.startswith("of_")}
        self.pools = {name: ImagePool(settings.pool) for name in self.judges}
        self.mix = Mix(Mix.Settings(kind=settings.mix_kind, alpha=settings.mix_alpha, window=settings.mix_window))

    def _adam(self, *names: str) -> torch.optim.Adam:
        weights = [p for name in names if name in self.nets for p in self.nets[name].parameters() if p.requires_grad]
        return torch.optim.Adam(weights, 1e-3, (0.5, 0.999))

    def step(self, batch: Any) -> dict[str, float]:
        torch.manual_seed(5)
        return getattr(self, f"_{self.name}")(batch)  # type: ignore[no-any-return]

    def _translation(self, batch: Any) -> dict[str, float]:
        x = 2 * (batch.pairs[0] if self.settings.pair else batch.source) - 1
        g = luma(2 * batch.colour - 1)
        losses, fakes = self._crossing(x, g, *self._fakes(x, g))
        if self.settings.pair:
            losses["pair"] = (self.settings.pair, l1_loss(fakes["of_grey"], luma(2 * batch.pairs[1] - 1)))
        return self._learned(losses, {"of_grey": g, "of_source": x}, fakes)

    def _colorization(self, batch: Any) -> dict[str, float]:
        return self._learned(
            {"colour": (1.0, self._mixed(self.nets["color"](luma(2 * batch.colour - 1)), batch.colour))}, {}, {}
        )

    def _joint(self, batch: Any) -> dict[str, float]:
        chosen, (source, target) = self.settings, batch.pairs
        x, c = 2 * source - 1, 2 * batch.colour - 1
        g = luma(c)
        with torch.no_grad(), forgetting(self.nets["color"]):
            real = self.nets["color"](g)[-1] if chosen.feature_real == "colorized" else c
        made_grey, made_source = self._fakes(x, g)
        shown = self.nets["color"](made_grey)
        wanted = {"rgb": target, "source": source.repeat(1, 3, 1, 1), "grey": luma(target).repeat(1, 3, 1, 1)}
        losses: dict[str, Any] = {"colour": (1.0, self._mixed(shown, wanted[chosen.joint_target]))}
        losses["adversarial_colour"] = (chosen.joint_feature, self._convinced(self.nets["of_colour"](shown[-1])))
        crossing, fakes = self._crossing(x, g, made_grey, made_source)
        crossing["pair"] = (chosen.pair, l1_loss(made_grey, luma(2 * target - 1)))
        losses |= {name: (chosen.joint_translation * weight, value) for name, (weight, value) in crossing.items()}
        with forgetting(self.nets["color"]):
            losses["replay"] = (chosen.replay, self._mixed(self.nets["color"](g), batch.colour))
        return self._learned(
            losses, {"of_grey": g, "of_source": x, "of_colour": real}, {**fakes, "of_colour": shown[-1]}
        )

    def _fakes(self, x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        return self.nets["there"](x)[-1], self.nets["back"](g)[-1]

    def _crossing(
        self, x: Tensor, g: Tensor, made_grey: Tensor, made_source: Tensor
    ) -> tuple[dict[str, Any], dict[str, Tensor]]:
        chosen, nets = self.settings, self.nets
        found: dict[str, Any] = {
            "adversarial_grey": (chosen.adversarial, ((nets["of_grey"](made_grey) - 1) ** 2).mean()),
            "adversarial_source": (chosen.adversarial, ((nets["of_source"](made_source) - 1) ** 2).mean()),
        }
        with forgetting(nets["there"]), forgetting(nets["back"]):
            found |= {
                "cycle_source": (chosen.cycle, l1_loss(nets["back"](made_grey)[-1], x)),
                "cycle_grey": (chosen.cycle, l1_loss(nets["there"](made_source)[-1], g)),
                "identity_grey": (chosen.identity, l1_loss(nets["there"](g)[-1], g)),
                "identity_source": (chosen.identity, l1_loss(nets["back"](x)[-1], x)),
            }
        return found, {"of_grey": made_grey, "of_source": made_source}

    def _mixed(self, shown: list[Tensor], target: Tensor) -> Tensor:
        sizes = [target.shape[-1] // each.shape[-1] for each in shown]
        values = [self.mix((each + 1) / 2, avg_pool2d(target, size)) for each, size in zip(shown, sizes, strict=True)]
        return sum(w * value for w, value in zip(self.settings.scale_weights, values, strict=True))  # type: ignore[return-value]

    def _convinced(self, verdicts: Tensor) -> Tensor:
        if self.settings.feature_loss == "wgan":
            return -verdicts.mean()
        if self.settings.feature_loss == "vanilla":
            return binary_cross_entropy_with_logits(verdicts, torch.ones_like(verdicts))
        return ((verdicts - 1) ** 2).mean()

    def _judged(self, name: str, real: Tensor, fake: Tensor) -> Tensor:
        kind = self.settings.feature_loss if name == "of_colour" else "lsgan"
        if kind == "wgan":
            return (fake.mean() - real.mean()) / 2
        if kind == "vanilla":
            ones, zeros = torch.ones_like(real), torch.zeros_like(fake)
            return (binary_cross_entropy_with_logits(real, ones) + binary_cross_entropy_with_logits(fake, zeros)) / 2
        return (((real - 1) ** 2).mean() + (fake**2).mean()) / 2

    def _learned(
        self, losses: Mapping[str, Any], reals: Mapping[str, Tensor], fakes: Mapping[str, Tensor]
    ) -> dict[str, float]:
        self.adam.zero_grad()
        total = sum(weight * value for weight, value in losses.values())
        total.backward()
        self.adam.step()
        told = {name: float(value.detach()) for name, (weight, value) in losses.items() if weight}
        for name, real in reals.items():
            judge = self.nets[name]
            judge.zero_grad()
            told[name] = self._judge(name, judge, real, fakes[name])
        return told

    def _judge(self, name: str, judge: nn.Module, real: Tensor, fake: Tensor) -> float:
        verdict = judge(real)
        loss = self._judged(name, verdict, judge(self.pools[name](fake.detach())))
        loss.backward()
        self.judges[name].step()
        return float(loss.detach())
