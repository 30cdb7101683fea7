"""Weights that a run begins with: those of another run or model, and word of each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from spectra.bench.workshop import HELD
from spectra.chain import FolderOf
from spectra.data.atomic import write_text
from spectra.errors import SpectraError
from spectra.model import Model, load
from spectra.recipe.recipe import InitFrom
from spectra.training.checkpoint import last_in
from spectra.training.inflation import Channels, transposed_weights
from spectra.training.transfer import TRANSLATOR, transfer, weights_of

REPORT = "init_from.json"
"""In the folder of the training: every tensor by its name."""


class Beginning:
    """Called with the tensors of a new training, it copies into them, and says what became of each."""

    def __init__(self, said: InitFrom, model: Model, folder_of: FolderOf, kept: Path | None = None) -> None:
        if (said.recipe is None) == (said.run is None):
            raise SpectraError("`init_from` names one of `recipe` and `run`.")
        self.said, self.model, self.kept = said, model, kept
        self.folder = Path(folder_of(str(said.recipe))) if said.recipe is not None else said.run or Path()

    def __call__(self, into: Mapping[str, Tensor]) -> tuple[str, ...]:
        there = load(self.folder)
        report = transfer(
            into,
            {**self._held(), **weights_of(there)},
            Channels.of(there.task, self.model.task),
            self.said.mismatch,
            repr(self.folder.name),
            transposed_weights(self.model.translator, TRANSLATOR),
        )
        if self.kept is not None:
            self.kept.mkdir(parents=True, exist_ok=True)
            write_text(self.kept / REPORT, json.dumps(report.described(), indent=2) + "\n")
        return report.notes()

    def _held(self) -> dict[str, Tensor]:
        """What only stages hold, such as discriminators: a finished run has them in its last checkpoint."""
        if not self.said.players:
            return {}
        checkpoint = last_in(self.folder / HELD / "checkpoints")
        if checkpoint is None:
            return {}
        tensors: dict[str, Tensor] = checkpoint.state()["tensors"]
        return {name: tensor for name, tensor in tensors.items() if not name.startswith(TRANSLATOR)}
