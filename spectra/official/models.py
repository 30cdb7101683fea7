"""Models from the checkpoints of a method's own authors."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from spectra.errors import ModelError, SpectraError
from spectra.modalities import Task
from spectra.model import Model
from spectra.registry import reason, registry
from spectra.translator import Imported

from .reading import read_checkpoint


def import_model(path: Path | str, translator: str, task: Task | str | None = None) -> Model:
    """The model of a checkpoint that the authors of a method released, with notes of what was made of it.

    The translator of that name reads its settings, and without ``task`` its channels, off the tensors. ::

        model = import_model("latest_net_G.pth", "pix2pixhd", "rgb2ir")
        model.save("models/pbvs")
    """
    path, notes = Path(path), list[str]()
    plugin, component = registry("translators").find(translator), registry("translators").get(translator)
    chosen = Task.parse(task) if isinstance(task, str) else task
    state = read_checkpoint(path, notes)
    imported = _imported(component, state, chosen, f"{str(path)!r} as {plugin.full_name}")
    origin = {"file": path.name, "sha256": _sha256(path)}
    count = f"{len(state)} tensor{'s' * (len(state) != 1)}"
    told = f"Imported from {path.name!r}, {count}, sha256 {origin['sha256']}."
    return Model(
        imported.translator,
        translator,
        trained=True,
        notes=(told, *notes, *imported.notes),
        found={"origin": origin},
    )


def _imported(component: Any, state: dict[str, Any], task: Task | None, what: str) -> Imported:
    try:
        imported = component.import_official(state, task)
    except SpectraError:
        raise
    except Exception as why:  # a stranger's translator may raise anything of tensors that it did not expect
        raise ModelError(f"Cannot import {what}. The translator's own words: {reason(why)}") from why
    if not isinstance(imported, Imported):
        raise ModelError(f"Cannot import {what}: the translator gave {imported!r}, not a spectra.Imported.")
    return imported


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
