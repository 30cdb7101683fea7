"""How far one image of a pair is displaced against the other, whatever the two modalities are."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from spectra.data.checkup.orientation import orientation
from spectra.errors import DataError

Array = NDArray[np.float32]

REACH = 16
"""Displacements are sought up to so many pixels along each axis."""
LONGEST = 640
"""Images with a longer side are reduced by a whole factor first."""
SMALLEST = 16
"""Under so many pixels along a side there is too little to compare."""
PEAK = 4
"""Places within so many pixels of the best belong to its peak; the others tell what chance does."""
SOFT = 1.0
"""The surface is smoothed by a Gaussian of so many pixels, so that a parabola through three places fits its peak."""
LEAD = 1.2
"""By so many standard deviations of the places elsewhere a shifted pair agrees better there than where it should."""
FLAT = 1e-6
LEAST = 0.1
"""Displacements under which less of the edges overlap are counted as if so much did."""


@dataclass(frozen=True)
class Shift:
    """What the source shows at ``(y, x)`` the target shows at ``(y + dy, x + dx)``; in pixels of the images given."""

    dy: float
    dx: float
    confidence: float
    """From 0 to 1. From 0.9 on the shift is right to a pixel in nearly all pairs; of two images that have nothing in
    common fewer than one in a hundred get so far."""
    surface: Array = field(repr=False, compare=False)
    """``(2 reach + 1, 2 reach + 1)``: how well the images agree at each displacement."""
    factor: int = field(default=1, repr=False)
    """Pixels of the images to a step of the surface."""

    @property
    def length(self) -> float:
        return float(np.hypot(self.dy, self.dx))

    def beyond(self, pixels: float = 1.5, confidence: float = 0.9) -> bool:
        """Whether the pair is surely shifted by more than so many pixels: the images agree much less within them."""
        if self.confidence < confidence or self.length <= pixels:
            return False
        steps = np.arange(len(self.surface)) - len(self.surface) // 2
        within = np.hypot(steps[:, None], steps) * self.factor <= pixels
        lead = float(self.surface.max() - self.surface[within].max())
        return lead > LEAD * _chance(self.surface)[1]


def estimate_shift(source: NDArray[Any], target: NDArray[Any], reach: int = REACH) -> Shift | None:
    """The displacement of two ``(h, w)`` or ``(h, w, c)`` images of one size, to a fraction of a pixel.

    The directions of edges are compared, neither their sign nor their strength. NaN marks pixels without data. None
    where nothing can be told: an image without any texture, or with too few pixels along a side.
    """
    if source.shape[:2] != target.shape[:2]:
        sizes = " and ".join(f"{image.shape[0]}×{image.shape[1]}" for image in (source, target))
        raise DataError(f"The shift of images of differing size cannot be estimated: {sizes}. Resize or crop one.")
    factor = -(-max(source.shape[:2]) // LONGEST)
    side = min(source.shape[:2]) // max(1, factor)
    if side < SMALLEST:
        return None
    reach = min(-(-reach // factor), side // 4)
    surface = _surface(orientation(source, factor), orientation(target, factor), reach)
    return None if surface is None else _at_peak(surface, factor)


class CommonShift:
    """The displacement that many pairs share, found even where single pairs are unsure."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, int], NDArray[np.float64]] = {}
        self._pairs: Counter[tuple[int, int]] = Counter()

    def add(self, shift: Shift | None) -> None:
        """Pairs that tell nothing do not count."""
        if shift is None:
            return
        mean, spread, _ = _chance(shift.surface)
        kind = shift.factor, len(shift.surface)
        so_far = self._sums.setdefault(kind, np.zeros(shift.surface.shape, np.float64))
        so_far += (shift.surface - mean) / spread
        self._pairs[kind] += 1

    @property
    def pairs(self) -> int:
        """How many agree on the result: where the sizes differ much, those of the most frequent kind."""
        return max(self._pairs.values(), default=0)

    def result(self) -> Shift | None:
        """None before any pair that tells something."""
        if not self._pairs:
            return None
        kind = max(sorted(self._pairs), key=self._pairs.__getitem__)
        return _at_peak((self._sums[kind] / self._pairs[kind]).astype(np.float32), kind[0])


def _surface(source: Array, target: Array, reach: int) -> Array | None:
    """The normalised correlation of two fields ``(2, h, w)`` over their overlap, at each displacement within reach."""
    height, width = source.shape[1:]
    steps = np.arange(-reach, reach + 1)
    energies = [_energies(source, steps), _energies(target, -steps)]
    wholes = [energy[reach, reach] for energy in energies]
    if min(wholes) <= FLAT * height * width:
        return None
    energies = [np.maximum(energy, LEAST * whole) for energy, whole in zip(energies, wholes, strict=True)]
    size = cv2.getOptimalDFTSize(height + reach), cv2.getOptimalDFTSize(width + reach)
    product = cv2.mulSpectrums(_spectrum(target, size), _spectrum(source, size), 0, conjB=True)
    agreement = cv2.dft(product, flags=cv2.DFT_INVERSE | cv2.DFT_SCALE)[..., 0]
    near = agreement[np.ix_(steps % size[0], steps % size[1])]
    rough = (near / np.sqrt(energies[0] * energies[1])).astype(np.float32)
    surface: Array = cv2.GaussianBlur(rough, (0, 0), SOFT, borderType=cv2.BORDER_REPLICATE)
    return surface


def _spectrum(plane: Array, size: tuple[int, int]) -> Array:
    height, width = plane.shape[1:]
    padded = np.zeros((*size, 2), np.float32)
    padded[:height, :width, 0], padded[:height, :width, 1] = plane
    spectrum: Array = cv2.dft(padded, flags=cv2.DFT_COMPLEX_OUTPUT, nonzeroRows=height)
    return spectrum


def _energies(plane: Array, steps: NDArray[np.intp]) -> NDArray[np.float64]:
    """The energy of that part of a field which overlaps with the other one, at each displacement."""
    height, width = plane.shape[1:]
    sums = cv2.integral(plane[0] * plane[0] + plane[1] * plane[1])
    top, bottom = np.maximum(0, -steps), np.minimum(height, height - steps)
    left, right = np.maximum(0, -steps), np.minimum(width, width - steps)
    inside = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)]
    energies: NDArray[np.float64] = inside + sums[np.ix_(top, left)]
    return energies


def _at_peak(surface: Array, factor: int) -> Shift:
    _, spread, best_other = _chance(surface)
    row, column = _peak(surface)
    reach = len(surface) // 2
    dy = row - reach + _summit(surface[max(0, row - 1) : row + 2, column])
    dx = column - reach + _summit(surface[row, max(0, column - 1) : column + 2])
    confidence = sureness((float(surface[row, column]) - best_other) / spread)
    return Shift(dy * factor, dx * factor, confidence, surface, factor)


def sureness(lead: float) -> float:
    """The lead of the peak over the best place elsewhere, in standard deviations of the places elsewhere, as 0 to 1."""
    return float(1 - np.exp(-((max(lead, 0.0) / 1.3) ** 2)))


def _peak(surface: Array) -> tuple[int, int]:
    row, column = divmod(int(surface.argmax()), len(surface))
    return row, column


def _chance(surface: Array) -> tuple[float, float, float]:
    """Mean, standard deviation and largest value away from the peak."""
    row, column = _peak(surface)
    away = np.ones(surface.shape, bool)
    away[max(0, row - PEAK) : row + PEAK + 1, max(0, column - PEAK) : column + PEAK + 1] = False
    others = surface[away]
    if not len(others):
        return 0.0, 1.0, float(surface.max())
    return float(others.mean()), float(max(others.std(), FLAT)), float(others.max())


def _summit(values: Array) -> float:
    """Where a parabola through three neighbours has its summit, from the middle one; 0 at the border of the surface."""
    if len(values) < 3:
        return 0.0
    before, here, after = (float(value) for value in values)
    bend = before - 2 * here + after
    return 0.0 if bend >= 0 else 0.5 * (before - after) / bend
