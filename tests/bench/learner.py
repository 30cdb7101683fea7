"""A plugin that learns by gradient, and a recipe of it, for tests of what a run learns."""

from __future__ import annotations

LEARNER = """
import numpy as np
import torch
from torch import nn
from spectra import Config, Loss, Player, Stage, Translator, Update
from pydantic import Field

class Settings(Config):
    width: int = Field(4, gt=0)

class Learn(Stage):
    name = "first"
    def __init__(self, net, name="first"):
        super().__init__()
        self.name, self.net, self.players = name, net, {"generator": Player(net)}
        self.sizes = []
    def step(self, batch):
        source, target = batch.pairs
        with open(LOG, "a") as log:
            log.write(f"{self.name} {tuple(source.shape)}\\n")
        fake = self.net(source)
        yield Update("generator", flat=lambda: fake.diff(dim=-1).abs().mean(), **self.pairwise(fake, target))

class Learner(Translator):
    api_version = 1
    Settings = Settings
    home_tasks = ("rgb2ir",)
    presets = {
        "tiny": {"settings": {"width": 2}, "train": {"steps": 3}},
        "heavy": {"losses": {"twice": 10}, "train": {"betas": (0.9, 0.99)}},
    }
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.net = nn.Sequential(nn.Conv2d(3, settings.width, 1), nn.Tanh(), nn.Conv2d(settings.width, 1, 1))
    def forward(self, source):
        return self.net(source)
    def stages(self):
        return [Learn(self.net), Learn(self.net, "second")]

class Ready(Learner):
    api_version = 1
    ready = True

class Eights(Learner):
    api_version = 1
    multiple = 8

class Curious(Learner):
    api_version = 1
    def diagnostics(self):
        return {
            "tensor": torch.tensor(0.5), "count": np.int64(3), "single": np.float32(0.25), "flag": np.bool_(True),
            "many": torch.ones(2), "deep": {"nan": [float("nan"), (np.float64("inf"),)]}, 1: Settings(width=7),
        }

class Shared(Stage):
    def __init__(self, net):
        super().__init__()
        self.net, self.players = net, {"generator": Player(net)}
    def step(self, batch):
        source, target = batch.pairs
        yield Update("generator", **self.pairwise(self.net(source), target))

class LossesAlone(Learner):
    api_version = 1
    def stages(self):
        return [Shared(self.net)]

class Twice(Loss):
    api_version = 1
    def forward(self, prediction, target):
        return 2 * (prediction - target).abs().mean()
"""
LEARNED = """
task: rgb2ir
translator: learner
train: {steps: 4, batch_size: 2, lr: 1e-2}
losses: {twice: 1}
evaluate: {metrics: [mae], floors: [constant], samples: 1}
"""
