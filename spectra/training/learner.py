"""What makes a player learn: its optimizer, its learning rate, its scaler and its moving average."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.amp import GradScaler
from torch.autograd.graph import increment_version
from torch.optim import SGD, Adam, AdamW, Optimizer, RMSprop

from spectra.errors import SpectraError
from spectra.recipe.schedule import Schedule
from spectra.recipe.train import OptimizerName
from spectra.training.averages import Average
from spectra.training.backward import Ready
from spectra.training.schedules import Position, rate

LARGE = 2**18
"""Numbers in a parameter whose gradient is worth being let go of early; smaller ones take their step together."""


@dataclass(frozen=True)
class Manner:
    """How a player learns in a stage, as the recipe says it."""

    optimizer: OptimizerName
    lr: float
    betas: tuple[float, float]
    weight_decay: float
    schedule: Schedule
    clip: float
    ema: float


class Learner:
    """Carries a player's parameters along their gradients."""

    def __init__(self, parameters: Sequence[nn.Parameter], manner: Manner, scaler: GradScaler | None) -> None:
        self.average: Average | None = None
        self._norms: dict[int, Tensor] = {}
        """Of the gradients of parameters that have stepped already, and let them go."""
        self.renew(parameters, manner, scaler)

    def renew(self, parameters: Sequence[nn.Parameter], manner: Manner, scaler: GradScaler | None) -> None:
        """With an optimizer that has taken no step yet."""
        self.optimizer = _optimizer(parameters, manner)
        self.scaler: GradScaler | None = None
        self.carry_on(parameters, manner, scaler)

    def carry_on(self, parameters: Sequence[nn.Parameter], manner: Manner, scaler: GradScaler | None) -> None:
        """Into a stage: with what the player has grown to, and in the manner of that stage."""
        self.manner, self.parameters = manner, list(parameters)
        self.taken, self.lr = 0, manner.lr
        """Steps that its optimizer has taken in the present stage, and the rate of the last one."""
        self.norm: float | None = None
        """Of the gradient of the last step, where it was measured."""
        self.skipped = False
        """Whether the last step was left out, as its gradient did not fit into the range of fp16."""
        self.scaler = (self.scaler or scaler) if scaler is not None else None
        held = {id(p) for group in self.optimizer.param_groups for p in group["params"]}
        if grown := [p for p in parameters if id(p) not in held]:
            self.optimizer.add_param_group({"params": grown})
        for group in self.optimizer.param_groups:
            group |= _said(manner)
        self._follow(parameters)

    def _follow(self, parameters: Sequence[nn.Parameter]) -> None:
        if not self.manner.ema:
            self.average = None
        elif self.average is None:
            self.average = Average(parameters, self.manner.ema)
        else:
            self.average.decay = self.manner.ema
            self.average.grow(parameters)

    def begin(self) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        self._norms = {}

    def scaled(self, total: Tensor) -> Tensor:
        """What backward is run on: in fp16, small gradients would vanish."""
        return total if self.scaler is None else self.scaler.scale(total)

    def early(self, at: Position, measure: bool) -> Ready | None:
        """What a large parameter does as soon as its gradient is complete: it steps, and lets the gradient go.

        So gradients of a whole player never take memory at once. Only where no gradient must wait for all others, as it
        does where their common norm is clipped or where one that does not fit into fp16 stops all of them.
        """
        if self.manner.clip or self.scaler is not None:
            return None
        self._rated(at)

        def ready(parameter: Tensor) -> None:
            if parameter.grad is None or parameter.numel() < LARGE:
                return
            if measure:
                self._norms[id(parameter)] = torch.linalg.vector_norm(parameter.grad)
            self._step_alone(parameter)
            parameter.grad = None

        return ready

    def _step_alone(self, parameter: Tensor) -> None:
        """The optimizer's own step, of this one."""
        groups = self.optimizer.param_groups
        (group,) = (group for group in groups if any(held is parameter for held in group["params"]))
        self.optimizer.param_groups = [{**group, "params": [parameter]}]
        try:
            self.optimizer.step()
        finally:
            self.optimizer.param_groups = groups
        increment_version(parameter)

    def step(self, at: Position, measure: bool) -> bool:
        """Along the gradients that are left; whether the step was taken."""
        self._rated(at)
        gradients = [parameter.grad for parameter in self.parameters if parameter.grad is not None]
        scaler = self.scaler if gradients else None
        if scaler is not None:
            scaler.unscale_(self.optimizer)
        self.norm = self._clipped(gradients) if self.manner.clip or measure else None
        self.skipped = not self._stepped(scaler)
        if not self.skipped:
            self.taken += 1
            increment_version(self.parameters)  # a fused step does not tell autograd that graphs have gone stale
            if self.average is not None:
                self.average.update()
        return not self.skipped

    def _rated(self, at: Position) -> None:
        self.lr = rate(self.manner.schedule, self.manner.lr, at)
        for group in self.optimizer.param_groups:
            group["lr"] = self.lr

    def _clipped(self, gradients: Sequence[Tensor]) -> float:
        """The norm of the gradients, which are made shorter where it is too large."""
        norm = nn.utils.get_total_norm([*gradients, *self._norms.values()])
        if self.manner.clip:
            nn.utils.clip_grads_with_norm_(self.parameters, self.manner.clip, norm)
        return float(norm)

    def _stepped(self, scaler: GradScaler | None) -> bool:
        if scaler is None:
            self.optimizer.step()
            return True
        before = scaler.get_scale()
        scaler.step(self.optimizer)
        scaler.update()
        return scaler.get_scale() >= before

    def state(self) -> dict[str, Any]:
        return {
            "optimizer": self.optimizer.state_dict(),
            "taken": self.taken,
            "scaler": None if self.scaler is None else self.scaler.state_dict(),
            "average": None if self.average is None else {"steps": self.average.steps, "values": self.average.values},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        self.optimizer.load_state_dict(state["optimizer"])
        self.taken = state["taken"]
        if self.scaler is not None and state["scaler"]:
            self.scaler.load_state_dict(state["scaler"])
        self.restore_average(state)

    @torch.no_grad()
    def restore_average(self, state: Mapping[str, Any]) -> None:
        if self.average is not None and state["average"] is not None:
            self.average.steps = state["average"]["steps"]
            for value, saved in zip(self.average.values, state["average"]["values"], strict=False):
                value.copy_(saved)  # of an earlier stage it may have fewer: players only grow


def _optimizer(parameters: Sequence[nn.Parameter], manner: Manner) -> Optimizer:
    """Fused: all weights of a player in one pass, which on a CPU takes less than half the time."""
    fused = all(p.is_floating_point() and p.device.type in ("cpu", "cuda") for p in parameters)
    said = _said(manner)
    made: Optimizer
    if manner.optimizer == "adam":
        made = Adam(parameters, fused=fused, **said)
    elif manner.optimizer == "adamw":
        made = AdamW(parameters, fused=fused, **said)
    elif manner.optimizer == "sgd":
        made = SGD(parameters, **said)  # fused, its momentum is left undefined where fp16 skips the first step
    else:
        made = RMSprop(parameters, **said)
    return made


def _said(manner: Manner) -> dict[str, Any]:
    moments = {"betas": manner.betas}
    if manner.optimizer == "sgd":
        moments = {"momentum": manner.betas[0]}  # type: ignore[dict-item]
    elif manner.optimizer == "rmsprop":
        moments = {"momentum": manner.betas[0], "alpha": manner.betas[1]}  # type: ignore[dict-item]
    return {"lr": manner.lr, "weight_decay": manner.weight_decay, **moments}


def refuse_other_optimizer(player: str, learner: Learner, manner: Manner) -> None:
    """A player that keeps its optimizer keeps its kind."""
    if learner.manner.optimizer != manner.optimizer:
        raise SpectraError(
            f"The player {player!r} goes on with its {learner.manner.optimizer} from the stage before, and cannot "
            f"change to {manner.optimizer}."
        )
