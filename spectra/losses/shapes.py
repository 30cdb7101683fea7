"""What a pairwise loss asks of its two images."""

from __future__ import annotations

from torch import Tensor

from spectra.errors import SpectraError


def check_shapes(prediction: Tensor, target: Tensor) -> None:
    """Refuse what torch would broadcast into a number that means nothing."""
    if prediction.shape != target.shape:
        raise SpectraError(
            f"A loss compares images of one shape, not a prediction of {tuple(prediction.shape)} "
            f"with a target of {tuple(target.shape)}."
        )
