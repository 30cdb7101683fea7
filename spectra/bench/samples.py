"""Pictures of what a method did: source, prediction, target and error, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch import Tensor

from spectra.bench.counted import Told, silent
from spectra.bench.method import Judged
from spectra.bench.names import file_names
from spectra.bench.scoring import fitted, resized
from spectra.data.images import write_image
from spectra.data.pairs import Pair, PairSet
from spectra.data.preview import Image, shown, stretch
from spectra.recipe.recipe import EvaluateSettings

GAP = 4
WORST_SHOWN = 0.25
"""The error, as a share of the scale, at which the error map is brightest; it is the same in every picture."""
HEAT = ((0.0, (8, 8, 20)), (0.25, (70, 20, 110)), (0.5, (190, 45, 80)), (0.75, (245, 135, 40)), (1.0, (255, 250, 190)))


def write_samples(
    folder: Path, methods: Sequence[Judged], test: PairSet, settings: EvaluateSettings, told: Told = silent
) -> None:
    """One PNG for each method and each of the chosen test images."""
    folder.mkdir()
    places = chosen(len(test), settings.samples)
    for count, place in enumerate(places, start=1):
        pair = test[place]
        judged = resized(pair, settings.resize)
        for method, name in zip(methods, file_names([method.name for method in methods]), strict=True):
            write_image(folder / f"{place:04d}_{name}.png", side_by_side(judged, fitted(method.predict(pair), judged)))
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


def heat(error: Tensor) -> Image:
    """An ``(h, w)`` error as a picture from black over red to pale yellow."""
    values = (error / WORST_SHOWN).clamp(0, 1).numpy()
    places = [place for place, _ in HEAT]
    bands = [np.interp(values, places, [colour[band] for _, colour in HEAT]) for band in range(3)]
    return np.stack(bands, axis=-1).round().astype(np.uint8)
