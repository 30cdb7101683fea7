"""The translator: a network, what a user may set of it, and how it learns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field
from spectra import Batch, Config, Player, Stage, Task, Translator, Update
from torch import Tensor, nn


class Firefly(Translator):
    """A few convolutions, one after the other."""

    api_version = 1

    class Settings(Config):
        width: int = Field(24, gt=0, description="channels of the hidden layers")
        depth: int = Field(3, ge=2, description="number of convolutions")

    home_tasks = ("rgb2nir",)
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "default": {},
        "tiny": {"settings": {"width": 8, "depth": 2}, "train": {"steps": 50}},
    }
    summary = "a small convolutional network"

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        width, depth = self.settings.width, self.settings.depth
        layers: list[nn.Module] = [_convolution(task.source.channels, width), nn.GELU()]
        for _ in range(depth - 2):
            layers += [_convolution(width, width), nn.GELU()]
        self.network = nn.Sequential(*layers, _convolution(width, task.target.channels))

    def forward(self, source: Tensor) -> Tensor:
        """Images of the unit interval to images of the unit interval; Spectra clamps what leaves it."""
        target: Tensor = self.network(source)
        return target

    def stages(self) -> list[Stage]:
        return [Learning(self.network)]


class Learning(Stage):
    """One player learns from the pairs, with the losses that the recipe names."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.players = {"network": Player(network)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        yield Update("network", **self.pairwise(self.network(source), target))


def _convolution(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, padding_mode="replicate")
