"""The tensors of pretrained weights."""

from __future__ import annotations

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
    from spectra.official import read_checkpoint

    return read_checkpoint(path)
