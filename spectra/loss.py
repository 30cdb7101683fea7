"""The contract of a pairwise loss: a prediction against its target, one number to learn from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from spectra.settings import Config


class Loss(nn.Module, ABC):
    """Usable in every translator, from the recipe: ``losses: {l1: 10}``, or ``{l1: {weight: 10, ...settings}}``."""

    api_version: ClassVar[int]
    """The plugin API it was written for: state `api_version = 1`. It is not inherited from Spectra."""
    Settings: ClassVar[type[Config]] = Config
    summary: ClassVar[str] = ""
    masked: ClassVar[Literal["pixels", "windows", "filled"]] = "filled"
    """What it does with pixels without data: skips them, or any window that touches one, and then takes a mask as third
    argument; or sees both images filled there with the target's mean, which needs nothing of the loss."""

    scales: Literal["finest", "all"] = "finest"
    """Of a prediction on several scales: the finest counts, or the sum over all. The recipe says so of each loss,
    beside its weight: a setting of the loss's own must have another name than `weight` and `scales`."""

    def __init__(self, settings: Config) -> None:
        super().__init__()
        self.settings: Any = settings

    @classmethod
    def needs(cls, settings: Any) -> tuple[str, ...]:
        """The names of the pretrained weights it needs, as ``spectra weights list`` shows them.

        They are loaded when it is built. Where one is missing, a run on real data stops before it learns; on the
        built-in scenes, and with the preset ``tiny``, the loss is left out, and this is said.
        """
        return ()

    @abstractmethod
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two ``(n, c, h, w)`` images of the unit interval, the prediction unclamped, to one differentiable number.

        Where ``masked`` is ``pixels`` or ``windows``: ``forward(prediction, target, valid=None)``. The mask is bool,
        ``(n, 1, h, w)``, true where there is data; None where there is everywhere. Values elsewhere must not matter,
        and where no pixel is valid the loss is 0, with a graph.
        """
