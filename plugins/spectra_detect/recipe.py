"""From a YAML file to the settings of an experiment: file < preset < `--set`; all faults are told together."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spectra import SpectraError
from spectra.recipe.check import problems_with
from spectra.recipe.faults import raise_faults
from spectra.recipe.layers import Layers, parse_assignment, read_layers
from spectra.recipe.positions import Position
from spectra_detect.presets import PRESETS
from spectra_detect.settings import Settings


def load(
    path: Path | str,
    *,
    preset: str | None = None,
    sets: Sequence[str] = (),
    data: Path | str | None = None,
    seeds: int | None = None,
) -> Settings:
    """Read an experiment. ``data`` and paths in ``sets`` are relative to the current folder, others to the file."""
    layers = read_layers(Path(path))
    _anchor_model(layers, Path(path).parent)
    layers.data.setdefault("name", re.sub(r"[^\w.-]+", "_", Path(path).stem)[:100])
    if preset is not None:
        layers.lay(_preset(preset), Position(f"preset {preset!r}", 0, 0))
    for text in sets:
        layers.set(*parse_assignment(text), "--set")
    options: dict[tuple[str, ...], Any] = {("data", "root"): str(data) if data else None, ("seeds",): seeds}
    for key, value in options.items():
        if value is not None:
            layers.set(key, value, "--data" if "root" in key else "--seeds")
    return _checked(layers)


def _checked(layers: Layers) -> Settings:
    faults = [
        layers.fault(f"{'.'.join(map(str, where))}: {message}" if where else message, where)
        for where, message in problems_with(Settings, layers.data)
    ]
    if faults:
        raise_faults(faults)
    return Settings.model_validate_json(json.dumps(layers.data), strict=True)


def _preset(name: str) -> Any:
    if name not in PRESETS:
        raise SpectraError(f"No preset of a detection experiment is named {name!r}. Known: {', '.join(PRESETS)}.")
    return PRESETS[name]


def _anchor_model(layers: Layers, folder: Path) -> None:
    """A generator's folder is relative to the file that names it; a ready name is no folder."""
    generator = layers.data.get("generator")
    model = generator.get("model") if isinstance(generator, dict) else None
    if isinstance(model, str) and isinstance(generator, dict) and (folder / model).is_dir():
        generator["model"] = str(folder / model)
