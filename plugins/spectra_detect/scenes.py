"""The built-in street scenes as a folder of splits, none of which shares a scene with another."""

from __future__ import annotations

from pathlib import Path

from spectra import Task
from spectra.labels.scenes import write_scenes
from spectra_detect.files import whole
from spectra_detect.settings import SceneSettings
from spectra_detect.splits import FEW, LABELLED, TEST, TEST_SOURCE

FIRST = {LABELLED: 3_000_000, FEW: 4_000_000, TEST: 5_000_000, TEST_SOURCE: 5_000_000}
"""Pairs count from 0, and what `spectra run` looks at itself lies between 1,000,000 and 3,000,000."""


def write_splits(out: Path, task: str, scenes: SceneSettings) -> Path:
    """The folder, which is drawn where it is not there yet."""
    if out.is_dir():
        return out
    asked = Task.parse(task)
    source, target = asked.source.name, asked.target.name
    counts = {LABELLED: scenes.labelled, FEW: scenes.few, TEST: scenes.test, TEST_SOURCE: scenes.test}
    with whole(out) as place:
        for name, count in counts.items():
            shown = source if name in (LABELLED, TEST_SOURCE) else target
            write_scenes(place / name, shown, count, first=FIRST[name], seed=scenes.seed, size=scenes.size)
    return out


def paired_names(scenes: SceneSettings) -> set[str]:
    """Of the scenes that the generator learns from."""
    return {f"street_{index:06d}" for index in range(scenes.pairs)}
