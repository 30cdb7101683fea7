"""Images of any number of bands, for metrics whose network sees three."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import NonNegativeInt
from torch import Tensor

from spectra.metrics.per_image import NotScored

Bands = tuple[NonNegativeInt, NonNegativeInt, NonNegativeInt]
BANDS = "the three bands it sees, counted from 0; none: all of three, or the only one three times"
"""What the setting of that name says of itself."""


def three_bands(image: Tensor, bands: Bands | None) -> Tensor:
    """Of ``(c, h, w)`` the bands wanted; without a wish three as they are, and one three times."""
    count = image.shape[0]
    if bands is not None:
        if max(bands) >= count:
            raise NotScored(f"it is to see the bands {list(bands)}, and the image has {count}")
        return image[list(bands)]
    if count not in (1, 3):
        raise NotScored(f"it sees 3 bands, and the image has {count}: say which, such as `bands: [2, 1, 0]`")
    return image.expand(3, -1, -1)


def told_bands(bands: Bands | None, counts: Iterable[int]) -> str:
    """For a signature: which bands were seen; ``counts``, how many the images had that were scored so far."""
    if bands is not None:
        return "bands:" + ",".join(map(str, bands))
    told = {1: "grey-repeated", 3: "all"}
    return "bands:" + "+".join(told[count] for count in sorted(set(counts)) or told)
