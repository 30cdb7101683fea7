"""Whether a translator has collapsed: to copying its source, or to saying the same everywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from statistics import fmean, median

import torch
from torch import Tensor
from torch.nn import functional

from spectra.metrics.collapse import comparable

COPY = 0.25
"""A prediction is a copy that is so many times as far from its source as from its target, or less."""
FLAT = 0.05
"""A prediction is flat whose contrast is that share of its target's, or less."""


class Collapse:
    """Fed one image after the other: what it is asked for at the end are two numbers.

    ``copy``: the median over images of ``|prediction - source| / |prediction - target|``, mean absolute differences of
    luminance (of all bands, where all three images have the same other number of them). None where source and target
    cannot be compared. ``contrast``: the standard deviation over the pixels of a band, of predictions by targets.
    """

    def __init__(self) -> None:
        self.ratios: list[float] = []
        self.contrasts: list[tuple[float, float]] = []

    def take(self, source: Tensor, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> None:
        """Images as ``(c, h, w)``; ``valid`` as ``(h, w)``, true where they have data."""
        self.contrasts.append((_contrast(prediction, valid), _contrast(target, valid)))
        images = [comparable(image) for image in (source, prediction, target)]
        if len({len(image) for image in images}) > 1:
            return
        size = images[1].shape[1:]
        from_source, from_target = (
            _distance(images[1], _sized(image, size), valid) for image in (images[0], images[2])
        )
        if from_target > 0:
            self.ratios.append(from_source / from_target)

    def signs(self) -> dict[str, float | None]:
        found, wanted = (
            (fmean(values) for values in zip(*self.contrasts, strict=True)) if self.contrasts else (0.0, 0.0)
        )
        return {
            "copy": median(self.ratios) if self.ratios else None,
            "contrast": found / wanted if wanted > 0 else None,
        }


def signs_of_collapse(signs: Mapping[str, float | None]) -> Iterator[tuple[str, str]]:
    """A cause and a sentence for each collapse that the numbers tell."""
    copy, contrast = signs.get("copy"), signs.get("contrast")
    if contrast is not None and contrast <= FLAT:
        yield (
            "flat",
            (
                f"The predictions are nearly constant: their contrast is {contrast:.3g} of that of the targets. It has "
                "collapsed to one value: look at the discriminator, lower the rates, or add a paired loss."
            ),
        )
    elif copy is not None and copy <= COPY:
        yield (
            "copy",
            (
                f"The predictions are copies of their sources: they are {copy:.3g} times as far from these as from the "
                "targets. Look at the weights of cycle and identity terms, or add a paired loss."
            ),
        )


def _sized(image: Tensor, size: torch.Size) -> Tensor:
    if image.shape[1:] == size:
        return image
    return functional.interpolate(image[None], tuple(size), mode="bilinear", antialias=True, align_corners=False)[0]


def _distance(one: Tensor, other: Tensor, valid: Tensor | None) -> float:
    return float(_where((one - other).abs(), valid).mean())


def _contrast(image: Tensor, valid: Tensor | None) -> float:
    return float(_where(image, valid).std(1, correction=0).mean())


def _where(image: Tensor, valid: Tensor | None) -> Tensor:
    """``(c, pixels)``, those with data; all where none has."""
    if valid is None or valid.shape != image.shape[1:] or not bool(valid.any()):
        return image.flatten(1)
    return image[:, valid.bool()]
