"""What a pairwise loss asks of its two images, and of their mask."""

from __future__ import annotations

from torch import Tensor

from spectra.errors import SpectraError


def check_shapes(prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> None:
    """Refuse what torch would broadcast into a number that means nothing."""
    if prediction.shape != target.shape:
        raise SpectraError(
            f"A loss compares images of one shape, not a prediction of {tuple(prediction.shape)} "
            f"with a target of {tuple(target.shape)}."
        )
    if valid is not None and valid.shape != (len(target), 1, *target.shape[2:]):
        raise SpectraError(f"A mask of {tuple(valid.shape)} does not fit images of {tuple(target.shape)}.")
