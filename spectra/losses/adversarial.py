"""What a discriminator and the generator that faces it learn from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor
from torch.nn import functional

from spectra.errors import SpectraError
from spectra.losses.precision import widened

AdversarialKind = Literal["least_squares", "vanilla", "hinge"]
Scales = Literal["sum", "mean"]
Maps = Tensor | Sequence[Tensor | Sequence[Tensor]]
"""Verdicts; or, for each scale, verdicts, or the maps of all layers, of which the last holds the verdicts."""


class Adversarial:
    """Verdicts (logits), compared with what they should be: the mean over each map, in float.

    ``least_squares``: the square of what lacks to 1 for real and 0 for fake (Mao et al., 2017). ``vanilla``: binary
    cross entropy (Goodfellow et al., 2014), the generator's without saturation. ``hinge``: what lacks to 1 and -1, and
    for the generator the verdict itself (Lim & Ye, 2017). Several ``scales`` are added up as in pix2pixHD, or averaged.
    """

    def __init__(self, kind: AdversarialKind = "least_squares", scales: Scales = "sum") -> None:
        for given, known in ((kind, get_args(AdversarialKind)), (scales, get_args(Scales))):
            if given not in known:
                raise SpectraError(f"An adversarial loss knows {', '.join(known)}, and not {given!r}.")
        self.kind = kind
        self.scales = scales

    def real(self, maps: Maps) -> Tensor:
        """For the discriminator, of its verdicts on real images."""
        if self.kind == "hinge":
            return self._over([functional.relu(1 - verdicts).mean() for verdicts in _verdicts(maps)])
        return self._towards(maps, 1.0)

    def fake(self, maps: Maps) -> Tensor:
        """For the discriminator, of its verdicts on fakes: give it detached or shared ones."""
        if self.kind == "hinge":
            return self._over([functional.relu(1 + verdicts).mean() for verdicts in _verdicts(maps)])
        return self._towards(maps, 0.0)

    def generator(self, maps: Maps) -> Tensor:
        """For the generator, of the discriminator's verdicts on its fakes."""
        if self.kind == "hinge":
            return self._over([-verdicts.mean() for verdicts in _verdicts(maps)])
        return self._towards(maps, 1.0)

    def _towards(self, maps: Maps, wanted: float) -> Tensor:
        compare = functional.mse_loss if self.kind == "least_squares" else functional.binary_cross_entropy_with_logits
        return self._over([compare(verdicts, torch.full_like(verdicts, wanted)) for verdicts in _verdicts(maps)])

    def _over(self, scales: list[Tensor]) -> Tensor:
        total = torch.stack(scales).sum()
        return total / len(scales) if self.scales == "mean" else total


def _verdicts(maps: Maps) -> list[Tensor]:
    scales = (
        [maps] if isinstance(maps, Tensor) else [scale if isinstance(scale, Tensor) else scale[-1] for scale in maps]
    )
    return [widened(scale) for scale in scales]
