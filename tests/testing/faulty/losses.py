"""Losses with one fault each."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from spectra import Loss, SpectraError


class SoundLoss(Loss):
    api_version = 1
    summary = "sound"

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return l1_loss(prediction, target)


class DetachedLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(prediction.detach(), target)


class RootLoss(SoundLoss):
    """The slope of a root is infinite at zero."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).square().sum().sqrt()


class ImageLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).abs()


class DropoutLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(nn.functional.dropout(prediction, training=self.training), target)


class InPlaceLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        if not prediction.requires_grad:
            prediction.add_(0.1)
        return super().forward(prediction, target)


class Likeness(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return -super().forward(prediction, target)


class PickyLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        raise SpectraError(f"takes 7 channels, not {prediction.shape[1]}")


class BatchLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(prediction, target) / _variance(prediction).mean()


class SingleLoss(SoundLoss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return super().forward(prediction, target).float()


class WordOfItsOwn(SoundLoss):
    masked: ClassVar = "skipped"


class SkipsPixels(SoundLoss):
    """Sound: the mean over valid pixels."""

    masked: ClassVar = "pixels"

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        if valid is None:
            return super().forward(prediction, target)
        error = torch.where(valid, prediction - target, 0).abs()
        return error.sum() / (valid.sum() * error.shape[1]).clamp(min=1)


class IgnoresItsMask(SkipsPixels):
    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        return super().forward(prediction, target)


class MultipliesItsMask(SkipsPixels):
    """NaN times 0 is NaN."""

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        return super().forward(prediction, target) if valid is None else ((prediction - target) * valid).abs().mean()


class DividesByNothing(SkipsPixels):
    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        if valid is None:
            return super().forward(prediction, target)
        error = torch.where(valid, prediction - target, 0).abs()
        return error.sum() / (valid.sum() * error.shape[1])


class SumsWithAMask(SkipsPixels):
    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        if valid is None:
            return super().forward(prediction, target)
        return torch.where(valid, prediction - target, 0).abs().sum()


def _variance(images: Tensor) -> Tensor:
    """Over the batch; of one it is not a number."""
    return (images - images.mean(0)).square().sum(0) / (len(images) - 1)
