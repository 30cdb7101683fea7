"""Images as people see them: stretched to eight bits, small, and embedded in pages."""

from __future__ import annotations

import base64
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Image = NDArray[np.uint8]

QUALITY = 92


def stretch(pixels: Tensor, dtype: str) -> tuple[float, float]:
    """What is shown as black and as white: the scale's limits at 8 bits, the 1st and 99th percentile where deeper."""
    if dtype == "uint8":
        return 0.0, 1.0
    values = pixels.flatten()[:: max(1, pixels.numel() // 100_000)]
    low, high = torch.quantile(values, torch.tensor([0.01, 0.99])).tolist()
    return (low, high) if high > low else (low, low + 1.0)


def shown(pixels: Tensor, low: float, high: float) -> Image:
    """``(c, h, w)`` as an RGB picture: one or two channels grey, three as they are, the first three of more."""
    values = ((pixels - low) / (high - low)).clamp(0, 1)
    values = values[:3] if len(values) >= 3 else values[:1].expand(3, -1, -1)
    array: Any = (values * 255 + 0.5).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    picture: Image = array
    return picture


def preview(image: NDArray[Any]) -> Image:
    """The ``(h, w, c)`` values of a file as an RGB picture."""
    dtype = str(image.dtype)
    values = torch.from_numpy(np.nan_to_num(np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32)))
    return shown(values / 255 if dtype == "uint8" else values, *stretch(values, dtype))


def fitted(image: Image, widest: int) -> Image:
    """Made smaller, where it is larger than that many pixels either way."""
    share = widest / max(image.shape[:2])
    if share >= 1:
        return image
    size = max(1, round(image.shape[1] * share)), max(1, round(image.shape[0] * share))
    small: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return small


def embedded(image: Image) -> str:
    """A data URL, for a page that needs no other file."""
    colours = cv2.cvtColor(np.ascontiguousarray(image), cv2.COLOR_RGB2BGR)
    chroma = [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    _, data = cv2.imencode(".jpg", colours, [cv2.IMWRITE_JPEG_QUALITY, QUALITY, *chroma])
    return f"data:image/jpeg;base64,{base64.b64encode(data.tobytes()).decode()}"
