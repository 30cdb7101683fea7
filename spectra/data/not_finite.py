"""Values of images that are NaN or infinite: what to do about them."""

from __future__ import annotations

import math
from dataclasses import replace

from spectra.modalities import Scale


def remedy(scale: Scale) -> str:
    """For images of a scale, in the words of a recipe."""
    marked = replace(scale, nodata=math.nan)
    return (
        "Repair them; or, where all are NaN and mean no data, say so in the recipe: "
        f"`data.source.scale: {marked}`, or the same as `data.target.scale`."
    )
