"""Where a run learns: a folder beside its own, which outlives being stopped, and becomes `training/` of the run."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from spectra.data.atomic import write_text
from spectra.errors import SpectraError

IDENTITY = "unfinished.json"
HELD = "training"
FRESH = "fresh"
"""Whether it was begun by ``--fresh``: then the same command, which says so again, goes on."""


class Workshop:
    """``NAME.training`` beside the run ``NAME``: the log, the pictures and the checkpoints of each method.

    What has no `unfinished.json` of ours is somebody else's, and is never touched.
    """

    def __init__(self, run: Path, identity: Mapping[str, str]) -> None:
        self.run = Path(os.path.realpath(run))  # where a link leads, as the run itself
        self.folder = self.run.with_name(f"{self.run.name}.{HELD}")
        self.identity = dict(identity)
        self.entered = False

    def enter(self, fresh: bool = False) -> None:
        """Make it, or go on in the one that a stopped run of the same recipe and data left."""
        known = self._known()
        if known is not None and not self._goes_on(known, fresh):
            if self._has_learned() and not fresh:
                raise SpectraError(self._refusal(known))
            self._clear_away()
            known = None
        self.folder.mkdir(parents=True, exist_ok=True)
        if known is None:
            self._write_identity(fresh)
        self.entered = True

    def of(self, name: str) -> Path:
        """The folder of one method, by the name of its row; of the only one, all of it."""
        return self.folder / name if name else self.folder

    def leave(self) -> None:
        """All is done: what was learned, if anything, becomes a part of the finished run."""
        if not self.entered:
            return
        if any(path.name != IDENTITY for path in self.folder.iterdir()):
            self._move_in()
        else:
            shutil.rmtree(self.folder)

    def adopt(self) -> None:
        """What a run that was killed when it had just taken its name left beside it."""
        known = self._known() if not (self.run / HELD).exists() else None
        if known and self._same(known) and self._has_learned():
            self._move_in()

    def abandon(self) -> None:
        """A run has failed: what holds no checkpoint is of no use."""
        if self.entered and not self._has_learned():
            shutil.rmtree(self.folder, ignore_errors=True)

    def _move_in(self) -> None:
        with suppress(FileNotFoundError):  # of two that find a finished run, one has done it
            self.folder.rename(self.run / HELD)
            (self.run / HELD / IDENTITY).unlink()

    def _write_identity(self, fresh: bool) -> None:
        said = {**self.identity, **({FRESH: "yes"} if fresh else {})}
        write_text(self.folder / IDENTITY, json.dumps(said, indent=2) + "\n")

    def _goes_on(self, known: Mapping[str, str], fresh: bool) -> bool:
        return self._same(known) and (not fresh or FRESH in known)

    def _same(self, known: Mapping[str, str]) -> bool:
        return {word: said for word, said in known.items() if word != FRESH} == self.identity

    def _known(self) -> dict[str, str] | None:
        """What it says of itself; None where there is nothing yet, and nothing at all where that is damaged."""
        if not self.folder.exists():
            return None
        if not (self.folder / IDENTITY).is_file():
            if self.folder.is_dir() and not any(self.folder.iterdir()):
                return None
            raise SpectraError(
                f"{str(self.folder)!r} is where the run would learn, and it is not from a run that was stopped. Move "
                "it away, or choose another --out."
            )
        try:
            found = json.loads((self.folder / IDENTITY).read_text(encoding="utf-8"))
        except ValueError:
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

    def _refusal(self, known: Mapping[str, str]) -> str:
        differing = [word for word in self.identity if known.get(word) != self.identity[word]]
        of_what = f"of another {' and '.join(differing)}" if known else f"whose {IDENTITY!r} is damaged"
        return (
            f"{str(self.folder)!r} holds a run that was stopped while it learned, {of_what}. Go on with that one by "
            "its own command, choose another --out, or set it aside with --fresh."
        )
