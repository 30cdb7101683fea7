"""Pairs on two grids: brought onto that of the source."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spectra.data.catalogue import ImageFile, Place, Window
from spectra.data.pairs import cut
from spectra.data.sets.aligned_pairs import AlignedPairs
from spectra.errors import DataError
from spectra.modalities import Modality, Scale, Task

rasterio = pytest.importorskip("rasterio", reason="GeoTIFFs need the extra [geo]")

TASK = Task.parse("gray2ir")
FIELD = np.random.default_rng(3).integers(1, 255, (40, 50), np.uint8)


def write(path: Path, top: int, left: int, height: int, width: int, **options: Any) -> ImageFile:
    """A part of one field, which lies where it does."""
    from rasterio.transform import Affine

    values: NDArray[Any] = FIELD[top : top + height, left : left + width]
    transform = Affine(10, 0, 500_000 + 10 * left, 0, -10, 5_000_000 - 10 * top)
    said = {"driver": "GTiff", "height": height, "width": width, "count": 1, "dtype": "uint8", "crs": "EPSG:32632"}
    with rasterio.open(path, "w", transform=transform, **(said | options)) as file:
        file.write(values, 1)
    return ImageFile(path)


def opened(source: ImageFile, target: ImageFile, **options: Any) -> AlignedPairs:
    return AlignedPairs([Place("a", "a", "", {"gray": (source,), "ir": (target,)})], TASK, **options)


def test_images_of_two_grids_show_the_same_ground_pixel_for_pixel(tmp_path: Path) -> None:
    pairs = opened(write(tmp_path / "s.tif", 2, 3, 30, 40), write(tmp_path / "t.tif", 7, 0, 30, 36))
    assert list(pairs.sizes) == [(25, 33)] and pairs.size(0) == (25, 33)
    pair = pairs[0]
    assert torch.equal(pair.source.pixels, pair.target.pixels)
    np.testing.assert_array_equal((pair.source.pixels[0] * 255).round().numpy(), FIELD[7:32, 3:36])
    window = Window(4, 5, 6, 7)
    assert torch.equal(pairs.look(0, window=window).target.pixels, cut(pair, window).target.pixels)


def test_images_that_hardly_overlap_or_lie_nowhere_are_refused_at_once(tmp_path: Path) -> None:
    source = write(tmp_path / "s.tif", 0, 0, 20, 20)
    with pytest.raises(DataError, match="they overlap in"):
        opened(source, write(tmp_path / "t.tif", 18, 18, 20, 20))
    with pytest.raises(DataError, match=r"no coordinate system"):
        opened(source, write(tmp_path / "u.tif", 0, 0, 20, 20, crs=None))


@pytest.mark.parametrize(
    ("scale", "tag"), [("dB -25..0 nodata -99", None), ("dB -25..0", -99), ("dB -25..0 nodata -99", 3)]
)
def test_nothing_of_what_has_no_data_is_mixed_into_its_neighbours(
    tmp_path: Path, scale: str, tag: float | None
) -> None:
    from rasterio.transform import Affine

    values = np.full((20, 20), -10, np.float32)
    values[:, 8:10] = -99
    profile = {"width": 20, "height": 20, "dtype": "float32", "nodata": tag}
    for name, shift, image in (("s", 0, np.full_like(values, -5)), ("t", 5, values)):
        transform = Affine(10, 0, 500_000 + shift, 0, -10, 5_000_000)  # half a pixel: every value is a mean of two
        said = {"driver": "GTiff", "count": 1, "crs": "EPSG:32632", "transform": transform, **profile}
        with rasterio.open(tmp_path / f"{name}.tif", "w", **said) as file:
            file.write(image, 1)
    target = Modality("ir", 1, Scale.parse(scale))
    places = [
        Place("a", "a", "", {side: (ImageFile(tmp_path / f"{n}.tif"),) for side, n in (("gray", "s"), ("ir", "t"))})
    ]
    pair = AlignedPairs(places, Task(Modality("gray", 1, Scale.parse("dB -25..0")), target))[0]

    assert pair.target.pixels.mul(25).sub(25).round().unique().tolist() == [-10]
    assert pair.valid is not None and not pair.valid[:, 9].any() and pair.valid[:, 11:].all()


def test_a_mark_that_the_type_of_the_file_cannot_hold_marks_nothing(tmp_path: Path) -> None:
    files = [write(tmp_path / f"{name}.tif", 0, 0, 20, 20, nodata=FIELD[3, 3]) for name in "st"]
    scale = Scale.parse("dtype nodata -1")
    task = Task(Modality("gray", 1, scale), Modality("ir", 1, scale))
    assert AlignedPairs([Place("a", "a", "", {"gray": files[:1], "ir": files[1:]})], task)[0].valid is None


def test_a_mask_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "s.tif", 0, 0, 20, 20)
    place = Place("a", "a", "", {"gray": (file,), "ir": (file,), "mask": (file,)})
    with pytest.raises(DataError, match="do not go together"):
        AlignedPairs([place], TASK, mask_side="mask")
