"""CycleGAN as a translator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor, nn

from spectra import Config, Imported, SpectraError, Stage, Task, Translator
from spectra_cyclegan import official
from spectra_cyclegan.cycle import Cycle
from spectra_cyclegan.networks import discriminator_of, generator_of, recomputable, translated
from spectra_cyclegan.presets import CYCLEGAN
from spectra_cyclegan.settings import CycleGANSettings

IDENTITY = 0.5


class CycleGAN(Translator):
    """There and back again: two generators that undo one another, learned without pairs (Zhu et al., 2017).

    The model is the generator from source to target. The way back belongs to learning, as the discriminators do.
    """

    api_version = 1
    home_tasks = ("rgb2nir", "rgb2lwir", "sar2rgb")
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = CYCLEGAN
    Settings = CycleGANSettings
    summary = "two GANs that undo one another, learned without pairs (ICCV 2017)"

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.identity = self._share_of_identity()
        self.generator = generator_of(self.settings, task.source.channels, task.target.channels)
        self._only_learning: list[nn.Module] = []

    def _share_of_identity(self) -> float:
        source, target = self.task.source.channels, self.task.target.channels
        if self.settings.identity and source != target:
            raise SpectraError(
                f"`identity: {self.settings.identity:g}` shows each generator what it is to leave alone, which needs "
                f"as many channels of source and target; {self.task} has {source} and {target}. Leave it out."
            )
        if self.settings.identity is None:
            return IDENTITY if source == target else 0.0
        return float(self.settings.identity)

    @property
    def multiple(self) -> int:
        return int(2**self.settings.halvings)

    def forward(self, source: Tensor) -> Tensor:
        return translated(self.generator, source, self.settings)

    def stages(self) -> list[Stage]:
        if self.task.source.name == self.task.target.name:
            raise SpectraError(
                f"CycleGAN draws source and target by the names of their modalities, and in {self.task} there is only "
                f"{self.task.source.name!r}: name them apart, with `modalities: {{day: {{channels: 3}}, night: ...}}` "
                "and `task: day2night`."
            )
        source, target = self.task.source.channels, self.task.target.channels
        back = generator_of(self.settings, target, source)
        judges = (discriminator_of(self.settings, source), discriminator_of(self.settings, target))
        self._only_learning = [back]
        return [Cycle(self.task, (self.generator, back), judges, self.settings, self.identity)]

    def recomputed(self) -> list[nn.Module]:
        return [part for generator in (self.generator, *self._only_learning) for part in recomputable(generator)]

    def diagnostics(self) -> dict[str, Any]:
        source, target = self.task.source.channels, self.task.target.channels
        if source == target:
            return {"identity": self.identity}
        return {"identity": f"off: {source} channels of source, {target} of target"}

    @classmethod
    def import_official(cls, state: Mapping[str, Tensor], task: Task | None = None) -> Imported:
        return official.imported(cls, state, task)

    def export_official(self) -> dict[str, Tensor]:
        return official.exported(self.generator, self.settings)
