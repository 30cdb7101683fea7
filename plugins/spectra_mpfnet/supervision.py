"""What colours are compared by: L_mix on each scale (eqs. 2 and 3)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from spectra.losses.mix import Mix
from spectra_mpfnet.settings import Settings


class Supervision:
    """``Σ_s w_s · L_mix(Y_s, prediction_s)``, on [0, 1]; the target of a scale is that of the finest by area means."""

    def __init__(self, settings: Settings) -> None:
        self.kind, self.alpha = settings.mix_kind, settings.mix_alpha
        self.window, self.weights = settings.mix_window, settings.scale_weights
        self._losses: dict[int, Mix] = {}

    def __call__(self, predictions: Sequence[Tensor], target: Tensor, valid: Tensor | None = None) -> Tensor:
        """Predictions of [-1, 1], coarsest first; the target of [0, 1]; where it has data, ``(n, 1, h, w)``."""
        values = [
            weight * self._loss(prediction)((prediction + 1) / 2, *_at_size_of(prediction, target, valid))
            for weight, prediction in zip(self.weights, predictions, strict=True)
            if weight
        ]
        return torch.stack(values).sum()

    def _loss(self, image: Tensor) -> Mix:
        largest = 2 * min(image.shape[-2:]) - 1
        window = min(self.window, largest)
        if window not in self._losses:
            self._losses[window] = Mix(Mix.Settings(kind=self.kind, alpha=self.alpha, window=max(window, 3)))
        return self._losses[window]


def _at_size_of(image: Tensor, target: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """A pixel of a smaller mask is valid where all pixels are whose mean it is."""
    factor = target.shape[-1] // image.shape[-1]
    if factor == 1:
        return target, valid
    known = None if valid is None else functional.avg_pool2d(valid.to(target.dtype), factor) > 1 - 0.5 / factor**2
    return functional.avg_pool2d(target, factor), known
