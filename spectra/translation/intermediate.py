"""What a model makes on its way to its results, such as the grey between near infrared and colours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from spectra.errors import DataError, SpectraError
from spectra.model import Model
from spectra.translation.sources import Job


def intermediates(model: Model) -> dict[str, Model]:
    """A model for each, by its name, of the same weights and sizes."""
    found = model.translator.intermediates()
    if not found:
        raise SpectraError(f"{model.name!r} makes no images on its way to its results: leave --intermediate out.")
    return {
        name: Model(
            translator,
            model.name,
            preset=model.preset,
            trained=model.trained,
            target_type=model.target_type,
            inference=model.inference,
        )
        for name, translator in found.items()
    }


def refuse_mixed(jobs: Sequence[Job], folders: Sequence[Path]) -> None:
    """Where results would lie among what was made on the way to them."""
    for job in jobs:
        for folder in folders:
            if job.output.is_relative_to(folder):
                raise DataError(
                    f"The result of {str(job.source)!r} would lie in {str(folder)!r}, where --intermediate writes what "
                    "the model makes on its way. Nothing was translated. Rename that folder of the sources, or "
                    "translate it with a command of its own."
                )
