"""What several rooms of tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.plugin_packages import PluginPackages


@pytest.fixture(autouse=True, scope="session")
def own_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is kept in the cache of whoever runs the tests, nor taken from it."""
    if "SPECTRA_HOME" in os.environ:
        yield
        return
    os.environ["SPECTRA_HOME"] = str(tmp_path_factory.mktemp("home"))
    yield
    del os.environ["SPECTRA_HOME"]


@pytest.fixture
def plugin_packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PluginPackages]:
    """A folder on ``sys.path`` to install made-up distributions into, with nothing remembered before or after."""
    packages = PluginPackages(tmp_path / "site")
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SPECTRA_PLUGINS", raising=False)
    monkeypatch.syspath_prepend(str(packages.folder))
    yield packages
    packages.forget()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that need a CUDA device are skipped, with the reason, where there is none."""
    asking = [item for item in items if item.get_closest_marker("gpu")]
    if not asking:
        return
    import torch

    if not torch.cuda.is_available():
        for item in asking:
            item.add_marker(pytest.mark.skip(reason="there is no CUDA device here"))
