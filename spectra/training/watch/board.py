"""TensorBoard, for those who like it: an optional watcher, which needs the extra `track`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.data.images import read_header
from spectra.errors import SpectraError
from spectra.training.progress import Progress, Validation

if TYPE_CHECKING:
    from torch.utils.tensorboard.writer import SummaryWriter

FLUSHED = 10
"""Seconds after which events are on the disk."""


def require_tensorboard() -> None:
    """Before hours of training rather than after."""
    if find_spec("tensorboard") is None:
        raise SpectraError(
            "`train.log.tensorboard: true` needs TensorBoard, which is not installed. Install it with "
            "`pip install 'spectra-translate[track]'`, or leave it out: `log.jsonl` is written in any case."
        )


class Board:
    """Losses, rates, norms, scores and pictures, as events in a folder: `tensorboard --logdir FOLDER` shows them."""

    def __init__(self, folder: Path, every: int) -> None:
        require_tensorboard()
        self.folder, self.every = folder, every
        self._writer: SummaryWriter | None = None
        self._first = 1
        """Events of this step and beyond, of an earlier time, do not count."""

    def stepped(self, progress: Progress) -> None:
        if progress.total % self.every == 0 or progress.step in (1, progress.steps):
            for player, terms in progress.terms.items():
                self._write(f"loss/{player}", terms, progress.total)
            self._write("rate", progress.rates, progress.total)
            self._write("norm", progress.norms, progress.total)

    def validated(self, validation: Validation) -> None:
        self._write("validation", validation.scores, validation.total)
        self._write("sign", validation.signs, validation.total)
        if validation.samples is not None:
            self._show("validation/samples", validation.samples, validation.total)
        self.writer.flush()

    def resumed(self, total: int) -> None:
        self.closed()
        self._first = total + 1

    def closed(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    @property
    def writer(self) -> SummaryWriter:
        if self._writer is None:
            from torch.utils.tensorboard.writer import SummaryWriter  # half a second: only when it is wanted

            self._writer = SummaryWriter(str(self.folder), purge_step=self._first, flush_secs=FLUSHED)
        return self._writer

    def _write(self, group: str, values: Mapping[str, float | None], total: int) -> None:
        """What is no number is left out: TensorBoard draws gaps."""
        for name, value in values.items():
            if value is not None and math.isfinite(value):
                self.writer.add_scalar(f"{group}/{name}", value, total)

    def _show(self, name: str, picture: Path, total: int) -> None:
        """The file as it is: TensorBoard's own way would need Pillow, and compress it once more."""
        summary: Any = import_module("tensorboard.compat.proto.summary_pb2")  # it has no types, and may be missing
        header = read_header(picture)
        image = summary.Summary.Image(
            height=header.height, width=header.width, colorspace=3, encoded_image_string=picture.read_bytes()
        )
        files: Any = self.writer.file_writer
        files.add_summary(summary.Summary(value=[summary.Summary.Value(tag=name, image=image)]), total)
