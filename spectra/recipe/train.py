"""How to train: the `train:` part of a recipe."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from spectra.recipe.augment import Augment, Operation
from spectra.settings import Config

Decay = Annotated[float, Field(ge=0, lt=1)]


class PlayerSettings(Config):
    lr: float | None = Field(None, gt=0, description="learning rate of this player; without it, that of the stage")


class StageSettings(Config):
    steps: int | None = Field(None, ge=0, description="optimizer steps of this stage; without it, `train.steps`")
    lr: float | None = Field(None, gt=0, description="learning rate in this stage; without it, `train.lr`")
    augment: Augment | None = Field(
        None, description="how images are varied in this stage; it replaces `train.augment`, it does not add to it"
    )


class TrainSettings(Config):
    """Only for translators that learn by gradient."""

    steps: int = Field(1000, ge=0, description="optimizer steps of each stage, not epochs")
    batch_size: int = Field(1, gt=0, description="pairs in a step")
    crop: int | None = Field(
        None, gt=0, description="side of the random square cut from each training image; none: whole images"
    )
    augment: Augment = Field(
        [],
        description="how training images are varied, in this order and before `train.crop`: names of operations, "
        "or names with their settings: `[flip, rotate: {degrees: 5}]`",
    )
    workers: int | None = Field(
        None,
        ge=0,
        le=64,
        description="threads that make batches ahead of time; none: one for each core but one, at most 4. The batches "
        "are the same whatever the number",
    )
    lr: float = Field(2e-4, gt=0, description="learning rate of Adam")
    betas: tuple[Decay, Decay] = Field((0.5, 0.999), description="decay rates of Adam's two moments")
    players: dict[str, PlayerSettings] = Field({}, description="what differs for one player, by its name")
    stages: dict[str, StageSettings] = Field({}, description="what differs for one stage, by its name")

    def steps_of(self, stage: str) -> int:
        own = self.stages.get(stage, StageSettings()).steps
        return self.steps if own is None else own

    def augment_of(self, stage: str) -> list[Operation]:
        """An empty list of a stage's own is one too."""
        own = self.stages.get(stage, StageSettings()).augment
        return self.augment if own is None else own

    def lr_of(self, player: str, stage: str) -> float:
        """The player's own comes before the stage's."""
        return self.players.get(player, PlayerSettings()).lr or self.stages.get(stage, StageSettings()).lr or self.lr
