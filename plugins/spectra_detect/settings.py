"""What the YAML file of a detection experiment may say."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from spectra import Config

PAPER_CLASSES = {"car": ["car", "truck", "bus"], "bicycle": ["bicycle", "motorcycle"]}


class SceneSettings(Config):
    """The built-in street scenes, which stand in where no data is given. No scene is in two splits."""

    size: int = Field(160, ge=32, le=4096, description="height and width in pixels")
    labelled: int = Field(300, gt=0, le=500_000, description="scenes with labels in the source modality")
    few: int = Field(16, gt=0, le=500_000, description="scenes with labels in the target modality to fine-tune on")
    test: int = Field(200, gt=0, le=500_000, description="scenes with labels in the target modality to judge by")
    pairs: int = Field(200, gt=0, le=500_000, description="pairs without labels that the generator learns from")
    seed: int = Field(0, ge=0, lt=2**63, description="which scenes")


class DataSettings(Config):
    root: str | None = Field(
        None, description="folder with labelled/, few/ and test/ (and pairs/); none: the built-in street scenes"
    )
    scenes: SceneSettings = Field(SceneSettings(), description="the built-in scenes, used where there is no root")
    group: str | None = Field(
        None,
        description="pattern whose first group, found in a file's name, names the scene that the image shows; images "
        "of a scene are drawn together when intervals are made; none: each image is a scene of its own",
    )
    names: Literal["places", "free"] = Field(
        "places",
        description="`places`: the same name in two splits means the same place, which is refused where one of them is "
        "the test split; `free`: names mean nothing",
    )


class LabelSettings(Config):
    classes: dict[str, list[str]] = Field(
        PAPER_CLASSES, min_length=1, description="what is to be found, and which labels of the files it stands for"
    )
    smallest: float = Field(
        8.0,
        ge=0,
        description="boxes whose longer side is below so many pixels are not learned from, and neither count as found "
        "nor as missed",
    )

    @model_validator(mode="after")
    def _each_once(self) -> LabelSettings:
        names = [name for merged in self.classes.values() for name in merged]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"each label belongs to one class, and {', '.join(twice)} to several")
        if empty := [name for name, merged in self.classes.items() if not merged]:
            raise ValueError(f"name the labels that {', '.join(empty)} stands for")
        return self


class GeneratorSettings(Config):
    """Who translates the labelled images: a finished model, or a translator that learns from the pairs first."""

    model: str | None = Field(None, description="folder of a model or run, or a ready name; none: one is trained")
    translator: str = Field("pix2next", description="who learns, where no model is named")
    preset: str | None = Field("tiny", description="its preset")
    sets: list[str] = Field([], description="values of its recipe, written as behind `--set`")


class DetectorSettings(Config):
    """FCOS of torchvision on a small residual network, from scratch."""

    size: int = Field(160, ge=32, le=4096, description="pixels of the shorter side, to which images are brought")
    width: int = Field(24, ge=8, le=1024, multiple_of=8, description="channels of the first layer")
    neck: int = Field(32, ge=16, le=1024, multiple_of=8, description="channels of the feature pyramid and the heads")
    convolutions: int = Field(2, ge=1, le=8, description="layers of each head before the last")
    source: Literal["colour", "grey"] = Field(
        "colour", description="how it sees the labelled source images: as they are, or their grey, three times"
    )


class LearningSettings(Config):
    steps: int = Field(1000, gt=0, description="optimizer steps on the labelled source images")
    tune_steps: int = Field(400, gt=0, description="optimizer steps of either fine-tuning; the same for both arms")
    batch_size: int = Field(8, gt=0, description="images in a step")
    rate: float = Field(3e-3, gt=0, description="learning rate of the first arm")
    tune_rate: float = Field(1e-3, gt=0, description="learning rate of fine-tuning")
    decay: float = Field(1e-4, ge=0, description="weight decay of AdamW")
    clip: float = Field(1.0, gt=0, description="norm to which gradients are held")
    warm_up: float = Field(0.1, ge=0, lt=1, description="share of the steps in which the rate rises; it then falls")
    flip: bool = Field(True, description="mirror half of the images")
    light: float = Field(0.2, ge=0, lt=1, description="how much brighter or darker an image may become, as a share")
    real_share: float = Field(
        0.5, gt=0, lt=1, description="share of real images in the batches of the arm that has generated ones too"
    )


class EvaluationSettings(Config):
    threshold: float = Field(0.03, ge=0, lt=1, description="score below which a detection is dropped")
    resamples: int = Field(1000, ge=10, le=100_000, description="draws of the bootstrap")
    confidence: float = Field(0.95, gt=0, lt=1, description="of the intervals")
    pictures: int = Field(6, ge=0, le=1000, description="test images that are drawn with what was found")


class Settings(Config):
    """One experiment: three arms, several seeds."""

    name: str = Field(
        "", pattern=r"^[\w.-]*$", max_length=100, description="names the folder; without it, the name of the file"
    )
    task: str = Field("rgb2nir", description="from the modality with many labels to the one with few")
    seeds: int = Field(3, gt=0, le=1000, description="how many times all arms learn, each with a seed of its own")
    data: DataSettings = Field(DataSettings(), description="what to learn from and to judge by")
    labels: LabelSettings = Field(LabelSettings(), description="what is to be found")
    generator: GeneratorSettings = Field(GeneratorSettings(), description="who translates the labelled images")
    detector: DetectorSettings = Field(DetectorSettings(), description="who finds")
    learning: LearningSettings = Field(LearningSettings(), description="how it learns")
    evaluation: EvaluationSettings = Field(EvaluationSettings(), description="how to judge")
