"""Batches from pairs and images: what a step sees is a function of seed, stage, stream and step alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from threading import Lock
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.data.pairs import PairSet
from spectra.data.sets.unpaired import ImageSet
from spectra.errors import DataError
from spectra.modalities import Task
from spectra.recipe.augment import Operation
from spectra.stage import Batch, Images, PairedBatch, Stage, Stream
from spectra.training.fitting import Fitting
from spectra.training.supply import ImageSupply, Item, PairSupply, Supply
from spectra.training.world import World


def _as_it_is(stage: str) -> Sequence[Operation]:
    return ()


class PairFeed:
    """Feeds every stage from one set of pairs. Single images come from ``images``, by modality, where that has them,
    and else are the pairs' sources or targets; each stream in an order of its own, each epoch all of it once.

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
        augment_of: Callable[[str], Sequence[Operation]] = _as_it_is,
        images: Mapping[str, ImageSet] | None = None,
        world: World | None = None,
    ) -> None:
        self.pairs, self.task, self.images = pairs, task, dict(images or {})
        self.batch_size, self.crop, self.seed, self.multiple = batch_size, crop, seed, multiple
        self.augment_of, self.device = augment_of, _numbered(torch.device(device))
        self._fittings: dict[str, Fitting] = {}
        self._looking = Lock()
        self._mine = range(*(world or World()).share(batch_size))
        """Which of a batch's images are made here: where several processes train, each makes a part of it."""
        if not self._mine:
            raise DataError(
                f"`train.batch_size: {batch_size}` cannot be shared by {world.size if world else 1} processes: each "
                "needs an image. Raise it, or start fewer."
            )

    def epoch(self, stage: Stage) -> int:
        return max((len(self._supply(stream)) for stream in stage.streams.values()), default=1)

    def batch(self, stage: Stage, step: int) -> Batch:
        fitting = self._fitting(stage)
        entries = {
            name: self._entry(f"{stage.name}/{name}", stream, step, fitting) for name, stream in stage.streams.items()
        }
        return Batch(**entries)

    def _fitting(self, stage: Stage) -> Fitting:
        """Looked through before the first batch of a stage, wherever that begins."""
        with self._looking:
            if stage.name not in self._fittings:
                fitting = Fitting(self.augment_of(stage.name), self.crop, self.multiple, self.batch_size)
                fitting.check([self._supply(stream) for stream in stage.streams.values()])
                self._fittings[stage.name] = fitting
            return self._fittings[stage.name]

    def _entry(self, channel: str, stream: Stream, step: int, fitting: Fitting) -> Tensor | PairedBatch:
        supply, number = self._supply(stream), crc32(channel.encode())
        first = step * self.batch_size
        drawn = [self._draw(supply, number, first + place, fitting) for place in self._mine]
        fitting.require_one_size([(item.images[0].shape[1], item.images[0].shape[2]) for item in drawn])
        stacks = [self._stack([item.images[side] for item in drawn]) for side in range(len(drawn[0].images))]
        return stacks[0] if isinstance(stream, Images) else PairedBatch(stacks, self._mask(drawn))

    def _draw(self, supply: Supply, channel: int, place: int, fitting: Fitting) -> Item:
        epoch, index = divmod(place, len(supply))
        chosen = int(_order(self.seed, channel, epoch, len(supply))[index])
        size = supply.size(chosen, epoch)
        fitting.require_like_first(supply, size, lambda: supply.names[chosen])
        plan = fitting.plan(size, [self.seed, channel, place, 1], lambda: supply.names[chosen])
        return supply.look(chosen, epoch, plan, size)

    def _stack(self, images: list[Tensor]) -> Tensor:
        """On a GPU from pinned memory, so that the copy does not make anybody wait."""
        stacked = torch.stack(images)
        if self.device.type == "cuda":
            return stacked.pin_memory().to(self.device, non_blocking=True)
        return stacked.to(self.device)

    def _mask(self, drawn: Sequence[Item]) -> Tensor | None:
        """Where the pairs have data; None where all of them have it everywhere."""
        masks = [item.valid for item in drawn]
        if all(mask is None or bool(mask.all()) for mask in masks):
            return None
        full = torch.ones(drawn[0].images[0].shape[1:], dtype=torch.bool)
        return self._stack([(full if mask is None else mask)[None] for mask in masks])

    def _supply(self, stream: Stream) -> Supply:
        if isinstance(stream, Images):
            if stream.modality in self.images:
                return ImageSupply(self.images[stream.modality], stream.modality, self.task)
            return PairSupply(self.pairs, [self._side(stream.modality)])
        source, target = stream.source or self.task.source.name, stream.target or self.task.target.name
        return PairSupply(self.pairs, [self._side(source, 0), self._side(target, 1)])

    def _side(self, modality: str, preferred: int = 0) -> int:
        names = [self.task.source.name, self.task.target.name]
        if names[preferred] == modality:
            return preferred
        if modality in names:
            return names.index(modality)
        known = list(dict.fromkeys([*names, *self.images]))
        raise DataError(f"A stage asks for images of {modality!r}, and the data has only {' and '.join(known)}.")


@lru_cache(maxsize=64)
def _order(seed: int, channel: int, epoch: int, count: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, channel, epoch]).permutation(count)


def _numbered(device: torch.device) -> torch.device:
    """With its number: which of several is meant by `cuda` is for each thread to say."""
    if device.type == "cuda" and device.index is None:
        return torch.device("cuda", torch.cuda.current_device())
    return device
