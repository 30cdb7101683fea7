"""The shift of a pair is found, to a fraction of a pixel, whatever the two modalities; and is not made up."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectra.data.checkup.shift import CommonShift, Shift, estimate_shift
from spectra.data.images import read_image
from spectra.data.scenes import scene
from spectra.errors import DataError
from tests.real_pairs import real_pairs

Image = NDArray[Any]
MARGIN = 8


def cut(image: Image, dy: int = 0, dx: int = 0) -> Image:
    """Without a margin all around, and what is shown moved by so many pixels: nothing wraps, no border is made up."""
    height, width = image.shape[:2]
    return image[MARGIN - dy : height - MARGIN - dy, MARGIN - dx : width - MARGIN - dx]


def drawn(number: int, band: str, view: str = "street", size: tuple[int, int] = (120, 144)) -> tuple[Image, Image]:
    shown = scene(3, number, size, view)
    return shown.image("rgb"), shown.image(band)


def estimated(source: Image, target: Image, reach: int = 16) -> Shift:
    shift = estimate_shift(source, target, reach)
    assert shift is not None
    return shift


def waves(height: int, width: int, dy: float = 0.0, dx: float = 0.0) -> NDArray[np.float64]:
    """A smooth random pattern, taken at places moved by any fraction of a pixel: no resampling blurs it."""
    random = np.random.default_rng(5)
    rows, columns = np.arange(height)[:, None] - dy, np.arange(width)[None] - dx
    pattern = np.zeros((height, width))
    for _ in range(60):
        fy, fx = random.uniform(-0.9, 0.9, 2)
        pattern += np.cos(fy * rows + fx * columns + random.uniform(0, 2 * np.pi))
    return pattern


@pytest.mark.parametrize(("dy", "dx"), [(5, -2), (-3, 7), (0, 8), (-8, 1)])
@pytest.mark.parametrize("band", ["nir", "lwir", "sar"])
@pytest.mark.parametrize("view", ["street", "aerial"])
def test_a_planted_shift_is_found_across_modalities(band: str, view: str, dy: int, dx: int) -> None:
    source, target = drawn(1, band, view)
    own, moved = estimated(cut(source), cut(target)), estimated(cut(source), cut(target, dy, dx))
    assert (moved.dy - own.dy, moved.dx - own.dx) == pytest.approx((dy, dx), abs=0.6)
    assert own.length < 1.5


@pytest.mark.parametrize(("dy", "dx"), [(0.5, -0.25), (2.4, -3.5), (-6.65, 0.3), (0.0, 1.5)])
@pytest.mark.parametrize("reversed_contrast", [False, True])
def test_a_fraction_of_a_pixel_is_told(dy: float, dx: float, reversed_contrast: bool) -> None:
    source, target = waves(90, 100), waves(90, 100, dy, dx)
    shift = estimated(source, np.exp(-0.1 * target) if reversed_contrast else target)
    assert (shift.dy, shift.dx) == pytest.approx((dy, dx), abs=0.08)
    assert shift.confidence > 0.99


def test_swapped_images_are_shifted_the_other_way() -> None:
    source, target = drawn(2, "nir")
    there, back = estimated(cut(source), cut(target, 4, -6)), estimated(cut(target, 4, -6), cut(source))
    assert (back.dy, back.dx) == pytest.approx((-there.dy, -there.dx), abs=0.02)


def test_depth_unit_and_number_of_bands_do_not_matter() -> None:
    source, target = drawn(4, "nir")
    shift = estimated(cut(source), cut(target, -2, 5))
    kelvin = 300 - cut(target, -2, 5)[..., 0] / 100
    wide = np.repeat(cut(source), 3, axis=2).astype(np.uint16) * 257
    other = estimated(wide, kelvin.astype(np.float32))
    assert (other.dy, other.dx) == pytest.approx((shift.dy, shift.dx), abs=0.01)
    assert other.confidence == pytest.approx(shift.confidence, abs=0.01)


def test_a_band_in_a_large_unit_does_not_hide_the_others() -> None:
    random = np.random.default_rng(0)
    pattern, moved = waves(80, 80), waves(80, 80, 3, -4)
    source = np.stack([pattern, random.normal(0, 1e4, pattern.shape)], 2)
    shift = estimated(source, moved)
    assert (shift.dy, shift.dx) == pytest.approx((3, -4), abs=0.4)


def test_pixels_without_data_are_left_out() -> None:
    """A grid of lines without data stays where it is while the image under it moves."""
    slope = 3.0 * np.arange(128)[:, None]
    source, target = ((waves(128, 128, *moved) + slope).astype(np.float32) for moved in ((0, 0), (3, -5)))
    for image in (source, target):
        image[np.arange(128) % 24 < 4] = image[:, np.arange(128) % 24 < 4] = np.nan
    shift = estimated(source, target)
    assert (shift.dy, shift.dx) == pytest.approx((3, -5), abs=0.7)
    assert shift.confidence > 0.9
    assert estimate_shift(source, np.full_like(target, np.nan)) is None


@pytest.mark.parametrize("flat", [np.zeros((64, 64, 3), np.uint8), np.full((64, 64), 293.15, np.float32)])
def test_nothing_is_told_of_flat_images(flat: Image) -> None:
    textured = waves(64, 64)
    assert estimate_shift(flat, textured) is None
    assert estimate_shift(textured, flat) is None


def test_nothing_is_told_of_a_few_pixels() -> None:
    assert estimate_shift(waves(15, 100), waves(15, 100)) is None
    assert estimate_shift(waves(16, 16), waves(16, 16)) is not None
    assert estimate_shift(np.zeros((0, 20)), np.zeros((0, 20))) is None


def test_sizes_that_differ_are_refused() -> None:
    with pytest.raises(DataError, match=r"64×64 and 64×65.*Resize or crop"):
        estimate_shift(waves(64, 64), waves(64, 65))


def test_large_images_are_reduced_and_told_in_their_own_pixels() -> None:
    source, target = drawn(1, "nir", size=(180, 340))
    source, target = (np.kron(image[..., 0], np.ones((4, 4))) for image in (source, target))
    shift = estimated(source[40:-40, 40:-40], target[33:-47, 50:-30])
    assert (shift.dy, shift.dx) == pytest.approx((7, -10), abs=0.7)
    assert shift.factor == 2 and shift.confidence > 0.9


def test_unrelated_images_are_hardly_ever_sure() -> None:
    images = [drawn(number, "nir", view) for number in range(12) for view in ("street", "aerial")]
    unsure = [estimated(first[0], second[1]) for first, second in pairwise(images)]
    assert sum(shift.confidence >= 0.9 for shift in unsure) <= 1
    assert sum(shift.beyond() for shift in unsure) <= 1


@pytest.mark.parametrize("band", ["nir", "lwir", "sar"])
def test_aligned_pairs_are_not_called_shifted_and_planted_ones_are(band: str) -> None:
    pairs = [drawn(number, band, view) for number in range(8) for view in ("street", "aerial")]
    assert not any(estimated(source, target).beyond() for source, target in pairs)
    moved = [estimated(cut(source), cut(target, 4, -5)) for source, target in pairs]
    assert sum(shift.beyond() for shift in moved) >= (15 if band != "sar" else 12)


@pytest.mark.parametrize(("width", "called"), [(1.2, True), (6.0, False)])
def test_a_blunt_peak_near_zero_is_no_shifted_pair(width: float, called: bool) -> None:
    """Where the images agree at zero nearly as well as 2 pixels off, the 2 pixels are not to be relied on."""
    rows, columns = np.mgrid[-16:17, -16:17]
    surface = np.exp(-((rows - 2) ** 2 + columns**2) / (2 * width**2)) + np.cos(rows * 1.7 + columns * 0.9) * 0.05
    shift = Shift(2.0, 0.0, 0.99, surface.astype(np.float32))
    assert shift.beyond() is called
    assert not shift.beyond(2.5) and not shift.beyond(confidence=0.999)


def test_a_common_shift_is_found_where_no_single_pair_is_sure() -> None:
    random, common = np.random.default_rng(1), CommonShift()
    single = []
    for number in range(40):
        source, target = drawn(number, "nir", "aerial", (56, 56))
        noisy = cut(target, -2, 3)[..., 0] + random.normal(0, 60, (40, 40))
        shift = estimate_shift(cut(source)[..., 0] + random.normal(0, 60, (40, 40)), noisy)
        common.add(shift)
        single.append(shift)
    common.add(None)
    assert sum(shift is not None and shift.confidence >= 0.9 for shift in single) <= 4
    together = common.result()
    assert together is not None and common.pairs == 40
    assert (together.dy, together.dx) == pytest.approx((-2, 3), abs=0.3)
    assert together.confidence >= 0.9 and together.beyond()


def test_there_is_no_common_shift_of_nothing() -> None:
    assert CommonShift().result() is None and CommonShift().pairs == 0


def share_found(folder: Path, sides: tuple[str, str], every: int) -> float:
    """How often a planted shift is found, within 1 px along each axis of what the pair itself has."""
    random, right = np.random.default_rng(0), []
    for path in sorted(folder.glob(f"*/{sides[0]}/*"))[::every]:
        source, target = read_image(path), read_image(next((path.parents[1] / sides[1]).glob(f"{path.stem}.*")))
        dy, dx = (int(step) for step in random.integers(-MARGIN, MARGIN + 1, 2))
        own, moved = estimated(cut(source), cut(target)), estimated(cut(source), cut(target, dy, dx))
        right.append(max(abs(moved.dy - own.dy - dy), abs(moved.dx - own.dx - dx)) <= 1)
    return sum(right) / len(right)


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_real_pairs_of_the_near_infrared(every: int) -> None:
    assert share_found(real_pairs("rgb_nir_epfl_scenes"), ("rgb", "nir"), every) >= 0.95


@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.slow)])
def test_real_pairs_of_the_thermal_infrared(every: int) -> None:
    assert share_found(real_pairs("rgb_lwir_roadscene"), ("rgb", "lwir"), every) >= 0.95
