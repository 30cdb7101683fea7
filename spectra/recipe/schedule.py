"""How a player's learning rate changes: the `schedule` of a recipe. The formulas are in `training/schedules.py`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from spectra.recipe.one_of import OneOf, entry
from spectra.settings import Config

Epochs = Annotated[int, Field(ge=0, le=1_000_000)]


class ConstantSettings(Config):
    """The same rate all the time."""


class LinearSettings(Config):
    """As pix2pixHD: constant, then equal steps down after each epoch; the last epoch has the smallest rate."""

    constant: Epochs | None = Field(
        None, description="epochs at the full rate (its `niter`); without it, half of all, or what `decay` leaves"
    )
    decay: Epochs | None = Field(
        None, description="epochs of decay (its `niter_decay`); without it, what `constant` leaves"
    )


class CycleGANSettings(Config):
    """As CycleGAN: constant, then down to one step above nothing."""

    constant: Epochs | None = Field(
        None, description="epochs at the full rate (its `n_epochs`); without it, half of all, or what `decay` leaves"
    )
    decay: Epochs | None = Field(
        None, description="epochs of decay (its `n_epochs_decay`); without it, what `constant` leaves"
    )
    early: bool = Field(
        False, description="as its code of 2021, which counts an epoch when it begins: decay comes one epoch earlier"
    )


class HalvingSettings(Config):
    """Multiplied by a factor after each of the named epochs."""

    after: list[Annotated[int, Field(gt=0)]] = Field(
        [], description="epochs after which it drops; none named: after three quarters of all"
    )
    factor: float = Field(0.5, gt=0, le=1, description="what it is multiplied by")


class CosineSettings(Config):
    """Warmed up linearly from 0, then down along half a cosine; changed at every step."""

    warmup: int = Field(0, ge=0, description="steps of warm-up")
    floor: float = Field(0.0, ge=0, le=1, description="the share of the rate at which it ends")


class RampSettings(Config):
    """As the released Pix2Next: the warm-up of `cosine`, advanced once an epoch, so that it hardly ever ends."""

    warmup: int = Field(1000, gt=0, description="epochs of warm-up; the first has a rate of 0")


class Schedule(OneOf):
    """The name of one schedule, and its settings."""

    wanted = "write one schedule, such as `linear` or `{linear: {constant: 100, decay: 100}}`"

    constant: ConstantSettings | None = None
    linear: LinearSettings | None = None
    cyclegan: CycleGANSettings | None = None
    halving: HalvingSettings | None = None
    cosine: CosineSettings | None = None
    ramp: RampSettings | None = None


Name = Literal["constant", "linear", "cyclegan", "halving", "cosine", "ramp"]


ScheduleEntry = Annotated[Schedule, BeforeValidator(entry, json_schema_input_type=Name | Schedule)]
