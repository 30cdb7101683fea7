"""pix2pixHD as a translator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from spectra import Config, Imported, SpectraError, Stage, Task, Translator
from spectra.nn.initialise import normal_
from spectra.nn.multiscale_discriminator import MultiscaleDiscriminator
from spectra.nn.residual import ResidualBlock
from spectra_pix2pixhd import official
from spectra_pix2pixhd.global_generator import GlobalGenerator
from spectra_pix2pixhd.layers import Style
from spectra_pix2pixhd.local_enhancer import LocalEnhancer
from spectra_pix2pixhd.presets import PRESETS
from spectra_pix2pixhd.settings import Settings
from spectra_pix2pixhd.stages import Duel, FixedGlobal, Together


class Pix2PixHD(Translator):
    """A generator from coarse to fine against a discriminator that looks at several sizes (Wang et al., 2018)."""

    api_version = 1
    home_tasks = ("sar2eo", "sar2rgb")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS
    Settings = Settings
    summary = "conditional GAN: global generator, local enhancers, discriminator at several sizes (CVPR 2018)"

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.generator = generator_of(self.settings, task.source.channels, task.target.channels)
        normal_(self.generator)

    @property
    def multiple(self) -> int:
        enhancers = self.settings.enhancers if self.settings.generator == "local" else 0
        return int(2 ** (self.settings.downs + enhancers))

    def forward(self, source: Tensor) -> Tensor:
        least = 2 * self.multiple
        if min(source.shape[-2:]) < least:
            raise SpectraError(
                f"An image of {source.shape[-2]}×{source.shape[-1]} is too small: with `downs: {self.settings.downs}` "
                f"both sides need {least} pixels or more. Enlarge it, or train with fewer `downs`."
            )
        target: Tensor = self.generator(2 * source - 1)
        return (target + 1) / 2

    def stages(self) -> list[Stage]:
        discriminator = self._discriminator()
        if not self.settings.fix_global:
            return [Duel(self.generator, discriminator, self.settings)]
        assert isinstance(self.generator, LocalEnhancer)
        return [
            FixedGlobal(self.generator, discriminator, self.settings),
            Together(self.generator, discriminator, self.settings),
        ]

    def _discriminator(self) -> nn.Module:
        """It judges the target together with its source; only learning needs it, so it is no part of the model."""
        settings, task = self.settings, self.task
        discriminator = MultiscaleDiscriminator(
            task.source.channels + task.target.channels,
            settings.discriminator_width,
            settings.discriminator_layers,
            settings.scales,
            settings.norm,
        )
        normal_(discriminator)
        return discriminator

    def recomputed(self) -> list[nn.Module]:
        return [module for module in self.generator.modules() if isinstance(module, ResidualBlock)]

    @classmethod
    def import_official(cls, state: Mapping[str, Tensor], task: Task | None = None) -> Imported:
        return official.imported(cls, state, task)

    def export_official(self) -> dict[str, Tensor]:
        return official.exported(self.generator, self.settings)


def generator_of(settings: Settings, source: int, target: int) -> nn.Module:
    """Without its initial weights."""
    style = Style.of(settings)
    if settings.generator == "global":
        return GlobalGenerator(source, target, settings.width, settings.downs, settings.blocks, style)
    return LocalEnhancer(
        source,
        target,
        settings.width,
        settings.downs,
        settings.blocks,
        settings.enhancers,
        settings.local_blocks,
        style,
    )
