"""The contract of a pairwise loss: a prediction against its target, one number to learn from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

from torch import Tensor, nn

from spectra.settings import Config


class Loss(nn.Module, ABC):
    """Usable in every translator, from the recipe: ``losses: {l1: 10}``, or ``{l1: {weight: 10, ...settings}}``."""

    api_version: ClassVar[int]
    """The plugin API it was written for: state `api_version = 1`. It is not inherited from Spectra."""
    Settings: ClassVar[type[Config]] = Config
    summary: ClassVar[str] = ""

    def __init__(self, settings: Config) -> None:
        super().__init__()
        self.settings: Any = settings

    @abstractmethod
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        """Two ``(n, c, h, w)`` images of the unit interval, the prediction unclamped, to one differentiable number.

        Pixels without data hold the mean of their image; no mask comes with them yet.
        """
