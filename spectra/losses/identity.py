"""The identity term of CycleGAN (Zhu et al., 2017)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from spectra.losses.precision import widened
from spectra.losses.shapes import check_shapes


def identity(kept: Tensor, image: Tensor) -> Tensor:
    """``mean |kept - image|``, where ``kept`` is what a generator makes of an image that is already as it should be."""
    check_shapes(kept, image)
    return functional.l1_loss(widened(kept), widened(image))
