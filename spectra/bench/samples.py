"""Pictures of what a method did: source, prediction, target and error, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.bench.harness import Method, Told, predict, resized, silent
from spectra.bench.names import file_names
from spectra.data.images import write_image
from spectra.data.pairs import Pair, PairSet
from spectra.recipe.recipe import EvaluateSettings

Image = NDArray[np.uint8]

GAP = 4
WORST_SHOWN = 0.25
"""The error, as a share of the scale, at which the error map is brightest; it is the same in every picture."""
HEAT = ((0.0, (8, 8, 20)), (0.25, (70, 20, 110)), (0.5, (190, 45, 80)), (0.75, (245, 135, 40)), (1.0, (255, 250, 190)))


def write_samples(
    folder: Path, methods: Sequence[Method], test: PairSet, settings: EvaluateSettings, told: Told = silent
) -> None:
    """One PNG for each method and each of the chosen test images."""
    folder.mkdir()
    places = chosen(len(test), settings.samples)
    for count, place in enumerate(places, start=1):
        pair = resized(test[place], settings.resize)
        for method, name in zip(methods, file_names([method.name for method in methods]), strict=True):
            write_image(folder / f"{place:04d}_{name}.png", side_by_side(pair, predict(method.model, pair)))
        told("samples", count, len(places))


def chosen(count: int, samples: int) -> list[int]:
    """Places spread evenly over the test split."""
    samples = min(samples, count)
    return [round(step * (count - 1) / max(samples - 1, 1)) for step in range(samples)]


def side_by_side(pair: Pair, prediction: Tensor) -> Image:
    """Source, prediction, target, error map. Prediction and target share one stretch: brightness compares."""
    low, high = stretch(pair.target.pixels, pair.target.dtype)
    panels = [
        shown(pair.source.pixels, *stretch(pair.source.pixels, pair.source.dtype)),
        shown(prediction, low, high),
        shown(pair.target.pixels, low, high),
        heat((prediction - pair.target.pixels).abs().mean(0)),
    ]
    gap = np.full((panels[0].shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([part for panel in panels for part in (panel, gap)][:-1], axis=1)


def stretch(pixels: Tensor, dtype: str) -> tuple[float, float]:
    """What is shown as black and as white: the scale's limits at 8 bits, the 1st and 99th percentile where deeper."""
    if dtype == "uint8":
        return 0.0, 1.0
    values = pixels.flatten()[:: max(1, pixels.numel() // 100_000)]
    low, high = torch.quantile(values, torch.tensor([0.01, 0.99])).tolist()
    return (low, high) if high > low else (low, low + 1.0)


def shown(pixels: Tensor, low: float, high: float) -> Image:
    """``(c, h, w)`` as an RGB picture: one or two channels grey, three as they are, the first three of more."""
    values = ((pixels - low) / (high - low)).clamp(0, 1)
    values = values[:3] if len(values) >= 3 else values[:1].expand(3, -1, -1)
    array: Any = (values * 255 + 0.5).to(torch.uint8).permute(1, 2, 0).contiguous().numpy()
    picture: Image = array
    return picture


def heat(error: Tensor) -> Image:
    """An ``(h, w)`` error as a picture from black over red to pale yellow."""
    values = (error / WORST_SHOWN).clamp(0, 1).numpy()
    places = [place for place, _ in HEAT]
    bands = [np.interp(values, places, [colour[band] for _, colour in HEAT]) for band in range(3)]
    return np.stack(bands, axis=-1).round().astype(np.uint8)
