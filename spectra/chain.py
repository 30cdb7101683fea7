"""A chain: a Model of Models, each of which translates what the one before it gave."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from pathlib import Path
from typing import Any, ClassVar, cast

from pydantic import Field
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.inference import Size
from spectra.link import Link, Side
from spectra.modalities import Modality, Task
from spectra.model import Model, create, load
from spectra.model_folder import plain, weights_hash
from spectra.recipe.recipe import InferenceSettings
from spectra.registry import registry
from spectra.settings import Config
from spectra.translator import Translator

REMEDY = (
    "Neighbours must agree in name, channels and scale. Train them with the same scale (`data.target.scale` in the one "
    "recipe, `data.source.scale` in the other), or put a link between that makes the one of the other."
)


class Settings(Config):
    links: list[Link] = Field([], description="the links, in the order in which an image goes through them")


class Chain(Translator):
    """Applies its links in turn, each as the Model that it is: it pads, resizes and clamps for itself.

    Built from resolved settings, its networks are fresh until a state is loaded into them, as with any translator.
    From links as a recipe writes them, `resolve` makes one; built from these alone, it has nothing to apply yet.
    """

    api_version = 1
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {"tiny": {"evaluate": {"resize": None}}}
    Settings = Settings
    summary = "models one after the other, such as SAR to RGB and then RGB to infrared"

    def __init__(self, task: Task, settings: Config, models: Sequence[Model] | None = None) -> None:
        super().__init__(task, settings)
        links: list[Link] = self.settings.links
        if models is None:
            models = [_fresh(link) for link in links] if all(link.resolved for link in links) else []
        self.links = nn.ModuleList(models)
        if models:
            _require_fit(task, models, [link.label for link in links])
            self.bounded = models[-1].translator.bounded  # type: ignore[misc]  # as its last link, no more and no less

    @property
    def models(self) -> list[Model]:
        return [cast(Model, link) for link in self.links]

    @property
    def ready(self) -> bool:
        return bool(self.links) and all(model.trained for model in self.models)

    @property
    def reach(self) -> int | None:
        """The sum over the links; None where one has none, or pads: windows do not lie where it would pad."""
        reaches = [model.reach if model.translator.multiple == 1 else None for model in self.models]
        known = [reach for reach in reaches if reach is not None]
        return sum(known) if reaches and len(known) == len(reaches) else None

    def forward(self, source: Tensor) -> Tensor:
        if not self.links:
            raise SpectraError(
                "This chain has no models yet. Run a recipe that says `translator: {chain: [...]}`, or load what such "
                "a run has saved."
            )
        return reduce(lambda image, model: cast(Tensor, model(image)), self.models, source)

    def result_size(self, size: Size) -> Size:
        return reduce(lambda size, model: model.size_of(size), self.models, size)

    def result_mask(self, valid: Tensor) -> Tensor:
        return reduce(lambda valid, model: model.mask_of(valid), self.models, valid)

    def diagnostics(self) -> dict[str, Any]:
        """Which links there are, the hashes of their weights, and what they found out themselves."""
        told = [_described(link, model) for link, model in zip(self._links, self.models, strict=True)]
        return {"links": told} if told else {}

    @property
    def notes(self) -> tuple[str, ...]:
        """What was said of the links, for the Model that this becomes."""
        return tuple(
            f"Link {place} ({link.label}): {note}"
            for place, link in enumerate(self._links, start=1)
            for note in dict.fromkeys([*link.notes, link.treatment.told()])
            if note
        )

    @property
    def _links(self) -> list[Link]:
        links: list[Link] = self.settings.links
        return links if self.links else []


FolderOf = Callable[[str], Path | str]
"""The folder of the run of a recipe, carried out by then."""


def not_there(recipe: str) -> Path:
    raise SpectraError(f"The run of {recipe} is needed first: `spectra run` of the chain's recipe carries it out.")


def resolve(links: Sequence[Link], task: Task, folder_of: FolderOf = not_there) -> Chain:
    """The chain of links as a recipe writes them, with the weights of their models; every link must be trained."""
    if not links:
        raise SpectraError("A chain needs at least one link: `translator: {chain: [{recipe: base.yaml}, ...]}`.")
    loaded = [_loaded(place, link, folder_of) for place, link in enumerate(links, start=1)]
    models: list[Model] = []
    for place, (link, model) in enumerate(zip(links, loaded, strict=True)):
        before = models[-1].task.target if models else task.source
        behind = _wanted(place, links, loaded, task)
        models.append(model or _named(place + 1, link, before, behind))
    resolved = [_resolved(link, model) for link, model in zip(links, models, strict=True)]
    return Chain(task, Settings(links=resolved), models)


def _loaded(place: int, link: Link, folder_of: FolderOf) -> Model | None:
    """The trained model of a link; None where it names a translator."""
    if link.translator is not None:
        return None
    model = load(Path(link.model if link.model is not None else folder_of(str(link.recipe))))
    if not model.trained:
        raise SpectraError(f"Link {place} ({link.label}) is not trained, and its results would mean nothing.")
    return model


def _wanted(place: int, links: Sequence[Link], loaded: Sequence[Model | None], task: Task) -> Modality | None:
    """What the link behind a place takes, or the task at the end; None where that is not said."""
    if place + 1 == len(links):
        return task.target
    model, side = loaded[place + 1], links[place + 1].source
    return model.task.source if model else side.modality() if side else None


def _named(place: int, link: Link, before: Modality, behind: Modality | None) -> Model:
    """A translator between its neighbours, which must need no learning."""
    source = link.source.modality() if link.source else before
    target = link.target.modality() if link.target else behind
    if target is None:
        raise SpectraError(
            f"Link {place} ({link.label}) and the next are both names, and nothing says what the one gives to the "
            "other. Say it: `target: {name: rgb, channels: 3}`."
        )
    try:
        model = create(str(link.translator), Task(source, target), link.preset, link.settings)
    except SpectraError as why:
        raise SpectraError(f"Link {place} ({link.label}) cannot stand there: {why}") from None
    if not model.trained:
        raise SpectraError(
            f"Link {place} ({link.label}) must learn before it can be used. Fit or train it with a recipe of its own, "
            "and name that in its place: `recipe: PATH`, or `model: FOLDER` of its run."
        )
    model.inference = link.treatment
    return model


def _resolved(link: Link, model: Model) -> Link:
    task = model.task
    size = model.inference
    return Link(
        translator=registry("translators").find(model.name).full_name,
        settings=model.translator.settings.model_dump(mode="json"),
        inference=InferenceSettings(input=size.input, output=size.output),
        source=Side.of(task.source),
        target=Side.of(task.target),
        origin=link.origin or _origin(link),
        weights=weights_hash(model),
        notes=list(model.notes),
        diagnostics=plain(model.diagnostics),
    )


def _origin(link: Link) -> str:
    """The last word of a path that says something: a run's folder holds its model in `model`."""
    path = Path(link.recipe or link.model or "")
    return path.parent.name if path.name == "model" else path.name


def _fresh(link: Link) -> Model:
    """The Model of a resolved link, its network as it begins."""
    name = str(link.translator)
    return Model(
        registry("translators").get(name)(link.task, link.checked_settings()),
        name,
        notes=tuple(link.notes),
        found=link.diagnostics,
        inference=link.treatment,
    )


def _require_fit(task: Task, models: Sequence[Model], labels: Sequence[str]) -> None:
    """Refused where a neighbour takes something else than what it is given; both sides are named."""
    gives = [(f"The task {task} begins with", task.source)]
    gives += [
        (f"Link {n} ({label}) gives", m.task.target) for n, (label, m) in enumerate(zip(labels, models, strict=True), 1)
    ]
    takes = [
        (f"link {n} ({label}) takes", m.task.source) for n, (label, m) in enumerate(zip(labels, models, strict=True), 1)
    ]
    takes += [(f"the task {task} ends with", task.target)]
    for (giver, given), (taker, taken) in zip(gives, takes, strict=True):
        if given != taken:
            raise SpectraError(f"{giver} {_shown(given)}, and {taker} {_shown(taken)}. {REMEDY}")


def _shown(modality: Modality) -> str:
    plural = "s" * (modality.channels != 1)
    return f"{modality.name} ({modality.channels} channel{plural}, scale `{modality.scale}`)"


def _described(link: Link, model: Model) -> dict[str, Any]:
    said = {"translator": link.translator, "origin": link.origin, "task": str(model.task), "weights": link.weights}
    told = {"inference": link.inference.model_dump(mode="json") if link.treatment.resizes else None}
    return said | {key: value for key, value in {**told, "diagnostics": link.diagnostics}.items() if value}
