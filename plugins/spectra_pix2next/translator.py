"""Pix2Next as a translator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from spectra import Config, Imported, SpectraError, Stage, Task, Translator
from spectra.nn.multiscale_discriminator import MultiscaleDiscriminator
from spectra_pix2next import official
from spectra_pix2next.dead_head import DeadHead
from spectra_pix2next.extractors.choose import extractor_of
from spectra_pix2next.generator import Generator
from spectra_pix2next.initial import normal_convolutions
from spectra_pix2next.presets import PRESETS
from spectra_pix2next.resnet import Resnet
from spectra_pix2next.settings import Settings
from spectra_pix2next.stages import ORDERS

HALVINGS = 3
"""Of the U-Net."""


class Pix2Next(Translator):
    """A U-Net that attends to what a vision model sees in the source, against a discriminator at several sizes."""

    api_version = 1
    home_tasks = ("rgb2nir", "rgb2lwir")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS
    Settings = Settings
    summary = "conditional GAN: U-Net with cross-attention to InternImage, SwinV2 or another backbone (2024)"

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.copies = 3 if self.settings.tripled and task.target.channels == 1 else 1
        self.generator = self._generator()
        if self.settings.dead_head:
            self.dead_head = DeadHead(self.features)

    def _generator(self) -> Generator | Resnet:
        settings: Settings = self.settings
        source, target = self.task.source.channels, self.copies * self.task.target.channels
        if settings.generator == "resnet":
            layered = Resnet(source, target, settings)
            normal_convolutions(layered)
            return layered
        extractor = extractor_of(settings, source if settings.extractor_input == "image" else settings.width)
        network = Generator(source, target, settings, extractor)
        normal_convolutions(network, but=extractor if settings.extractor_weights else None)
        return network

    @property
    def features(self) -> int:
        """Channels of the extractor's last stage, where there is one."""
        assert isinstance(self.generator, Generator) and self.generator.extractor is not None
        return self.generator.extractor.widths[-1]

    @property
    def multiple(self) -> int:
        return int(2 ** (self.settings.downs if self.settings.generator == "resnet" else HALVINGS))

    def forward(self, source: Tensor) -> Tensor:
        height, width = source.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise SpectraError(
                f"An image of {height}×{width} cannot be halved {self.multiple.bit_length() - 1} times: both sides "
                f"must divide by {self.multiple}. Cut or pad it, or translate it by the model, which does so itself."
            )
        target: Tensor = (self.generator(2 * source - 1) + 1) / 2
        return target if self.copies == 1 else target.mean(1, keepdim=True)

    def stages(self) -> list[Stage]:
        extractor = getattr(self.generator, "extractor", None)
        if extractor is not None:
            extractor.require()
        return [ORDERS[self.settings.order](self.generator, self._discriminator(), self.settings, self.copies)]

    def _discriminator(self) -> nn.Module:
        """It judges the target together with its source; only learning needs it, so it is no part of the model."""
        settings, task = self.settings, self.task
        return MultiscaleDiscriminator(
            task.source.channels + self.copies * task.target.channels,
            settings.discriminator_width,
            settings.discriminator_layers,
            settings.scales,
            settings.discriminator_norm,
        )

    def recomputed(self) -> list[nn.Module]:
        return self.generator.blocks()

    @classmethod
    def import_official(cls, state: Mapping[str, Tensor], task: Task | None = None) -> Imported:
        return official.imported(cls, state, task)

    def export_official(self) -> dict[str, Tensor]:
        return official.exported(self)
