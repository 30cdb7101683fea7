"""What is known of a backbone before its weights are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import nn


@dataclass(frozen=True)
class Architecture:
    """A stack of layers, numbered as torchvision numbers its ``features``."""

    name: str
    weights: str
    """The name under which `spectra.weights` has them."""
    layers: Callable[[], list[nn.Module]]
    places: Mapping[str, int]
    """Named layers, whose output can be asked for, by their number; in order."""
