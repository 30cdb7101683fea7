"""Metrics that compare what a fixed network sees in both images."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, Self

import torch
from torch import Tensor

from spectra.metric import Better, Scored
from spectra.metrics.bands import Bands, three_bands, told_bands
from spectra.metrics.masked import check_shapes
from spectra.metrics.per_image import NotScored, PerImage
from spectra.nn.strips import Geometry, Strip
from spectra.settings import Config


class Scorer(Protocol):
    """A network that compares images strip by strip: it is given what a strip shows, ``(1, 3, h, w)``. What it keeps
    of a target serves every prediction."""

    least_side: int
    geometry: Geometry

    def kept(self, target: Tensor, strip: Strip) -> Any: ...

    def sums(self, prediction: Tensor, kept: Any, strip: Strip) -> Any: ...

    def value(self, sums: Sequence[Any]) -> float: ...


class Deep(PerImage):
    """Write ``scorer`` and ``seen``. The network of a net and a device is one for the whole process, and the target
    passes it once for all methods; only of images beyond ``MOST_PIXELS``, which are computed in strips so that memory
    is bounded, nothing is kept.
    """

    better: ClassVar[Better] = "lower"

    def __init__(self, settings: Config) -> None:
        super().__init__(settings)
        self.device = "cpu"
        self.counts: set[int] = set()
        """How many bands the images had that were scored."""

    def to(self, device: str) -> Self:
        self.device = device
        return self

    @property
    def bands(self) -> Bands | None:
        """Which bands of the images are compared."""
        found: Bands | None = self.settings.bands
        return found

    @property
    @abstractmethod
    def key(self) -> Hashable:
        """All that decides what is kept of a target, beside the bands and the device."""

    @abstractmethod
    def scorer(self) -> Scorer:
        """The network, on the device."""

    @abstractmethod
    def seen(self, image: Tensor) -> Tensor:
        """What the network is given, of three bands of the unit interval, ``(1, 3, h, w)``."""

    def score(self, item: Scored) -> float:
        check_shapes(item)
        if item.valid is not None and not item.valid.any():
            raise NotScored("no valid pixel")
        scorer, (height, width) = self.scorer(), item.target.shape[-2:]
        if min(height, width) < (least := scorer.least_side):
            raise NotScored(f"smaller than {least}×{least} pixels, the least of which the network sees something")
        value = self._compared(scorer, item.filled(), scorer.geometry.strips(height, width))
        self.counts.add(len(item.target))
        return value

    def merge(self, other: Self) -> None:
        super().merge(other)
        self.counts |= other.counts

    def told_bands(self) -> str:
        """For the signature."""
        return told_bands(self.bands, self.counts)

    def _compared(self, scorer: Scorer, item: Scored, strips: Sequence[Strip]) -> float:
        with exactly():
            return scorer.value([self._sums(scorer, item, strip, remember=len(strips) == 1) for strip in strips])

    def _sums(self, scorer: Scorer, item: Scored, strip: Strip, remember: bool) -> Any:
        def compute() -> Any:
            return scorer.kept(self._given(strip.of(item.target)), strip)

        kept = item.memory.once((self.key, self.bands, self.device), compute) if remember else compute()
        return scorer.sums(self._given(strip.of(item.prediction)), kept, strip)

    def _given(self, image: Tensor) -> Tensor:
        three = self.seen(three_bands(image, self.bands)[None].to(self.device, torch.float32))
        return three.contiguous(memory_format=torch.channels_last)


@contextmanager
def exactly() -> Iterator[None]:
    """No gradients, and fp32 that is fp32: a GPU may round it to tf32 in convolutions, and by itself does."""
    if not torch.cuda.is_available():
        with torch.inference_mode():
            yield
        return
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = matmul.allow_tf32, cudnn.allow_tf32
    matmul.allow_tf32 = cudnn.allow_tf32 = False
    try:
        with torch.inference_mode():
            yield
    finally:
        matmul.allow_tf32, cudnn.allow_tf32 = before
