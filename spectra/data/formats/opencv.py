"""Decoding and encoding in memory by OpenCV: paths with any character work, and its faults become our errors."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.errors import ImageError


def decode(data: bytes, *, rgb: bool = False) -> NDArray[Any]:
    """(h, w, c) in RGB(A) order and full depth. An orientation noted in the file is not applied to the pixels.

    `rgb`, for PNG and JPEG of three channels, saves a copy. With TIFF of 16 bits it would return other values.
    """
    cv2 = _library()
    ordered = rgb and hasattr(cv2, "IMREAD_COLOR_RGB")  # absent from the oldest release allowed
    kept = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION
    image = _decoded(data, cv2.IMREAD_COLOR_RGB | kept if ordered else cv2.IMREAD_UNCHANGED)
    if image.ndim == 2:
        return image[..., None]
    return image if ordered else _swapped(image)


def encode(suffix: str, image: NDArray[Any], options: list[int]) -> NDArray[np.uint8]:
    cv2 = _library()
    try:
        done, data = cv2.imencode(suffix, _swapped(image), options)
    except cv2.error as error:
        raise ImageError(f"it cannot be encoded ({error.err})") from None
    if not done:
        raise ImageError("it cannot be encoded")
    return np.asarray(data)


@cache
def _library() -> Any:
    """OpenCV without its log lines, which name no file. Silenced once for all: call by call, threads would race."""
    import cv2

    if "OPENCV_LOG_LEVEL" not in os.environ:
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_FATAL)
    return cv2


def _decoded(data: bytes, flags: int) -> NDArray[Any]:
    cv2 = _library()
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    except cv2.error as error:
        raise ImageError(f"it cannot be decoded ({error.err})") from None
    if image is None:
        raise ImageError("it cannot be decoded: its data is damaged or of an unusual kind")
    return np.asarray(image)


def _swapped(image: NDArray[Any]) -> NDArray[Any]:
    """RGB(A) to BGR(A) and back."""
    cv2 = _library()
    codes = {3: cv2.COLOR_BGR2RGB, 4: cv2.COLOR_BGRA2RGBA}
    code = codes.get(image.shape[2])
    return image if code is None else np.asarray(cv2.cvtColor(image, code))
