"""A choice of a recipe: the name of one thing, and its settings."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from pydantic import ConfigDict, model_serializer, model_validator

from spectra.settings import Config


class OneOf(Config):
    """Each field is the settings of one choice; exactly one of them is said."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})
    wanted: ClassVar[str] = "write one"
    """What to say where none or several are written."""

    @property
    def name(self) -> str:
        return next(name for name, settings in self if settings is not None)

    @property
    def settings(self) -> Config:
        found: Config = getattr(self, self.name)
        return found

    @model_validator(mode="after")
    def _only_one(self) -> Self:
        if sum(settings is not None for _, settings in self) != 1:
            raise ValueError(self.wanted)
        return self

    @model_serializer
    def _said(self) -> dict[str, Any]:
        return {self.name: self.settings.model_dump(mode="json")}


def entry(value: Any) -> Any:
    """A bare name, or one with nothing behind it, stands for the defaults."""
    if isinstance(value, str):
        return {value: {}}
    if isinstance(value, dict) and len(value) == 1:
        return {name: {} if said is None else said for name, said in value.items()}
    return value
