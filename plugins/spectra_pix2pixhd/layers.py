"""The parts of which both generators are made, each a list of modules for one flat sequence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from spectra.nn.norms import norm
from spectra.nn.residual import ResidualBlock
from spectra.nn.upsample import upsample
from spectra_pix2pixhd.settings import Norm, Output, Padding, Settings, Upsampling


@dataclass(frozen=True)
class Style:
    """What all layers of a generator have in common."""

    norm: Norm = "instance"
    upsample: Upsampling = "transposed"
    padding: Padding = "zero"
    output: Output = "tanh"

    @classmethod
    def of(cls, settings: Settings) -> Style:
        return cls(settings.norm, settings.upsample, settings.padding, settings.output)


class Activation(nn.Module):
    """To [-1, 1]; in bf16 and fp16 its result is float, as an image rounded to 8 bits would lose levels."""

    def __init__(self, kind: Output) -> None:
        super().__init__()
        self.kind = kind

    def forward(self, x: Tensor) -> Tensor:
        x = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
        if self.kind == "tanh":
            return torch.tanh(x)
        return 2 * torch.sigmoid(x) - 1 if self.kind == "sigmoid" else x


def stem(source: int, width: int, style: Style) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), nn.Conv2d(source, width, 7), norm(style.norm, width), nn.ReLU(True)]


def down(channels: int, style: Style) -> list[nn.Module]:
    """Half the size, twice the channels."""
    mode: Literal["zeros", "reflect"] = "zeros" if style.padding == "zero" else "reflect"
    layer = nn.Conv2d(channels, 2 * channels, 3, stride=2, padding=1, padding_mode=mode)
    return [layer, norm(style.norm, 2 * channels), nn.ReLU(True)]


def residual(channels: int, blocks: int, style: Style) -> list[nn.Module]:
    return [ResidualBlock(channels, style.norm) for _ in range(blocks)]


def up(channels: int, style: Style) -> list[nn.Module]:
    """Twice the size, half the channels."""
    return [upsample(style.upsample, channels, channels // 2), norm(style.norm, channels // 2), nn.ReLU(True)]


def head(width: int, target: int, style: Style) -> list[nn.Module]:
    return [nn.ReflectionPad2d(3), nn.Conv2d(width, target, 7), Activation(style.output)]


def trunk(source: int, width: int, downs: int, blocks: int, style: Style) -> list[nn.Module]:
    """All of the global generator but its head."""
    return [
        *stem(source, width, style),
        *(layer for i in range(downs) for layer in down(width * 2**i, style)),
        *residual(width * 2**downs, blocks, style),
        *(layer for i in range(downs, 0, -1) for layer in up(width * 2**i, style)),
    ]
