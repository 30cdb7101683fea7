"""Where a run learns: a folder beside its own, which outlives being stopped, and becomes `training/` of the run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from spectra.data.atomic import write_text
from spectra.errors import SpectraError

IDENTITY = "unfinished.json"
HELD = "training"


class Workshop:
    """``NAME.training`` beside the run ``NAME``: the log, the pictures and the checkpoints of each method."""

    def __init__(self, run: Path) -> None:
        self.run = run
        self.folder = run.with_name(f"{run.name}.{HELD}")

    def enter(self, identity: Mapping[str, str], fresh: bool = False) -> None:
        """Make it, or go on in the one that a stopped run of the same recipe and data left."""
        known = self._known()
        if known is not None and known != dict(identity):
            if self._has_learned() and not fresh:
                raise SpectraError(self._refusal(known, identity))
            self._clear_away()
        self.folder.mkdir(parents=True, exist_ok=True)
        write_text(self.folder / IDENTITY, json.dumps(dict(identity), indent=2) + "\n")

    def of(self, name: str) -> Path:
        """The folder of one method, by the name of its row; of the only one, all of it."""
        return self.folder / name if name else self.folder

    def leave(self) -> None:
        """All is done: what was learned, if anything, becomes a part of the finished run."""
        if not self.folder.is_dir():
            return
        (self.folder / IDENTITY).unlink(missing_ok=True)
        if any(self.folder.iterdir()):
            self.folder.rename(self.run / HELD)
        else:
            self.folder.rmdir()

    def abandon(self) -> None:
        """A run has failed: what holds no checkpoint is of no use."""
        if self.folder.is_dir() and not self._has_learned():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _known(self) -> dict[str, str] | None:
        if not self.folder.is_dir():
            return None
        try:
            found = json.loads((self.folder / IDENTITY).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _has_learned(self) -> bool:
        return next(self.folder.rglob("checkpoints/step_*"), None) is not None

    def _clear_away(self) -> None:
        if not self._has_learned():
            shutil.rmtree(self.folder)
            return
        number = 1
        while (aside := self.folder.with_name(f"{self.folder.name}.old{number}")).exists():
            number += 1
        self.folder.rename(aside)

    def _refusal(self, known: Mapping[str, str], identity: Mapping[str, str]) -> str:
        differing = [word for word in identity if known.get(word) != identity[word]]
        return (
            f"{str(self.folder)!r} holds a run that was stopped while it learned, of another "
            f"{' and '.join(differing)}. Go on with that one by its own command, choose another --out, or set it "
            "aside with --fresh."
        )
