"""Translators that have one fault in what they say or make."""

from __future__ import annotations

from typing import ClassVar

import torch
from pydantic import ConfigDict, field_validator
from torch import Tensor, nn

from spectra import Config, SpectraError, Task
from tests.testing.faulty.sound import Sound


class BytesNotUnit(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return 255 * super().forward(source)


class NotANumber(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + (source.mean() - source.mean()) / (source.max() - source.max())


class HalfSize(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source)[..., ::2, ::2]


class SqueezesOne(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source).squeeze(0)


class Remembers(Sound):
    """Blends in the mean of what it saw before."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.before = 0.5

    def forward(self, source: Tensor) -> Tensor:
        target = super().forward(source) + 0.1 * self.before
        self.before = float(source.mean()) if source.device.type != "meta" else 0.5
        return target


class LooksAtTheBatch(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source - source.mean())


class ChangesItsInput(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source.mul_(0.5))


class UnderstatesItsReach(Sound):
    """It looks one pixel to each side."""

    @property
    def reach(self) -> int:
        return 0


class ForgetsItsMultiple(Sound):
    """Blocks of four pixels that count from the corner, and not from where a window begins."""

    @property
    def reach(self) -> int:
        return 4

    def forward(self, source: Tensor) -> Tensor:
        rows = torch.arange(source.shape[-2], device=source.device)[:, None] % 4
        return super().forward(source) * (0.5 + rows / 8).to(source.dtype)


class NegativeReach(Sound):
    @property
    def reach(self) -> int:
        return -1


class AlwaysSingle(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source).float()


class Dices(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + 0.01 * torch.rand_like(source[:, :1])


class KeepsATensorLoose(Sound):
    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.tones = [torch.rand(1)]

    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + self.tones[0].to(source)


class MakesOnTheCpu(Sound):
    def forward(self, source: Tensor) -> Tensor:
        return super().forward(source) + torch.zeros(source.shape[-1], device="cpu", dtype=source.dtype)


class OnlyEvenSizes(Sound):
    """Says nothing of it: its ``multiple`` stays 1."""

    def forward(self, source: Tensor) -> Tensor:
        halved = nn.functional.avg_pool2d(super().forward(source), 2)
        return nn.functional.interpolate(halved, scale_factor=2)


class LooseSettings(Sound):
    class Settings(Config):
        model_config = ConfigDict(frozen=False, extra="ignore")
        width: int = 3


class DriftingSettings(Sound):
    class Settings(Config):
        width: int = 3

        @field_validator("width")
        @classmethod
        def wider(cls, width: int) -> int:
            return width + 1


class Silent(Sound):
    summary = " "


class NoHome(Sound):
    home_tasks: ClassVar[tuple[str, ...]] = ("rgb2nir", "nir2rgb")

    @classmethod
    def supports(cls, task: Task) -> bool:
        return task.target.channels == 1


class TakesAnything(NoHome):
    """Is built for what it does not support."""

    home_tasks = ("rgb2nir",)

    def __init__(self, task: Task, settings: Config) -> None:
        try:
            super().__init__(task, settings)
        except SpectraError:
            nn.Module.__init__(self)


class NotesItsDevices(Sound):
    """No fault: where it has been built."""

    presets = {"tiny": {"settings": {}}}  # noqa: RUF012
    built: ClassVar[list[str]] = []

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.built.append(next(self.parameters()).device.type)


class LooksAtValues(NotesItsDevices):
    """No fault: as it is built, it needs data."""

    built: ClassVar[list[str]] = []

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.most = torch.linspace(0, 1, 5).max().item()


class CannotBeBuilt(NotesItsDevices):
    built: ClassVar[list[str]] = []

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.odd = torch.ones(3).reshape(2, 2)


class WrongPreset(Sound):
    presets = {"tiny": {"setings": {"width": 3}}}  # noqa: RUF012
