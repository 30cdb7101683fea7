"""pix2pix as a translator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from torch import Tensor, nn

from spectra import Config, Imported, Stage, Task, Translator
from spectra_cyclegan import official
from spectra_cyclegan.duel import Duel
from spectra_cyclegan.networks import discriminator_of, generator_of, recomputable, translated
from spectra_cyclegan.presets import PIX2PIX
from spectra_cyclegan.settings import Pix2PixSettings


class Pix2Pix(Translator):
    """A U-Net against a discriminator of patches, which sees the source too (Isola et al., 2017)."""

    api_version = 1
    home_tasks = ("rgb2nir", "sar2eo", "sar2rgb")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = PIX2PIX
    Settings = Pix2PixSettings
    summary = "conditional GAN: U-Net against a discriminator of patches, beside L1 (CVPR 2017)"

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator = generator_of(self.settings, task.source.channels, task.target.channels)

    @property
    def multiple(self) -> int:
        return int(2**self.settings.halvings)

    def train(self, mode: bool = True) -> Self:
        """In eval mode the settings say whether dropout goes on, and by what batch norms go."""
        super().train(mode)
        learned = self.settings.statistics == "running"
        for part in self.generator.modules():
            if isinstance(part, nn.Dropout):
                part.train(mode or self.settings.noise)
            elif isinstance(part, nn.BatchNorm2d):
                part.train(mode or not learned)
                part.track_running_stats = mode or learned  # else translating would change what it has learned
        return self

    def forward(self, source: Tensor) -> Tensor:
        return translated(self.generator, source, self.settings)

    def stages(self) -> list[Stage]:
        seen = self.task.source.channels + self.task.target.channels
        return [Duel(self.generator, discriminator_of(self.settings, seen), self.settings)]

    def recomputed(self) -> list[nn.Module]:
        return recomputable(self.generator)

    @classmethod
    def import_official(cls, state: Mapping[str, Tensor], task: Task | None = None) -> Imported:
        return official.imported(cls, state, task)

    def export_official(self) -> dict[str, Tensor]:
        return official.exported(self.generator, self.settings)
