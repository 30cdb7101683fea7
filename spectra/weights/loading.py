"""The tensors of pretrained weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .finding import find
from .missing import MissingWeights

if TYPE_CHECKING:
    from torch import Tensor


def load(name: str) -> dict[str, Tensor]:
    """The tensors of these weights, on the CPU, from a file whose hash is the known one.

    Raises ``MissingWeights``, which says what to do, where there is no such file. Nothing is fetched.
    """
    path = find(name)
    if path is None:
        raise MissingWeights.of({name: ""})
    return read(path)


def read(path: Path | str) -> dict[str, Tensor]:
    """The tensors of any file that somebody named, on the CPU. Nothing in it is ever run, and no hash is asked for."""
    from spectra.official import read_checkpoint

    return read_checkpoint(Path(path).expanduser())
