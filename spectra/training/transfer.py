"""Weights to begin with: those of another model, tensor by tensor, and word of each that did not come over."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.model import Model
from spectra.training.inflation import INPUT, OUTPUT, Block, Channels, repeated, spread
from spectra.training.transfer_report import Report, counted, shortened

Tensors = Mapping[str, Tensor]
Mismatch = Literal["inflate", "skip", "error"]
TRANSLATOR = "translator."
"""What the names of a translator's tensors begin with; those that only a stage holds begin with `stage.`."""


def weights_of(model: Model) -> dict[str, Tensor]:
    """A model's tensors by the names that a run has for them."""
    return {TRANSLATOR + name: tensor for name, tensor in model.translator.state_dict().items()}


def transfer(
    into: Tensors,
    source: Tensors,
    channels: Channels,
    mismatch: Mismatch = "inflate",
    origin: str = "another model",
    transposed: Collection[str] = (),
) -> Report:
    """Copy what has the same name, in place; all or nothing. What stages hold may be held by one of another name.

    ``into`` are the tensors of a new run, in the order of its layers; what it has in other shapes is treated as
    ``mismatch`` says. ``inflate`` takes what the channels of the two tasks explain, and refuses the rest.
    ``transposed`` are the names of weights of transposed convolutions, where a bias does not show it.
    """
    names = matched(into, source)
    plan = _Plan(
        into, {here: source[there] for here, there in names.items()}, channels, mismatch, frozenset(transposed)
    )
    for name in into:
        plan.decide(name)
    if plan.faults:
        raise SpectraError(_refusal(plan.faults, channels, mismatch, origin))
    if not plan.values:
        raise SpectraError(_nothing(into, source, origin))
    with torch.no_grad():
        for name, value in plan.values.items():
            into[name].copy_(value)
    used = set(names.values())
    unused = tuple(name for name in source if name not in used)
    copied = tuple(name for name in plan.values if name not in plan.inflated)
    return Report(origin, copied, plan.inflated, plan.left, unused)


def matched(into: Collection[str], source: Collection[str]) -> dict[str, str]:
    """Of the names here, those there: the same; or, of what a stage holds, the only one that differs in the stage."""
    held: dict[str, list[str]] = {}
    for name in source:
        held.setdefault(_without_stage(name), []).append(name)
    names = {name: name for name in into if name in source}
    for name in into:
        others = held.get(_without_stage(name), [])
        if name not in names and len(others) == 1 and others[0] not in into:
            names[name] = others[0]
    return names


def _without_stage(name: str) -> str:
    """`stage.critic.0.weight` of `stage.first.critic.0.weight`."""
    stage, _, rest = name.partition(".")
    return f"{stage}.{rest.partition('.')[2]}" if stage == "stage" else name


@dataclass
class _Plan:
    """What is to become of each tensor, before anything is touched."""

    into: Tensors
    source: Tensors
    channels: Channels
    mismatch: Mismatch
    transposed: frozenset[str]
    values: dict[str, Tensor] = field(default_factory=dict)
    inflated: dict[str, str] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    width: int = 0
    """What the last convolution before this tensor gives."""

    def decide(self, name: str) -> None:
        here, there = self.into[name], self.source.get(name)
        if there is None:
            self.left[name] = "there is none of this name"
        elif here.shape == there.shape and not self._shifted(name):
            self.values[name] = there
        elif self.mismatch == "skip":
            self.left[name] = _shapes(there, here)
        elif self.mismatch == "inflate" and (found := self._inflated(name, there, here)):
            self.values[name], self.inflated[name] = found
        else:
            self.faults.append(f"{name}: {_shapes(there, here)}")
        if here.ndim == 4:
            self.width = here.shape[1 - self._input(name)]

    def _inflated(self, name: str, there: Tensor, here: Tensor) -> tuple[Tensor, str] | None:
        if here.ndim == 1 and there.ndim == 1:
            return self._bias(name, there, here)
        if here.ndim != 4 or there.ndim != 4 or here.shape[2:] != there.shape[2:]:
            return None
        into, told = self._input(name), []
        value, out = there, 1 - into
        if there.shape[into] != here.shape[into] or self._shifted(name):
            blocks = self._blocks(name, there.shape[into], here.shape[into])
            if blocks is None:
                return None
            value = spread(value, blocks, into)
            told.append(f"{there.shape[into]} to {here.shape[into]} input channels")
        if there.shape[out] != here.shape[out]:
            if not self._is_image(there.shape[out], here.shape[out]):
                return None
            value = repeated(value, here.shape[out], out)
            told.append(f"{there.shape[out]} to {here.shape[out]} output channels")
        return value, ", ".join(told)

    def _blocks(self, name: str, there: int, here: int) -> tuple[Block, ...] | None:
        return self.channels.both if self._shifted(name) else self.channels.explain(there, here)

    def _bias(self, name: str, there: Tensor, here: Tensor) -> tuple[Tensor, str] | None:
        """The bias of a last convolution goes with its weight."""
        weight = name.removesuffix("bias") + "weight"
        if not name.endswith("bias") or weight not in self.into or self.into[weight].ndim != 4:
            return None
        if not self._is_image(len(there), len(here)):
            return None
        return repeated(there, len(here), 0), f"{len(there)} to {len(here)} output channels"

    def _is_image(self, there: int, here: int) -> bool:
        return (there, here) in self.channels.both

    def _input(self, name: str) -> int:
        """Which axis of a weight counts input channels: by its name, or by the length of its bias."""
        if name in self.transposed or (self._by_bias(name, OUTPUT) is False and self._by_bias(name, INPUT)):
            return OUTPUT
        return INPUT

    def _by_bias(self, name: str, axis: int) -> bool | None:
        """Whether the bias is as long as an axis, here and there; None without a bias."""
        bias = name.removesuffix("weight") + "bias"
        if bias not in self.into:
            return None
        sides = [side for side in (self.into, self.source) if name in side and bias in side]
        return all(side[name].ndim == 4 and side[name].shape[axis] == side[bias].numel() for side in sides)

    def _shifted(self, name: str) -> bool:
        """Whether a discriminator's first convolution is as large as before, for images of other channels.

        It is the first where it does not take what the convolution before it gives.
        """
        here = self.into[name]
        if not self.channels.shifted or name.startswith(TRANSLATOR) or here.ndim != 4:
            return False
        total = sum(block[1] for block in self.channels.both)
        return here.shape[INPUT] == total and self.width != total


def _shapes(there: Tensor, here: Tensor) -> str:
    return f"{tuple(there.shape)} there, {tuple(here.shape)} here"


def _refusal(faults: list[str], channels: Channels, mismatch: Mismatch, origin: str) -> str:
    why = (
        "`init_from.mismatch: error` takes over equal shapes alone; `inflate` spreads image channels, and `skip` "
        "leaves such tensors as they begin."
        if mismatch == "error"
        else f"Their image channels ({channels}) do not explain it: the settings of the two differ, such as their "
        "width. Give both the same, or leave such tensors as they begin: `init_from.mismatch: skip`."
    )
    return f"The weights of {origin} do not fit:\n" + "\n".join(f"  {line}" for line in shortened(faults)) + f"\n{why}"


def _nothing(into: Tensors, source: Tensors, origin: str) -> str:
    there, here = (f"{counted(names)}, the first {next(iter(names), 'missing')}" for names in (source, into))
    return (
        f"No weight of {origin} came over: no tensor there ({there}) has name and shape in common with one here "
        f"({here}). Are they of the same translator, in the same settings?"
    )
