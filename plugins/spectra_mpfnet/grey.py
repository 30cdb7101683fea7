"""The first half of MPFNet: what it makes on its way to colours."""

from __future__ import annotations

from torch import Tensor, nn

from spectra import Config, Modality, Task, Translator
from spectra_mpfnet.settings import Settings


class Grey(Translator):
    """From the source to grey, with the scale of the target; shares its network with the whole."""

    api_version = 1
    Settings = Settings
    summary = "the grey on the way of mpfnet"

    def __init__(self, task: Task, settings: Config, there: nn.Module, multiple: int) -> None:
        super().__init__(Task(task.source, Modality("gray", 1, task.target.scale)), settings)
        self.there, self._multiple = there, multiple

    @property
    def multiple(self) -> int:
        return self._multiple

    def forward(self, source: Tensor) -> Tensor:
        finest: Tensor = self.there(2 * source - 1)[-1]
        return (finest + 1) / 2
