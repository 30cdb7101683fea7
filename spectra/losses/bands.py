"""Images of any number of bands, for networks that see three."""

from __future__ import annotations

from pydantic import NonNegativeInt
from torch import Tensor

from spectra.errors import SpectraError

Bands = tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt]


def three_bands(image: Tensor, bands: Bands | None, loss: str) -> Tensor:
    """The bands wanted, counted from 0; without a wish three as they are, and one three times."""
    count = image.shape[1]
    if bands is not None:
        if max(bands) >= count:
            raise SpectraError(f"The loss {loss!r} is to see the bands {list(bands)} of images that have {count}.")
        return image[:, list(bands)]
    if count not in (1, 3):
        raise SpectraError(
            f"The loss {loss!r} sees 3 bands, and the images have {count}: say which with its setting `bands`, "
            "such as `bands: [2, 1, 0]`."
        )
    return image.expand(-1, 3, -1, -1)
