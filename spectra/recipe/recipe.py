"""What a recipe may say: the words of its YAML file, their types and their defaults."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from spectra.modalities import Modality, Scale, Task
from spectra.recipe.train import TrainSettings
from spectra.settings import Config

FLOORS = ("copy", "inverse", "constant", "linear")
METRICS = ("psnr", "ssim", "rmse", "mae")


class ModalitySettings(Config):
    channels: int = Field(gt=0, description="number of bands")
    scale: str = Field(
        "dtype", description="what its values mean: `dtype`, or a unit and its limits such as `K 250..330`"
    )


class SideSettings(Config):
    folder: str | None = Field(
        None, description="name of the side or folder that holds these images; without it, that of the modality"
    )
    scale: str | None = Field(None, description="scale of these images; without it, that of the modality")


class SceneSettings(Config):
    """The built-in scenes, which stand in where no data is given."""

    view: Literal["aerial", "street"] = Field("aerial", description="seen from above, or from the ground")
    size: int = Field(256, ge=32, le=4096, description="height and width in pixels")
    train: int = Field(48, gt=0, le=1_000_000, description="number of training scenes")
    test: int = Field(16, gt=0, le=1_000_000, description="number of test scenes")
    validation: int = Field(8, gt=0, le=1_000_000, description="number of validation scenes")
    bits: Literal[8, 16] = Field(8, description="depth of the images")
    seed: int = Field(0, ge=0, lt=2**63, description="which scenes: it is apart from the seed of the run")


def _not_empty(value: Any) -> Any:
    if value == "":
        raise ValueError("write the path of a folder")
    return value


OptionalPath = Annotated[Path, BeforeValidator(_not_empty, json_schema_input_type=str)] | None


class SplitSettings(Config):
    """A split written by `spectra data split` or `spectra data check`, used in place of the data's own."""

    file: Annotated[Path, BeforeValidator(_not_empty, json_schema_input_type=str)] = Field(
        description="the file; relative to the recipe that says it (with --set, to the current folder)"
    )
    fold: int | None = Field(None, ge=0, description="which fold is the test split, where the file holds folds")


class DataSettings(Config):
    root: OptionalPath = Field(
        None,
        description="folder of a data set in any known layout, or a manifest (.csv, .jsonl), relative to the recipe "
        "that says it (with --data and --set, to the current folder); none: the built-in scenes",
    )
    layout: str | None = Field(
        None, description="how the data lies, as `spectra data list` names it; without it, it is recognised"
    )
    train: str = Field("train", description="name of the split to learn from")
    test: str = Field("test", description="name of the split to judge by")
    validation: str | None = Field(
        None,
        description="name of the split that `train.validation` looks at; none: it has none. The built-in scenes always "
        "have one",
    )
    split: SplitSettings | None = Field(None, description="a written split, in place of the data's own")
    pairing: Literal["name", "random", "all"] = Field(
        "name",
        description="`name`: one image of each side for a place; where a place has several: `random` draws one of each "
        "at every visit, `all` takes every combination",
    )
    visits: int = Field(1, gt=0, le=10_000, description="with random pairing, how often each place comes in an epoch")
    unpaired: bool = Field(
        False, description="let images without a partner be, and feed them to streams of single images"
    )
    mask: str | None = Field(
        None, description="side with masks of valid pixels: 0 is no data, all else is data; none: no masks"
    )
    align: Literal["none", "geo"] = Field(
        "none", description="`geo`: bring both images onto one grid by their georeference (needs rasterio)"
    )
    cache: float = Field(
        8.0, ge=0, description="gigabytes of decoded images to keep on disk, in Spectra's cache folder; 0: none"
    )
    source: SideSettings = Field(SideSettings(), description="where the source images are and what they mean")
    target: SideSettings = Field(SideSettings(), description="where the target images are and what they mean")
    scenes: SceneSettings = Field(SceneSettings(), description="the built-in scenes, used where there is no root")


Side = Annotated[int, Field(gt=0, le=65536)]


class LossEntry(BaseModel):
    """A weight and which scales count, and beside them the settings of the loss itself."""

    model_config = ConfigDict(frozen=True, extra="allow", allow_inf_nan=False)
    weight: float = Field(1.0, ge=0, description="what the loss counts; 0 leaves it out")
    scales: Literal["finest", "all"] = Field(
        "finest", description="of a method that predicts on several scales: the finest alone, or the sum over all"
    )

    @property
    def said(self) -> dict[str, Any]:
        """What stands beside the settings of the loss."""
        return {"weight": self.weight} | ({"scales": self.scales} if self.scales != "finest" else {})

    @property
    def settings(self) -> dict[str, Any]:
        return dict(self.model_extra or {})


def _entry(value: Any) -> Any:
    return {"weight": value} if isinstance(value, int | float) and not isinstance(value, bool) else value


def _named(value: Any) -> Any:
    return {name: {} for name in value} if isinstance(value, list) and all(isinstance(n, str) for n in value) else value


Losses = dict[str, Annotated[LossEntry, BeforeValidator(_entry, json_schema_input_type=float | LossEntry)]]
Metrics = Annotated[
    dict[str, dict[str, Any]],
    BeforeValidator(_named, json_schema_input_type=list[str] | dict[str, dict[str, Any]]),
]


class EvaluateSettings(Config):
    metrics: Metrics = Field(
        {name: {} for name in METRICS},
        description="names of metrics, or names with their settings: `{psnr: {}, ssim: {window: 7}}`",
    )
    floors: list[str] = Field(list(FLOORS), description="what every method must beat; they stand in each table")
    samples: int = Field(4, ge=0, description="number of test images to write as pictures")
    resize: tuple[Side, Side] | None = Field(
        None, description="height and width to which both images are brought before scoring; none: native size"
    )


class InitFrom(Config):
    """Weights to begin with, from another model. Either `recipe` or `run`."""

    recipe: OptionalPath = Field(
        None, description="a recipe whose run is used; it is carried out first, where that has not been done"
    )
    run: OptionalPath = Field(None, description="folder of a finished run, or of a model")
    players: bool = Field(
        True,
        description="take over what only learning needs too, such as discriminators; needs a run, not a bare model",
    )
    mismatch: Literal["inflate", "skip", "error"] = Field(
        "inflate",
        description="what becomes of layers of another number of image channels: spread over the new ones so that a "
        "grey image gives the same result, left as they begin, or an error",
    )


def _source(value: Any) -> Any:
    """A bare path is that of a recipe where it ends in `.yaml`, else of a folder."""
    if not isinstance(value, str):
        return value
    return {"recipe" if value.endswith((".yaml", ".yml")) else "run": value}


class InferenceSettings(Config):
    """How the finished model treats images; it is stored in the model."""

    input: tuple[Side, Side] | None = Field(
        None, description="height and width to which a source is brought before it is translated; none: as it is"
    )
    output: tuple[Side, Side] | None = Field(
        None, description="height and width to which the result is brought; none: those of the source"
    )


class Recipe(Config):
    """One experiment: task, method, data, training and evaluation."""

    name: str = Field(
        "", pattern=r"^[\w.-]*$", max_length=100, description="names the run's folder; without it, the name of the file"
    )
    task: str = Field(description="source and target modality, such as `rgb2ir`")
    translator: str = Field(
        description="name of the method, or `distribution:name`; `spectra list translators` shows them"
    )
    preset: str | None = Field(None, description="named settings of the translator; they win over this file")
    settings: dict[str, Any] = Field({}, description="settings of the translator itself")
    modalities: dict[str, ModalitySettings] = Field({}, description="your own modalities, by name")
    data: DataSettings = Field(DataSettings(), description="what to learn from and to judge by")
    losses: Losses = Field({}, description="paired losses by name: a weight, or `{weight: 1, ...settings}`")
    weights: dict[str, dict[str, Annotated[float, Field(ge=0)]]] = Field(
        {}, description="weights of a method's own terms: `{generator: {adversarial: 1}}`; 0 leaves a term out"
    )
    train: TrainSettings = Field(TrainSettings(), description="how to learn, for methods that learn by gradient")
    init_from: Annotated[InitFrom, BeforeValidator(_source, json_schema_input_type=str | InitFrom)] | None = Field(
        None,
        description="weights to begin with: a recipe (`base.yaml`), the folder of a run or of a model, or a mapping",
    )
    inference: InferenceSettings = Field(InferenceSettings(), description="how the finished model treats images")
    evaluate: EvaluateSettings = Field(EvaluateSettings(), description="how to judge")
    seed: int = Field(0, ge=0, lt=2**63, description="seed of everything random in the run")
    row: str = Field("", description="which row of a matrix this is; filled in by Spectra")

    @property
    def counting(self) -> dict[str, LossEntry]:
        """The losses of which any player learns: those of weight 0 need not be made."""
        reweighted = {term for terms in self.weights.values() for term, weight in terms.items() if weight}
        return {
            name: entry
            for name, entry in self.losses.items()
            if entry.weight or any(term.endswith(name.rpartition(":")[2]) for term in reweighted)
        }

    @property
    def method(self) -> str:
        """The name of this recipe's row in a table."""
        return f"{self.translator} {self.row}" if self.row else self.translator

    def resolved_task(self) -> Task:
        """The task with the scales of this recipe."""
        own = {name: Modality(name, m.channels, Scale.parse(m.scale)) for name, m in self.modalities.items()}
        task = Task.parse(self.task, own)
        return Task(_scaled(task.source, self.data.source.scale), _scaled(task.target, self.data.target.scale))


def _scaled(modality: Modality, scale: str | None) -> Modality:
    return modality if scale is None else modality.with_scale(Scale.parse(scale))
