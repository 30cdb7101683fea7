"""One image under way: its pixels without data, how the result marks them, and what is to be said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra.data.catalogue import Window
from spectra.data.geo.raster import SUFFIXES, beside, known_pixels
from spectra.data.geo.result import losses_of
from spectra.data.pairs import Picture
from spectra.data.pictures import as_picture, masked, to_array
from spectra.errors import ImageError, SpectraError
from spectra.model import Model
from spectra.translation.inputs import Input
from spectra.translation.remarks import COLLIDES, DROPPED, GREY, cut_off, lost_depth, mark_for, remarks, resizes


@dataclass
class Work:
    """One image under way: how its pixels without data are known and marked, and what was seen of it so far."""

    source: Input
    model: Model
    forward: Callable[[Picture], Tensor]
    dtype: str
    """Of the result."""
    chosen: bool
    """Whether somebody asked for that type."""
    said: dict[str, None] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scale, self.target = self.model.task.source.scale, self.model.task.target.scale
        self.own = self.source.nodata if self.scale.nodata is None else None
        """The value that the file states for no data: it counts where the scale states none."""
        self.mark = mark_for(self.target, self.source.nodata, self.dtype)
        """The value of pixels without data in the result."""
        self.holes = self.source.masked or self.own is not None or self.scale.nodata is not None
        """Whether there may be pixels without data."""
        self.masked = self.source.geo is not None and (self.source.masked or (self.holes and self.mark is None))
        """Whether the result gets a mask."""

    @property
    def kept(self) -> dict[str, Any]:
        task = self.model.task
        shown = (task.target.name, task.target.channels)
        same = (task.source.name, task.source.channels) == shown and self.source.header.channels == shown[1]
        return {"nodata": self.mark, "masked": self.masked, "same": same}

    @property
    def marked(self) -> bool:
        return self.mark is not None or self.masked

    def parts(self, reach: int) -> bool:
        """Whether a window gives what the whole gives: pixels without data see the mean of the whole image."""
        return not self.holes or (reach == 0 and self.marked)

    def translated(self, window: Window) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
        """The result in a window, and where it has data."""
        read = self.source.read(window)
        with faults_of(self.source.path):
            picture = self._picture(*read)
            del read
            pixels = self.forward(picture)
            values = to_array(pixels, self.target, self.dtype)
        bounded = self.model.translator.bounded
        self.said |= dict.fromkeys(remarks(picture, bounded, self.marked))
        if not bounded:
            self.said |= dict.fromkeys(cut_off(pixels, self.target, self.dtype))
        return values, self._marked(values, self._valid(picture))

    def told(self) -> list[str]:
        header = self.source.header
        own = (header.height, header.width)
        said = [*self.said, *resizes(self.model.inference, own, self.model.size_of(own))]
        if not self.chosen:
            said += lost_depth(header.dtype, self.dtype)
        if self.source.geo is not None:
            said += losses_of(self.source.geo)
        if self.source.path.suffix.lower() in SUFFIXES and (found := beside(self.source.path)):
            said.append(f"have files beside them that are not read ({', '.join(found)})")
        if header.channels != self.model.task.source.channels:
            said.append(GREY)
        return [*said, DROPPED] if self.source.dropped else said

    def _picture(self, array: NDArray[Any], mask: NDArray[np.bool_] | None) -> Picture:
        if self.own is None and mask is None:
            return as_picture(array, self.source.path, self.model.task.source)
        known = known_pixels(array, mask, self.own)
        array[~known] = 0  # may be NaN, and is not looked at
        return masked(as_picture(array, self.source.path, self.model.task.source), torch.from_numpy(known))

    def _valid(self, picture: Picture) -> NDArray[np.bool_] | None:
        """Where the result has data, at its own size."""
        if picture.valid is None:
            return None
        valid: NDArray[np.bool_] = self.model.mask_of(picture.valid).numpy()
        return valid

    def _marked(self, values: NDArray[Any], valid: NDArray[np.bool_] | None) -> NDArray[np.bool_] | None:
        """Marks what is not valid, and looks whether something else looks marked."""
        if self.mark is not None and not np.isnan(self.mark):
            alike = (values == self.mark).all(2)
            if (alike if valid is None else alike & valid).any():
                self.said[COLLIDES] = None
        if valid is not None and self.marked:
            values[~valid] = 0 if self.mark is None else self.mark
        return valid


@contextmanager
def faults_of(path: Path) -> Iterator[None]:
    try:
        yield
    except ImageError:  # names it already
        raise
    except SpectraError as why:
        raise ImageError(f"The image {str(path)!r} cannot be translated: {why}") from None
    except MemoryError:
        raise ImageError(f"The image {str(path)!r} cannot be translated: it needs more memory.") from None
