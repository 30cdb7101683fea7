"""MPFNet as a translator."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from torch import Tensor, nn

from spectra import Config, SpectraError, Stage, Task, Translator
from spectra_mpfnet.colorization import Colorization
from spectra_mpfnet.crossing import Networks
from spectra_mpfnet.direct import Direct
from spectra_mpfnet.feature_embedding import FeatureEmbedding
from spectra_mpfnet.grey import Grey
from spectra_mpfnet.joint import Joint
from spectra_mpfnet.networks import discriminator_of, progressive_of
from spectra_mpfnet.presets import PRESETS
from spectra_mpfnet.settings import Settings, StageName
from spectra_mpfnet.translation import Translation


class MPFNet(Translator):
    """One channel to grey, and grey to colours, each by a progressive network (Yang, Chen and Yang, 2023).

    The model has both networks. The way back from grey belongs to learning, as the discriminators do.
    """

    api_version = 1
    home_tasks = ("nir2rgb",)
    presets: ClassVar[Mapping[str, Mapping[str, Any]]] = PRESETS
    Settings = Settings
    summary = "near infrared to grey, grey to colours: three stages, networks from coarse to fine (2023)"

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        source, target = task.source.channels, task.target.channels
        self.direct = "translation" in self.settings.without
        self.there = None if self.direct else progressive_of(self.settings, source, 1)
        self.color = progressive_of(self.settings, 1, target)
        self._only_learning: list[nn.Module] = []

    @classmethod
    def supports(cls, task: Task) -> bool:
        return task.source.channels == 1 and task.target.channels == 3

    @property
    def multiple(self) -> int:
        depths: tuple[int, ...] = self.settings.used_depths
        return int(2 ** (len(depths) - 1) * 2 ** max(depths))

    def forward(self, source: Tensor) -> Tensor:
        image = 2 * source - 1
        if self.there is not None:
            image = self.there(image)[-1]
        finest: Tensor = self.color(image)[-1]
        return (finest + 1) / 2

    def intermediates(self) -> Mapping[str, Translator]:
        """The grey between."""
        if self.there is None:
            return {}
        return {"gray": Grey(self.task, self.settings, self.there, self.multiple)}

    def stages(self) -> list[Stage]:
        if self.task.source.name == self.task.target.name:
            raise SpectraError(f"MPFNet draws images by the names of their modalities, and {self.task} has only one.")
        made = {stage.name: stage for stage in self._stages()}
        return [made[name] for name in self.settings.used_stages]

    def left_out(self) -> tuple[str, ...]:
        return tuple(name for name in get_args(StageName) if name not in self.settings.used_stages)

    def _stages(self) -> list[Stage]:
        task, settings = self.task, self.settings
        judged = settings.joint_feature and "feature_discriminator" not in settings.without
        of_colour = discriminator_of(settings, task.target.channels) if judged else None
        if self.there is None:
            return [Colorization(task, self.color, settings), Direct(task, self.color, of_colour, settings)]
        back = progressive_of(settings, 1, task.source.channels)
        self._only_learning = [back]
        judges = discriminator_of(settings, task.source.channels), discriminator_of(settings, 1)
        networks = Networks(self.there, back, *judges)
        return [
            Translation(task, networks, settings),
            Colorization(task, self.color, settings, networks),
            Joint(task, networks, self.color, of_colour, settings),
        ]

    def recomputed(self) -> list[nn.Module]:
        return [
            part for own in (self, *self._only_learning) for part in own.modules() if isinstance(part, FeatureEmbedding)
        ]
