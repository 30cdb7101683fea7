"""The U-Net generator of pix2pix (Isola et al., 2017)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from spectra.nn.norms import Norm, biased, norm
from spectra.nn.tanh import Tanh
from spectra.nn.upsample import Upsampling, upsample

WIDEST = 8
"""How many times as wide as the first level a level may become."""


class UnetLevel(nn.Module):
    """Half the size, the levels within, and twice the size again; beside it, past all of that, its input.

    ``inner``: the level within; the innermost has none. The sequence and its keys are those of the official code.
    """

    def __init__(
        self, outer: int, width: int, inner: UnetLevel | None, kind: Norm, dropout: float, upsampling: Upsampling
    ) -> None:
        super().__init__()
        down = nn.Conv2d(outer, width, 4, stride=2, padding=1, bias=biased(kind))
        # The first activation is not in place: its input is also what goes past, and what recomputing starts from.
        layers: list[nn.Module] = [nn.LeakyReLU(0.2), down]
        if inner is not None:
            layers += [norm(kind, width), inner]
        layers += [nn.ReLU(True), upsample(upsampling, width * (1 if inner is None else 2), outer, biased(kind))]
        layers += [norm(kind, outer), *([nn.Dropout(dropout)] if dropout else [])]
        self.model = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        through: Tensor = self.model(x)
        return torch.cat([x.to(through.dtype), through], 1)


class OutermostLevel(nn.Module):
    """Image to image, without norms, and nothing goes past."""

    def __init__(self, source: int, target: int, width: int, inner: UnetLevel, bias: bool, upsampling: Upsampling):
        super().__init__()
        down = nn.Conv2d(source, width, 4, stride=2, padding=1, bias=bias)
        self.model = nn.Sequential(down, inner, nn.ReLU(True), upsample(upsampling, 2 * width, target), Tanh())

    def forward(self, x: Tensor) -> Tensor:
        target: Tensor = self.model(x)
        return target


class UnetGenerator(nn.Module):
    """Images of ``source`` channels to images of ``target`` channels in [-1, 1]; keys as in the official code.

    Height and width divide by 2 to the number of ``downs``. Dropout is on the levels of full width but the innermost.
    ``upsample``: here the official layer is the transposed convolution with a kernel of 4.
    """

    def __init__(
        self,
        source: int,
        target: int,
        width: int = 64,
        downs: int = 8,
        norm: Norm = "batch",
        dropout: float = 0.5,
        upsample: Upsampling = "k4",
    ) -> None:
        super().__init__()
        if downs < 2:
            raise ValueError(f"A U-Net has an outermost and an innermost level: `downs` is at least 2, not {downs}.")
        widths = [width * min(2**level, WIDEST) for level in range(downs)]
        inner: UnetLevel | None = None
        for level in range(downs - 1, 0, -1):
            rate = dropout if inner is not None and widths[level - 1] == width * WIDEST else 0.0
            inner = UnetLevel(widths[level - 1], widths[level], inner, norm, rate, upsample)
        assert inner is not None
        self.model = OutermostLevel(source, target, width, inner, biased(norm), upsample)

    def forward(self, source: Tensor) -> Tensor:
        target: Tensor = self.model(source)
        return target
