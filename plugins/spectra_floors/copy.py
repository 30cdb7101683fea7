"""The source as it is."""

from __future__ import annotations

from torch import Tensor

from spectra import Translator


class Copy(Translator):
    """The source as it is; where the numbers of channels differ, the mean of the source's channels in every channel."""

    api_version = 1
    summary = "floor: the source as it is (channels averaged or repeated where their number differs)"
    bounded = False

    @property
    def ready(self) -> bool:
        return True

    @property
    def reach(self) -> int:
        return 0

    def forward(self, source: Tensor) -> Tensor:
        channels = self.task.target.channels
        if source.shape[1] == channels:
            return source
        return source.mean(1, keepdim=True).repeat(1, channels, 1, 1)
