"""The cycle consistency of CycleGAN (Zhu et al., 2017)."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from spectra.losses.precision import widened
from spectra.losses.shapes import check_shapes


def cycle(rebuilt: Tensor, image: Tensor) -> Tensor:
    """``mean |rebuilt - image|``, where ``rebuilt`` has gone there and back again."""
    check_shapes(rebuilt, image)
    return functional.l1_loss(widened(rebuilt), widened(image))
