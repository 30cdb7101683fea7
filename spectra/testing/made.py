"""Made-up images: smooth with a little noise, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from spectra.data.pairs import Pair, Picture
from spectra.modalities import Modality, Task

LEVELS = 255
COUNT = 4


def made_images(channels: int, height: int, width: int, count: int = 1, seed: int = 0) -> Tensor:
    """``(count, channels, height, width)`` on the levels of an 8-bit file, float32."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(count, channels, 4, 4, generator=generator)
    smooth = functional.interpolate(coarse, (height, width), mode="bicubic", align_corners=True)
    noise = torch.randn(count, channels, height, width, generator=generator)
    return _as_stored(smooth + 0.03 * noise)


def made_target(source: Tensor, channels: int) -> Tensor:
    """What ``channels`` other bands could show of ``(n, c, h, w)``: a curve over a mix of the source's channels."""
    mixes = torch.linspace(0.2, 1.0, channels * source.shape[1]).view(channels, source.shape[1], 1, 1)
    mixed = functional.conv2d(source, mixes / mixes.sum(1, keepdim=True))
    return _as_stored(0.1 + 0.8 * mixed.square())


def _as_stored(images: Tensor) -> Tensor:
    return (images * LEVELS).round().clamp(0, LEVELS) / LEVELS


class MadePairs:
    """A few pairs that a translator can learn something from, in an order that can be turned round.

    With a ``mask_value``, the upper left quarter of every image holds no data but that value, and is marked so.
    """

    def __init__(
        self,
        task: Task,
        side: int,
        dtype: torch.dtype = torch.float32,
        *,
        reverse: bool = False,
        mask_value: float | None = None,
    ) -> None:
        self.task, self.side, self.dtype, self.mask_value = task, side, dtype, mask_value
        self.order = list(range(COUNT))[:: -1 if reverse else 1]

    @property
    def names(self) -> Sequence[str]:
        return [f"made_{number}" for number in self.order]

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        return [(self.side, self.side)] * len(self.order)

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, place: int) -> Pair:
        number = self.order[place]
        source = made_images(self.task.source.channels, self.side, self.side, seed=100 + number)
        target = made_target(source, self.task.target.channels)
        name = f"made_{number}"
        return Pair(name, name, self._picture(source[0], self.task.source), self._picture(target[0], self.task.target))

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def identity(self) -> str:
        return f"made|{self.task}|side:{self.side}|mask:{self.mask_value}|{self.order}"

    def _picture(self, pixels: Tensor, modality: Modality) -> Picture:
        kind = "uint8" if modality.scale.low is None else "float32"
        pixels, valid = pixels.to(self.dtype), None
        if self.mask_value is not None:
            valid = quarter_mask(self.side, self.side)
            pixels = torch.where(valid, pixels, self.mask_value)
        return Picture(pixels, modality.scale.for_type(kind), kind, valid)


def quarter_mask(height: int, width: int) -> Tensor:
    """False in the upper left quarter."""
    mask = torch.ones(height, width, dtype=torch.bool)
    mask[: height // 2, : width // 2] = False
    return mask
