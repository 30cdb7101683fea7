"""The supervised colour-consistency module (SCCM), after the supervised attention of Zamir et al. (CVPR 2021)."""

from __future__ import annotations

from torch import Tensor, nn

from spectra.losses.precision import widened
from spectra.nn.tanh import Tanh


class Consistency(nn.Module):
    """Features ``F`` to a prediction ``Y = P(F)`` and to features for the next scale, ``F + K(F) ⊙ σ(Q(Y))``.

    ``residual``: the prediction is added to the image that the scale sees, spread over the channels, and is linear.
    ``last``: no scale comes behind, so that Q and K have nobody to work for. They are kept, as each scale has the same
    module, and do not learn.
    """

    def __init__(
        self, width: int, target: int, *, residual: bool = False, tanh: bool = True, last: bool = False
    ) -> None:
        super().__init__()
        self.head = nn.Conv2d(width, target, 1)
        self.gate = nn.Conv2d(target, width, 1)
        self.value = nn.Conv2d(width, width, 1)
        self.bound = Tanh() if tanh else nn.Identity()
        self.residual, self.last = residual, last
        if last:
            self.gate.requires_grad_(False)
            self.value.requires_grad_(False)

    def forward(self, features: Tensor, image: Tensor) -> tuple[Tensor, Tensor]:
        raw = widened(self.head(features))
        prediction: Tensor = self.bound(raw + image if self.residual else raw)
        if self.last:
            return prediction, features
        return prediction, features + self.value(features) * self.gate(prediction).sigmoid().to(features.dtype)
