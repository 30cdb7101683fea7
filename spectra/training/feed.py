"""Batches from pairs: which images a step sees is a function of seed, stage, stream and step alone."""

from __future__ import annotations

from functools import lru_cache
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.data.pairs import PairSet, sizes_of
from spectra.errors import DataError
from spectra.modalities import Task
from spectra.stage import Batch, Images, Pairs, Stage, Stream


class PairFeed:
    """Feeds every stage from one set of pairs. Single images are its sources or targets, in an order of their own.

    Nothing is padded: with a ``multiple``, a crop or whole images that do not divide by it are refused.
    """

    def __init__(
        self,
        pairs: PairSet,
        task: Task,
        batch_size: int,
        crop: int | None,
        seed: int,
        device: torch.device | str = "cpu",
        multiple: int = 1,
    ) -> None:
        self.pairs, self.task, self.multiple = pairs, task, multiple
        self.batch_size, self.crop, self.seed, self.device = batch_size, crop, seed, torch.device(device)

    def batch(self, stage: Stage, step: int) -> Batch:
        if step == 0:
            self._check_sizes()
        return Batch(**{name: self._entry(stage.name, name, stream, step) for name, stream in stage.streams.items()})

    def _entry(self, stage: str, name: str, stream: Stream, step: int) -> Tensor | tuple[Tensor, Tensor]:
        channel = crc32(f"{stage}/{name}".encode())
        sides = [self._side(stream.modality)] if isinstance(stream, Images) else self._sides(stream)
        drawn = [self._draw(channel, place) for place in range(step * self.batch_size, (step + 1) * self.batch_size)]
        stacks = [self._stack([images[side] for images in drawn]) for side in sides]
        return stacks[0] if isinstance(stream, Images) else (stacks[0], stacks[1])

    def _check_sizes(self) -> None:
        """Say before the first step, where headers tell it, that some step could not be taken."""
        if self.crop is not None and self.crop % self.multiple:
            raise DataError(
                f"`train.crop: {self.crop}` does not divide by {self.multiple}, which the translator needs."
            )
        named = [(size, name) for size, name in zip(sizes_of(self.pairs), self.pairs.names, strict=False)]
        if self.crop is None and self.batch_size > 1:
            _require_one_size(dict(named))
        for size, name in named:
            self._require_room(size, name)

    def _draw(self, channel: int, place: int) -> tuple[Tensor, Tensor]:
        epoch, index = divmod(place, len(self.pairs))
        pair = self.pairs[int(_order(self.seed, channel, epoch, len(self.pairs))[index])]
        images = (pair.source.pixels, pair.target.pixels)
        height, width = images[0].shape[1:]
        self._require_room((height, width), pair.name)
        if self.crop is None:
            return images
        return _cropped(images, self.crop, np.random.default_rng([self.seed, channel, place, 1]))

    def _require_room(self, size: tuple[int, int], name: str) -> None:
        shown = f"the training pair {name!r}, which has {size[1]}×{size[0]} pixels"
        if self.crop is not None and self.crop > min(size):
            raise DataError(f"`train.crop: {self.crop}` is larger than {shown}.")
        if self.crop is None and any(side % self.multiple for side in size):
            raise DataError(
                f"The translator learns from images whose sides divide by {self.multiple}, not from {shown}. "
                f"Set `train.crop` to a multiple of {self.multiple}."
            )

    def _stack(self, images: list[Tensor]) -> Tensor:
        _require_one_size({(image.shape[1], image.shape[2]): "" for image in images})
        return torch.stack(images).to(self.device)

    def _sides(self, stream: Pairs) -> list[int]:
        return [
            self._side(stream.source or self.task.source.name, 0),
            self._side(stream.target or self.task.target.name, 1),
        ]

    def _side(self, modality: str, preferred: int = 0) -> int:
        names = [self.task.source.name, self.task.target.name]
        if names[preferred] == modality:
            return preferred
        if modality in names:
            return names.index(modality)
        raise DataError(f"A stage asks for images of {modality!r}, and the data has only {names[0]} and {names[1]}.")


@lru_cache(maxsize=64)
def _order(seed: int, channel: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, channel, epoch]).permutation(count)


def _cropped(images: tuple[Tensor, Tensor], side: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    height, width = images[0].shape[1:]
    top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
    source, target = (image[:, top : top + side, left : left + side] for image in images)
    return source, target


def _require_one_size(named: dict[tuple[int, int], str]) -> None:
    """``named`` holds the sizes there are, each with the name of a pair that has it."""
    if len(named) > 1:
        told = [f"{width}×{height}" + (f" ({name})" if name else "") for (height, width), name in named.items()]
        more = f", ... ({len(told)} sizes)" if len(told) > 3 else ""
        raise DataError(
            f"A batch needs images of one size, and the training images differ: {', '.join(told[:3])}{more}. "
            "Set `train.crop`, or `train.batch_size: 1`."
        )
