"""Translators that cost something known, or that no bench should be harmed by."""

from __future__ import annotations

MEGABYTES = 200
EACH = 60
"""Megabytes for each image of a batch."""

DEAR = f"""
import os
import time
import torch
from torch import nn
from spectra import Translator

def filled(megabytes, device="cpu"):
    return torch.ones(megabytes * 250_000, device=device)

class Plain(Translator):
    api_version = 1
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.net = nn.Conv2d(3, 1, 3, padding=1)
        self.register_buffer("kept", torch.zeros(7))
    def forward(self, source):
        return self.net(source)

class Padded(Plain):
    api_version = 1
    multiple = 16

class Hungry(Plain):
    api_version = 1
    def forward(self, source):
        return self.net(source) + filled({MEGABYTES} if len(source) == 1 else 1, source.device)[0]

class Heavy(Plain):
    api_version = 1
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.weight = nn.Parameter(filled({MEGABYTES}))

class Crowded(Plain):
    api_version = 1
    def forward(self, source):
        return self.net(source) + filled({EACH} * len(source), source.device)[0]

class Leaky(Plain):
    api_version = 1
    def forward(self, source):
        self.held = [*getattr(self, "held", []), filled(50, source.device)]
        return self.net(source)

class Aborting(Plain):
    api_version = 1
    def forward(self, source):
        os.abort()

class Raising(Plain):
    api_version = 1
    def forward(self, source):
        raise ValueError("the moon is full")

class Exiting(Plain):
    api_version = 1
    def forward(self, source):
        os._exit(3)

class Hanging(Plain):
    api_version = 1
    def forward(self, source):
        time.sleep(3600)

class Queuing(Plain):
    api_version = 1
    def forward(self, source):
        if source.is_cuda:
            torch.cuda._sleep(100_000_000)  # cycles, of which a GPU has no more than 4e9 a second
        return self.net(source)

class Narrow(Plain):
    api_version = 1
    def forward(self, source):
        if len(source) > 1:
            raise ValueError("one image at a time")
        return self.net(source)
"""
NAMES = (
    "Plain",
    "Padded",
    "Hungry",
    "Heavy",
    "Crowded",
    "Leaky",
    "Aborting",
    "Raising",
    "Exiting",
    "Hanging",
    "Queuing",
    "Narrow",
)
