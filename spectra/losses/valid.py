"""Errors where there is data."""

from __future__ import annotations

import torch
from torch import Tensor


def valid_error(prediction: Tensor, target: Tensor, valid: Tensor) -> Tensor:
    """Prediction minus target, and 0 where there is no data: not a value that is multiplied by 0, as NaN stays NaN."""
    return torch.where(valid, prediction - target, 0)


def valid_mean(errors: Tensor, valid: Tensor) -> Tensor:
    """The mean over all channels of the valid pixels of a batch; 0, with a graph, where there are none."""
    return errors.sum() / (valid.sum() * errors.shape[1]).clamp(min=1)
