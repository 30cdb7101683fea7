"""Methods that learn, and methods that fail in every way that others must survive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.contest import matters
from spectra.bench.contest.bench import Bench
from tests.bench.contest.benches import carry_out
from tests.pair_folders import write_data
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

class Leaves(Pupil):
    api_version = 1
    def stages(self):
        os._exit(0)

class Elsewhere(Pupil):
    api_version = 1
    home_tasks = ("sar2eo",)
    @classmethod
    def supports(cls, task):
        return str(task) == "sar2eo"
"""
NAMES = ("Pupil", "Raises", "Dies", "Leaks", "Wrong", "Dizzy", "Leaves", "Elsewhere")


@dataclass(frozen=True)
class Shared:
    """A bench that several tests look at, and copy before they change anything."""

    root: Path
    """Its pairs."""
    done: Bench
    methods = ("pupil", "graydef")

    @property
    def said(self) -> dict[str, Any]:
        return {"data": str(self.root), "preset": "tiny"}

    def copied(self, folder: Path) -> Path:
        return Path(shutil.copytree(self.done.folder, folder))

    def kept(self, method: str) -> Path:
        return next(self.done.folder.glob(f"kept/{method}-*/done.json")).parent


@pytest.fixture(scope="module")
def pupils(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PluginPackages]:
    """Installed for all tests of a file."""
    packages = PluginPackages(tmp_path_factory.mktemp("plugins") / "site")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SPECTRA_PLUGINS", raising=False)
        patch.setattr(matters, "own_source", lambda: "as it is")  # whoever edits it meanwhile is not the matter here
        patch.syspath_prepend(str(packages.folder))
        entries = {"translators": {name.lower(): f"pupils:{name}" for name in NAMES}}
        packages.add("pupils", entries, f"PAUSE = 0\n{CODE}")
        yield packages
    packages.forget()


@pytest.fixture(scope="module")
def shared(pupils: PluginPackages, tmp_path_factory: pytest.TempPathFactory) -> Shared:
    place = tmp_path_factory.mktemp("shared")
    root = write_data(place / "pairs")
    return Shared(root, carry_out(place / "bench", *Shared.methods, data=str(root), preset="tiny"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "bench"
