"""What a bench keeps of each method: found again by a hash of all that matters to what it predicts."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import torch

from spectra.bench.environment import described_data, versions
from spectra.bench.names import file_names
from spectra.data.atomic import write_text
from spectra.data.open import Data
from spectra.registry import registry

DONE = "done.json"
"""In the folder of what has been carried out: how long it took, what is to be said of it."""
MODEL, PREDICTIONS = "model", "predictions"
DIGITS = 12


class Kept:
    """One method on one task with one seed: its folder, which is there only when all in it is."""

    def __init__(self, store: Path, name: str, matters: Mapping[str, Any]) -> None:
        text = json.dumps(matters, sort_keys=True, default=str)
        self.id = hashlib.sha256(text.encode()).hexdigest()
        self.folder = store / f"{file_names([name])[0]}-{self.id[:DIGITS]}"

    @property
    def done(self) -> dict[str, Any] | None:
        """What is said of it; None where it has not been carried out."""
        try:
            said: dict[str, Any] = json.loads((self.folder / DONE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return said

    def beside(self, what: str) -> Path:
        """A file that belongs to it and outlives an attempt that was stopped."""
        return self.folder.with_name(f"{self.folder.name}.{what}.json")

    def noted(self, what: str) -> dict[str, Any] | None:
        """What was noted beside it."""
        try:
            found: dict[str, Any] = json.loads(self.beside(what).read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return None
        return found

    def note(self, what: str, said: Mapping[str, Any]) -> None:
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        write_text(self.beside(what), json.dumps(said, indent=2) + "\n")


def matters_of(what: str, data: Data, translator: str, device: str, budget: object) -> dict[str, Any]:
    """All that the predictions of something depend on: ``what`` it is, the data, the code, and where it runs."""
    return {
        "what": what,
        "data": described_data(data),
        "budget": str(budget),
        "code": {translator: source_of(translator), "spectra": source_of("")},
        "versions": versions(("torch", "numpy")),
        "device": _kind_of(device),
    }


@cache
def source_of(translator: str) -> str:
    """A hash of the source of the package that a translator is of; of no name, of Spectra itself.

    A version alone would not do: whoever writes a method changes it ten times a day.
    """
    kind = registry("translators").get(translator) if translator else source_of
    module = inspect.getmodule(kind)
    file = getattr(module, "__file__", None)
    if module is None or file is None:
        return ""
    package = module.__name__.partition(".")[0]
    root = next((up for up in Path(file).parents if up.name == package), None)
    files = sorted(root.rglob("*.py")) if root else [Path(file)]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _kind_of(device: str) -> str:
    """Which card of several like ones does not matter; that it is one, and which kind, does."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device
