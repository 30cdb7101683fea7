"""Feature matching (Wang et al., 2018): a fake is to call forth what the real image does in the discriminator."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from spectra.losses.precision import widened


def feature_matching(
    fake_maps: Sequence[Sequence[Tensor]], real_maps: Sequence[Sequence[Tensor]], factor: float = 1.0
) -> Tensor:
    """``factor`` times the mean absolute difference of each map, summed over maps and scales; verdicts play no part.

    For each scale its maps, of which the last holds the verdicts. No gradient goes to the real ones.
    """
    return (
        factor
        * torch.stack(
            [
                functional.l1_loss(widened(fake), widened(real.detach()))
                for fakes, reals in zip(fake_maps, real_maps, strict=True)
                for fake, real in zip(fakes[:-1], reals[:-1], strict=True)
            ]
        ).sum()
    )
