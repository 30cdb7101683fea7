"""What an extractor is to the generator."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

from torch import Tensor, nn

from spectra import SpectraError


@dataclass(frozen=True)
class Missing:
    """Why weights are not here; it goes along where a model is copied, as it is."""

    why: SpectraError

    def __deepcopy__(self, memo: Any) -> Self:
        return self


class Extractor(nn.Module, ABC):
    """Maps of features of an image, the finest first, that the generator attends to."""

    widths: tuple[int, ...]
    """Channels of each map."""
    frozen = False
    missing: Missing | None = None
    """Why the weights that it was to begin with are not in it. It gives nothing until weights of a model are loaded."""

    @abstractmethod
    def forward(self, image: Tensor) -> list[Tensor]:
        """Of the source on [-1, 1], ``(n, c, h, w)``, or of the stem's features, where those are its input."""

    def freeze(self) -> None:
        """It stays as it is, and in eval mode, whatever learns around it."""
        self.frozen = True
        self.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        return super().train(mode and not self.frozen)

    def begin(self, load: Callable[[], object]) -> None:
        """Load the weights to begin with. Where they are not here, a model that was saved can still be loaded."""
        try:
            load()
        except SpectraError as why:
            self.missing = Missing(why)
            self.register_load_state_dict_post_hook(_found)  # type: ignore[no-untyped-call]
            self.register_forward_pre_hook(_require)

    def require(self) -> None:
        """Raise where the weights to begin with are missing."""
        if self.missing is not None:
            raise self.missing.why


def _found(extractor: Any, keys: Any) -> None:
    extractor.missing = None


def _require(extractor: Any, given: Any) -> None:
    extractor.require()
