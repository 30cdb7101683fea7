"""Structure and colour together: the loss of Zhao, Gallo, Frosio and Kautz, which MPFNet learns by."""

from __future__ import annotations

from functools import reduce
from typing import ClassVar, Literal

import torch
from pydantic import Field, PositiveFloat, field_validator
from torch import Tensor

from spectra.loss import Loss
from spectra.losses.l1 import L1
from spectra.losses.precision import widened, without_autocast
from spectra.losses.shapes import check_shapes
from spectra.losses.similarity import averaged, bordered, likeness
from spectra.losses.ssim import Ssim
from spectra.losses.valid import valid_mean
from spectra.losses.windowed import Padding, check_side, odd
from spectra.metrics.windows import gaussian
from spectra.settings import Config


class Mix(Loss):
    """``α·(1 - MS-SSIM) + (1 - α)·G ∗ |prediction - target|``, on [0, 1], the mean over all pixels and channels.

    Zhao et al., Loss Functions for Image Restoration with Neural Networks, 2017. Here MS-SSIM is not a pyramid: at each
    pixel it is ``l_M · Π_j cs_j`` with Gaussians of several σ_j at full size, without exponents, and G is the widest of
    them, which gives ``l_M`` too. With ``kind: single``, MPFNet's "SSIM and L1": ``α·(1 - SSIM) + (1 - α)·|…|``, with
    SSIM and the mean absolute error as the losses ``ssim`` and ``l1`` take them.

    Pixels without data have no weight in a window, and are not counted themselves; with ``single``, windows that touch
    one are left out.
    """

    api_version = 1
    summary: ClassVar[str] = "L_mix of Zhao et al. 2017: MS-SSIM by five Gaussians, and L1 under the widest"
    masked = "windows"

    class Settings(Config):
        kind: Literal["multi", "single"] = Field("multi", description="SSIM by several Gaussians, or by one")
        alpha: float = Field(0.84, ge=0, le=1, description="share of the structure; the rest is the absolute error")
        sigmas: tuple[PositiveFloat, ...] = Field(
            (0.5, 1.0, 2.0, 4.0, 8.0), min_length=1, description="of `multi`: standard deviations in pixels, ascending"
        )
        window: int = Field(33, ge=3, description="of `multi`: side of every window in pixels, odd")
        padding: Padding = Field(
            "reflect", description="of `multi`: `reflect`: one window for each pixel; `valid`: whole windows only"
        )

        _odd = field_validator("window")(odd)

        @field_validator("sigmas")
        @classmethod
        def _ascending(cls, sigmas: tuple[float, ...]) -> tuple[float, ...]:
            if list(sigmas) != sorted(sigmas):
                raise ValueError("the last of them weighs the means and the absolute error, so the widest is the last")
            return sigmas

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.ssim, self.l1 = Ssim(Ssim.Settings()), L1(Config())

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        check_shapes(prediction, target, valid)
        alpha: float = self.settings.alpha
        parts = self._multi if self.settings.kind == "multi" else self._single
        with without_autocast(prediction):
            structure, error = parts(widened(prediction), widened(target), valid)
            return alpha * structure + (1 - alpha) * error

    def _single(self, prediction: Tensor, target: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        return self.ssim(prediction, target, valid), self.l1(prediction, target, valid)

    def _multi(self, prediction: Tensor, target: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        self._check_side(target)
        if valid is not None:  # a value there must not reach a window, not even with a weight of 0: it may be NaN
            prediction, target = (torch.where(valid, image, 0) for image in (prediction, target))
        structures: list[Tensor] = []
        for sigma in self.settings.sigmas:
            weights = _weights(self.settings.window, sigma)
            one, other, mask = self._framed(prediction, target, valid, weights)
            luminance, structure = likeness(one, other, weights, valid=mask)
            structures.append(self._inner(structure, target))
        error = self._inner(averaged((one - other).abs(), weights, mask), target)
        lost = 1 - self._inner(luminance, target) * reduce(torch.mul, structures)
        counted = None if valid is None else self._inner(valid, target)
        return _mean(lost, counted), _mean(error, counted)

    def _check_side(self, target: Tensor) -> None:
        window: int = self.settings.window
        least = window if self.settings.padding == "valid" else window // 2 + 1
        check_side(target, least, "mix", "take larger images or crops, or set a smaller `window`, or `kind: single`")

    def _framed(
        self, prediction: Tensor, target: Tensor, valid: Tensor | None, weights: list[float]
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        if self.settings.padding == "valid":
            return prediction, target, valid
        mask = None if valid is None else bordered(valid.to(target.dtype), weights)
        return bordered(prediction, weights), bordered(target, weights), mask

    def _inner(self, values: Tensor, target: Tensor) -> Tensor:
        """Without the border, if only whole windows count: narrow windows reach nearer to it than the widest does."""
        lost = 0 if self.settings.padding == "reflect" else 2 * (self.settings.window // 2)
        height, width = (side - lost for side in target.shape[-2:])
        margin = (values.shape[-1] - width) // 2
        return values[..., margin : margin + height, margin : margin + width]


def _weights(window: int, sigma: float) -> list[float]:
    """Without those that are below the last digit of a float64."""
    return gaussian(min(window, 2 * int(9 * sigma) + 3), sigma)


def _mean(values: Tensor, valid: Tensor | None) -> Tensor:
    return values.mean() if valid is None else valid_mean(torch.where(valid, values, 0), valid)
