"""How a finished model treats images: the size to which a source is brought, and the size of the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor
from torch.nn import functional

Size = tuple[int, int]
"""Height and width."""
ALL = 1 - 1e-4
"""What a resized mask must reach where all pixels that a pixel comes from have data; less is not rounding."""


@dataclass(frozen=True)
class Inference:
    """Stored in a model. ``input``: what a source becomes before it is translated; None: it stays as it is.

    ``output``: what the result becomes; None: the size of the source.
    """

    input: Size | None = None
    output: Size | None = None

    @property
    def resizes(self) -> bool:
        return self.input is not None or self.output is not None

    def told(self) -> str:
        """One sentence, for a note; empty where nothing is resized."""
        if self.input is None:
            return f"Results are brought to {by(self.output)}." if self.output else ""
        return f"Sources are brought to {by(self.input)}" + (f", results to {by(self.output)}." if self.output else ".")


NATIVE = Inference()
"""Images stay as they are."""


@runtime_checkable
class Resizing(Protocol):
    """What a translator may offer besides: results of another size than their sources, as those of a chain may be."""

    def result_size(self, size: Size) -> Size:
        """The size of the result for a source of that size."""

    def result_mask(self, valid: Tensor) -> Tensor:
        """Where a result has data, for a source that has it where ``valid``, ``(h, w)``, is true."""


def resized(images: Tensor, size: Size | None) -> Tensor:
    """``(n, c, h, w)`` at another size, bilinear with antialiasing; the same tensor where there is nothing to do."""
    if size is None or tuple(images.shape[-2:]) == size:
        return images
    return functional.interpolate(images, size, mode="bilinear", antialias=True, align_corners=False)


def resized_mask(valid: Tensor, size: Size | None) -> Tensor:
    """``(h, w)`` at another size: a pixel has data where all that it came from had."""
    if size is None or tuple(valid.shape) == size:
        return valid
    return resized(valid[None, None].float(), size)[0, 0] > ALL


def by(size: Size) -> str:
    return f"{size[0]}×{size[1]}"
