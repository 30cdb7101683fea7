"""The network of FID and KID, and what a signature says of it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache
from typing import Any

from spectra.metrics.distribution.passes import Passes
from spectra.metrics.distribution.whole_set import WholeSet
from spectra.nn.inception import WEIGHTS, Inception, Width, prepared

WIDTHS = "the width of the features: 2048, the end of the network, as is customary; 768; 192; 64, its beginning"


class OfInception(WholeSet):
    """A metric of what that network sees; its settings have the ``features``."""

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        return (WEIGHTS,)

    @property
    def network(self) -> Hashable:
        return "inception", self.settings.features

    def passes(self) -> Passes:
        return inception_passes(self.settings.features, self.device)


@cache
def inception_passes(width: Width, device: str) -> Passes:
    """One for the whole process; ``inception_passes.cache_clear()`` where other weights are to be loaded."""
    return Passes(Inception(width).to(device), prepared, device)


def told_inception(width: Width) -> str:
    return f"features:inception-v3-2015-12-05-{width}|input:unit*255|resize:tf1-bilinear-299x299"
