"""What the feature discriminator and those who face it learn from: the readings of eq. 4."""

from __future__ import annotations

from torch import Tensor

from spectra.losses.adversarial import Adversarial
from spectra.losses.precision import widened
from spectra_mpfnet.settings import FeatureLoss


class Linear:
    """As printed, without a square: the discriminator drives verdicts on real and fake images apart."""

    def real(self, verdicts: Tensor) -> Tensor:
        return -widened(verdicts).mean()

    def fake(self, verdicts: Tensor) -> Tensor:
        return widened(verdicts).mean()

    def generator(self, verdicts: Tensor) -> Tensor:
        return -widened(verdicts).mean()


def verdict_of(kind: FeatureLoss) -> Adversarial | Linear:
    if kind == "wgan":
        return Linear()
    return Adversarial("least_squares" if kind == "lsgan" else "vanilla")
