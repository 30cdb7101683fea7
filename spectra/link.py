"""A link of a chain: what a recipe says of it, and what a saved chain builds it from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from spectra.errors import SpectraError
from spectra.inference import Inference
from spectra.modalities import Modality, Scale, Task
from spectra.model import preset_of, validated
from spectra.recipe.recipe import InferenceSettings
from spectra.registry import registry
from spectra.settings import Config


class Side(Config):
    """A modality, as `model.json` writes it."""

    name: str
    channels: int = Field(ge=1, le=65535)
    scale: str = "dtype"

    @classmethod
    def of(cls, modality: Modality) -> Side:
        return cls(name=modality.name, channels=modality.channels, scale=str(modality.scale))

    def modality(self) -> Modality:
        return Modality(self.name, self.channels, Scale.parse(self.scale))


class Link(Config):
    """One link: as a recipe writes it, with one of the first three keys; or resolved, which a saved chain holds."""

    recipe: str | None = Field(None, description="a recipe whose run gives the model; it is carried out first")
    model: str | None = Field(None, description="folder of a model, or of a run")
    translator: str | None = Field(None, description="name of a translator that needs no learning, such as graydef")
    preset: str | None = Field(None, description="preset of that translator")
    settings: dict[str, Any] = Field({}, description="settings of that translator")
    inference: InferenceSettings = Field(InferenceSettings(), description="how that translator treats images")
    source: Side | None = Field(None, description="what that translator takes; without it, what the link before gives")
    target: Side | None = Field(None, description="what that translator gives; without it, what the next link takes")
    origin: str = Field("", description="where the model came from; filled in by Spectra")
    weights: str = Field("", description="SHA-256 of its weights; filled in by Spectra")
    notes: list[str] = Field([], description="what was said of the model; filled in by Spectra")
    diagnostics: dict[str, Any] = Field({}, description="what it found while it learned; filled in by Spectra")

    @model_validator(mode="after")
    def says_one_thing(self) -> Link:
        named = [word for word in ("recipe", "model", "translator") if getattr(self, word) is not None]
        if len(named) != 1:
            told = f", not {' and '.join(named)} together" if named else ""
            raise ValueError(f"a link is one of `recipe`, `model` or `translator`{told}")
        beside = [key for key in type(self).model_fields if key not in named and self._says(key)]
        if self.translator is None and beside:
            raise ValueError(
                f"a {named[0]} brings all with it: leave out {', '.join(beside)}, meant for a `translator`"
            )
        try:
            self.checked_settings()
            for side in (self.source, self.target):
                side.modality() if side else None
        except SpectraError as why:
            raise ValueError(str(why)) from None
        return self

    @model_serializer(mode="wrap")
    def without_defaults(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        said: dict[str, Any] = dump(self)
        return {key: value for key, value in said.items() if self._says(key)}

    @property
    def resolved(self) -> bool:
        """Whether all is said that its network is built from."""
        return self.translator is not None and self.source is not None and self.target is not None

    @property
    def label(self) -> str:
        return self.origin or Path(self.recipe or self.model or str(self.translator).rpartition(":")[2]).name

    @property
    def task(self) -> Task:
        """Of a resolved link."""
        assert self.source and self.target
        return Task(self.source.modality(), self.target.modality())

    @property
    def treatment(self) -> Inference:
        return Inference(self.inference.input, self.inference.output)

    def checked_settings(self) -> Any:
        """The settings of its translator, the preset's below them; None where it names none."""
        if self.translator is None:
            return None
        component = registry("translators").get(self.translator)
        below = preset_of(component, self.translator, self.preset).get("settings", {})
        return validated(component, self.translator, {**below, **self.settings})

    def _says(self, key: str) -> bool:
        return bool(getattr(self, key) != type(self).model_fields[key].default)
