"""Methods that learn, and methods that fail in every way that others must survive."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.bench.contest import bench as benching
from tests.plugin_packages import PluginPackages

CODE = """
import os, time
import torch
from torch import nn
from spectra import Config, Player, Stage, Translator, Update
from pydantic import Field

class Settings(Config):
    width: int = Field(3, gt=0)

class Learn(Stage):
    def __init__(self, name, net):
        super().__init__()
        self.name, self.net, self.players = name, net, {"generator": Player(net)}
    def step(self, batch):
        source, target = batch.pairs
        made = self.net(source)
        if PAUSE:
            time.sleep(PAUSE)
        yield Update("generator", error=lambda: (made - target).abs().mean(), **self.pairwise(made, target))

class Pupil(Translator):
    api_version = 1
    Settings = Settings
    home_tasks = ("rgb2ir",)
    presets = {
        "tiny": {"train": {"lr": 1e-2, "stages": {"early": {"steps": 6}, "late": {"steps": 3}}}},
        "brief": {"train": {"lr": 1e-2, "steps": 2}},
    }
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.net = nn.Sequential(nn.Conv2d(3, settings.width, 1), nn.Tanh(), nn.Conv2d(settings.width, 1, 1))
    def forward(self, source):
        return self.net(source)
    def stages(self):
        return [Learn("early", self.net), Learn("late", self.net)]

class Raises(Pupil):
    api_version = 1
    def stages(self):
        raise RuntimeError("a plugin went wrong")

class Dies(Pupil):
    api_version = 1
    def stages(self):
        print("the last words")
        os.abort()

class Leaks(Pupil):
    api_version = 1
    def stages(self):
        held = []
        for _ in range(1000):
            held.append(torch.ones(2_000_000))
            time.sleep(0.002)
        raise RuntimeError("nobody ended it")

class Wrong(Pupil):
    api_version = 1
    def forward(self, source):
        return self.net(source)[..., 1:]

class Dizzy(Pupil):
    api_version = 1
    def forward(self, source):
        made = self.net(source)
        return made if self.training else made * float('nan')

class Elsewhere(Pupil):
    api_version = 1
    home_tasks = ("sar2eo",)
    @classmethod
    def supports(cls, task):
        return str(task) == "sar2eo"
"""
NAMES = ("Pupil", "Raises", "Dies", "Leaks", "Wrong", "Dizzy", "Elsewhere")


@pytest.fixture
def pupils(plugin_packages: PluginPackages) -> PluginPackages:
    entries = {"translators": {name.lower(): f"pupils:{name}" for name in NAMES}}
    plugin_packages.add("pupils", entries, f"PAUSE = 0\n{CODE}")
    return plugin_packages


@pytest.fixture(autouse=True)
def plain(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page and the pictures have tests of their own."""
    if request.node.get_closest_marker("whole") is None:
        monkeypatch.setattr(benching, "write_page", lambda folder: folder)
        monkeypatch.setattr(benching, "write_gallery", lambda *words: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bench"
