"""What a bench keeps of each method: found again by a hash of all that matters to what it predicts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spectra.bench.contest.matters import hashed
from spectra.bench.names import file_names
from spectra.data.atomic import write_text
from spectra.errors import SpectraError
from spectra.model_folder import DESCRIPTION, WEIGHTS

DONE = "done.json"
"""In the folder of what has been carried out: how long it took, what is to be said of it."""
MODEL, PREDICTIONS = "model", "predictions"
DIGITS = 12


class Kept:
    """One method on one task with one seed: its folder, which is there only when all in it is."""

    def __init__(self, store: Path, name: str, matters: Mapping[str, Any]) -> None:
        self.name, self.matters, self.id = name, matters, hashed(matters)
        self.safe = file_names([name])[0]
        self.folder = store / f"{self.safe}-{self.id[:DIGITS]}"

    @property
    def there(self) -> bool:
        """Whether there is anything, be it damaged."""
        return self.folder.exists()

    @property
    def done(self) -> dict[str, Any]:
        """What is said of it, once it has been carried out."""
        try:
            said: dict[str, Any] = json.loads((self.folder / DONE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as why:
            raise SpectraError(f"{str(self.folder / DONE)!r} is damaged: {why}.") from None
        if not isinstance(said, dict):
            raise SpectraError(f"{str(self.folder / DONE)!r} is damaged: it holds no names and values.")
        return said

    def require_whole(self) -> None:
        """Told of what somebody has removed or cut off; whether predictions can be read is found by reading them."""
        said = self.done
        for file in (self.folder / MODEL / DESCRIPTION, self.folder / MODEL / WEIGHTS):
            if not file.is_file():
                raise SpectraError(f"{str(file)!r} is missing.")
        if not {"seconds", "steps"} <= said.keys():
            raise SpectraError(f"{str(self.folder / DONE)!r} is damaged: it does not say all that it should.")

    def set_aside(self) -> Path:
        """Give it another name, as hours may be in it, and let its place be free."""
        number = 1
        while (aside := self.folder.with_name(f"{self.folder.name}.damaged{number}")).exists():
            number += 1
        self.folder.rename(aside)
        return aside

    def beside(self, what: str) -> Path:
        """A file that belongs to it and outlives an attempt that was stopped."""
        return self.folder.with_name(f"{self.folder.name}.{what}.json")


def noted(file: Path) -> dict[str, Any] | None:
    """What a file beside what is kept says; what is damaged counts for nothing."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def note(file: Path, said: Mapping[str, Any]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    write_text(file, json.dumps(said, indent=2) + "\n")
