"""Data, recipes and plugins that the tests of runs share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.learner import LEARNER
from tests.pair_folders import write_data, write_recipe
from tests.plugin_packages import PluginPackages


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write_data(tmp_path / "pairs")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path)


@pytest.fixture
def log(plugin_packages: PluginPackages, tmp_path: Path) -> Path:
    """A translator that learns by gradient, a loss, and what the steps saw."""
    path = tmp_path / "steps.log"
    translators = ("Learner", "Ready", "Eights", "Curious", "LossesAlone")
    entries = {
        "translators": {name.lower(): f"learnt:{name}" for name in translators},
        "losses": {"twice": "learnt:Twice"},
    }
    plugin_packages.add("learnt", entries, f"LOG = {str(path)!r}\n{LEARNER}")
    return path
