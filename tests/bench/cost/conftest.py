"""Model folders of the translators whose cost is measured."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spectra.model import create
from tests.bench.cost.models import DEAR, NAMES
from tests.plugin_packages import PluginPackages

FolderOf = Callable[[str], Path]


@pytest.fixture
def folder_of(plugin_packages: PluginPackages, tmp_path: Path) -> FolderOf:
    """The folder of a model of that name."""
    plugin_packages.add("dear", {"translators": {name.lower(): f"dear:{name}" for name in NAMES}}, DEAR)

    def saved(name: str) -> Path:
        create(name, "rgb2ir").save(tmp_path / name)
        return tmp_path / name

    return saved
