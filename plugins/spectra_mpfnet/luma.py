"""The grey of a colour image."""

from __future__ import annotations

from torch import Tensor

REC_601 = (0.299, 0.587, 0.114)


def luma(colour: Tensor) -> Tensor:
    """Of ``(n, 3, h, w)``, ``(n, 1, h, w)`` in the same range: the weights add up to 1."""
    red, green, blue = colour.unbind(1)
    return (REC_601[0] * red + REC_601[1] * green + REC_601[2] * blue)[:, None]
