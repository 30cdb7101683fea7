"""The VGG networks of Simonyan and Zisserman 2015, without batch norm."""

from __future__ import annotations

from functools import partial

from torch import nn

from spectra.nn.backbones.architecture import Architecture

WIDTHS = (64, 128, 256, 512, 512)


def vgg(name: str, depths: tuple[int, ...]) -> Architecture:
    """So many convolutions in each of the five blocks; the ReLU after the second of block 4 is ``relu4_2``."""
    return Architecture(name, name, partial(_layers, depths), _places(depths))


def _layers(depths: tuple[int, ...]) -> list[nn.Module]:
    found: list[nn.Module] = []
    before = 3
    for depth, width in zip(depths, WIDTHS, strict=True):
        for _ in range(depth):
            found += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(inplace=True)]
            before = width
        found.append(nn.MaxPool2d(2))
    return found


def _places(depths: tuple[int, ...]) -> dict[str, int]:
    found: dict[str, int] = {}
    first = 0
    for block, depth in enumerate(depths, start=1):
        found |= {f"relu{block}_{step + 1}": first + 2 * step + 1 for step in range(depth)}
        first += 2 * depth + 1
    return found


VGG16 = vgg("vgg16", (2, 2, 3, 3, 3))
VGG19 = vgg("vgg19", (2, 2, 4, 4, 4))
