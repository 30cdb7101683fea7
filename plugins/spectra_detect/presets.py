"""Named partial experiments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

TINY: Mapping[str, Any] = {
    "seeds": 2,
    "data": {"scenes": {"size": 64, "labelled": 8, "few": 2, "test": 6, "pairs": 4}},
    "generator": {"model": None, "translator": "linear", "preset": None, "sets": []},
    "detector": {"size": 64, "width": 8, "neck": 16, "convolutions": 1},
    "learning": {"steps": 4, "tune_steps": 2, "batch_size": 2},
    "evaluation": {"resamples": 50, "pictures": 2},
}
"""Everything that the experiment does, in seconds: it shows that it runs, and nothing else."""

PRESETS: Mapping[str, Mapping[str, Any]] = {"tiny": TINY}
