"""Real image pairs, which are not part of this repository: tests of them are skipped where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "SPECTRA_REAL_PAIRS"
BESIDE = Path(__file__).parents[2] / "shared" / "data"


def real_pairs(name: str) -> Path:
    """The folder of a set of real pairs, in `$SPECTRA_REAL_PAIRS` or in `shared/data` beside the repository."""
    folder = Path(os.environ.get(VARIABLE, BESIDE)) / name
    if not folder.is_dir():
        pytest.skip(f"the real pairs {name!r} are not here: set {VARIABLE} to the folder that holds them")
    return folder
