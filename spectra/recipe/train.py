"""How to train: the `train:` part of a recipe."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from spectra.recipe.augment import Augment, Operation
from spectra.recipe.length import Length
from spectra.recipe.schedule import Schedule, ScheduleEntry
from spectra.settings import Config

Decay = Annotated[float, Field(ge=0, lt=1)]
Precision = Literal["fp32", "tf32", "bf16", "fp16"]
OptimizerName = Literal["adam", "adamw", "sgd", "rmsprop"]


class PlayerSettings(Config):
    """What differs for one player; what it does not say is said by the stage, or by `train` itself."""

    lr: float | None = Field(None, gt=0, description="learning rate of this player")
    optimizer: OptimizerName | None = Field(None, description="how its gradients become steps")
    betas: tuple[Decay, Decay] | None = Field(None, description="decay rates of its moments")
    weight_decay: float | None = Field(None, ge=0, description="decay of its weights")
    schedule: ScheduleEntry | None = Field(None, description="how its learning rate changes")
    clip: float | None = Field(None, ge=0, description="largest norm of its gradient; 0: as large as it is")


class StageSettings(Config):
    """What differs in one stage; what it does not say is said by `train` itself."""

    steps: Length | None = Field(None, description="its length: optimizer steps, or such as `20 epochs`")
    lr: float | None = Field(None, gt=0, description="learning rate in this stage")
    schedule: ScheduleEntry | None = Field(None, description="how learning rates change in this stage")
    clip: float | None = Field(None, ge=0, description="largest norm of a player's gradient; 0: as large as it is")
    accumulate: int | None = Field(None, gt=0, description="batches whose gradients are added up to one step")
    ema: Decay | None = Field(None, description="decay of the moving average of the weights; 0: none")
    precision: Precision | None = Field(None, description="numbers to compute with")
    channels_last: bool | None = Field(None, description="keep the channels of a pixel side by side in memory")
    compile: bool | None = Field(None, description="compile the networks")
    recompute: bool | None = Field(None, description="compute activations again in place of keeping them")
    augment: Augment | None = Field(
        None, description="how images are varied in this stage; it replaces `train.augment`, it does not add to it"
    )


class CheckpointSettings(Config):
    """A run that was stopped goes on from its newest checkpoint, bit for bit."""

    every: Length | Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6} minutes?$")] = Field(
        "10 minutes",
        description="from one checkpoint to the next: steps, `5 epochs` or `10 minutes`; 0: only when stopped, and at "
        "the end",
    )
    keep: int = Field(2, ge=1, le=1000, description="how many of the newest are kept; the best is kept besides")


class ValidationSettings(Config):
    """Scores and pictures while it learns. It needs a split of its own: `data.validation`."""

    every: Length = Field("1 epoch", description="steps, or epochs such as `5 epochs`, from one validation to the next")
    metric: str = Field("psnr", description="which metric says what is best; one of `evaluate.metrics`")
    images: int = Field(16, gt=0, description="how many images of the validation split are scored")
    samples: int = Field(4, ge=0, description="how many of them are shown in a picture each time")
    choose: Literal["best", "last"] = Field("best", description="which weights the trained model has")


class LogSettings(Config):
    """What is written down while it learns, in `training/log.jsonl`."""

    every: int = Field(10, gt=0, description="steps from one line to the next")
    tensorboard: bool = Field(False, description="write events for TensorBoard too (needs the extra `track`)")


class TrainSettings(Config):
    """Only for translators that learn by gradient."""

    steps: Length = Field(1000, description="length of each stage: optimizer steps, or such as `200 epochs`")
    batch_size: int = Field(1, gt=0, description="pairs in a batch; of several processes, all together")
    accumulate: int = Field(1, gt=0, description="batches whose gradients are added up to one step")
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
    lr: float = Field(2e-4, gt=0, description="learning rate")
    optimizer: OptimizerName = Field("adam", description="how gradients become steps")
    betas: tuple[Decay, Decay] = Field(
        (0.5, 0.999), description="decay rates of the two moments; of `sgd` and `rmsprop` the first is the momentum"
    )
    weight_decay: float = Field(0.0, ge=0, description="decay of the weights")
    schedule: ScheduleEntry = Field(
        Schedule.model_validate({"constant": {}}),
        description="how learning rates change: a name, or `{linear: {constant: 100, decay: 100}}`",
    )
    clip: float = Field(0.0, ge=0, description="largest norm of a player's gradient; 0: as large as it is")
    ema: Decay = Field(0.0, description="decay of the moving average of the weights, which the model then has; 0: none")
    precision: Precision = Field(
        "fp32", description="numbers to compute with; `bf16` and `fp16` are faster where the device has them"
    )
    channels_last: bool = Field(False, description="keep the channels of a pixel side by side in memory")
    compile: bool = Field(False, description="compile the networks: slow to begin, then faster on a GPU")
    recompute: bool = Field(
        False, description="compute activations again in place of keeping them: less memory, a third more time"
    )
    sync_batchnorm: bool = Field(False, description="with several processes, one batch norm over all of them")
    players: dict[str, PlayerSettings] = Field({}, description="what differs for one player, by its name")
    stages: dict[str, StageSettings] = Field({}, description="what differs for one stage, by its name")
    checkpoint: CheckpointSettings = Field(CheckpointSettings(), description="what a stopped run goes on from")
    validation: ValidationSettings | None = Field(
        None, description="scores and pictures while it learns; none: only when all is learned"
    )
    log: LogSettings = Field(LogSettings(), description="what is written down while it learns")

    def of_stage(self, word: str, stage: str) -> Any:
        """What a stage says of one of its words, or else what `train` itself says."""
        own = getattr(self.stages.get(stage, StageSettings()), word)
        return getattr(self, word) if own is None else own

    def of_player(self, word: str, player: str, stage: str) -> Any:
        """The player's own comes before the stage's, and the stage's before that of `train` itself."""
        own = getattr(self.players.get(player, PlayerSettings()), word)
        if own is not None:
            return own
        return self.of_stage(word, stage) if word in StageSettings.model_fields else getattr(self, word)

    def augment_of(self, stage: str) -> list[Operation]:
        """An empty list of a stage's own is one too."""
        found: list[Operation] = self.of_stage("augment", stage)
        return found
