"""What a process of its own is asked to carry out, as one JSON text."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from spectra.recipe.recipe import Recipe


class Request(BaseModel):
    """Teach what a recipe describes, or take a model that is there; and let it predict the test images."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
    name: str
    recipe: Recipe
    """Of a model that is there: whose data it is."""
    folder: Path
    device: str = "cpu"
    model: Path | None = None
    budget: str | None = None
    pace: Path | None = None
    """Where it is written down how many steps a time gives: they must be the same when it goes on."""
    preset: str | None = None
    sets: tuple[str, ...] = ()
    data: Path | None = None
    """The last three: what the recipes that this one needs are told."""
    needs: Path | None = None
    """Where their runs are kept."""
