"""Statistics of a data set, against NumPy over everything at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from spectra.data.catalogue import Catalogue, ImageFile, Place
from spectra.data.images import write_image
from spectra.data.statistics import BINS, SHARES, measure

Arrays = Mapping[str, Sequence[NDArray[Any]]]


def catalogue(root: Path, sides: Arrays, suffix: str = ".npy") -> Catalogue:
    places = []
    for number in range(max(map(len, sides.values()))):
        files = {}
        for side, arrays in sides.items():
            if number < len(arrays):
                path = root / f"{side}_{number}{suffix}"
                write_image(path, arrays[number])
                files[side] = (ImageFile(path),)
        places.append(Place(str(number), str(number), "", files))
    return Catalogue(root, "made", places, sides=tuple(sides))


def drawn(kind: str, count: int = 5, bands: int = 1, seed: int = 0) -> list[NDArray[Any]]:
    """Images of differing size, and not centred on 0."""
    random = np.random.default_rng(seed)
    shapes = [(8 + number, 9 + 2 * number, bands) for number in range(count)]
    if kind == "float32":
        return [random.normal(-12, 3, shape).astype(np.float32) for shape in shapes]
    return [random.integers(200, 60000 if kind == "uint16" else 256, shape).astype(kind) for shape in shapes]


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("bands", [1, 3])
def test_a_side_has_the_statistics_of_all_its_pixels(tmp_path: Path, kind: str, bands: int) -> None:
    images = drawn(kind, bands=bands)
    found = measure(catalogue(tmp_path, {"rgb": images})).sides["rgb"]
    everything = np.concatenate([image.reshape(-1, bands) for image in images]).astype(np.float64)

    assert (found.images, found.pixels) == (5, len(everything))
    assert found.mean == pytest.approx(everything.mean(axis=0))
    assert found.deviation == pytest.approx(everything.std(axis=0))
    assert (found.low, found.high) == (everything.min(), everything.max())
    assert list(found.percentiles.values()) == pytest.approx(np.percentile(everything, SHARES))
    inside = np.clip(everything.ravel(), *found.edges)
    assert found.histogram == pytest.approx(np.histogram(inside, BINS, found.edges)[0], abs=3)
    assert sum(found.histogram) == everything.size


def test_correlations_are_those_of_the_greys_pooled_and_by_place(tmp_path: Path) -> None:
    one = drawn("uint16", bands=3)
    noise = drawn("uint16", seed=1)
    other = [((a.mean(2, keepdims=True) / 2 + b / 4) * (1 if k else -0.01) + 30000).astype(np.uint16)
             for k, (a, b) in enumerate(zip(one, noise, strict=True))]  # fmt: skip
    (found,) = measure(catalogue(tmp_path, {"rgb": one, "nir": other})).relations
    x = [image.mean(2).ravel() for image in one]
    y = [image.ravel().astype(float) for image in other]

    assert (found.one, found.other, found.places) == ("rgb", "nir", 5)
    assert found.pooled == pytest.approx(np.corrcoef(np.concatenate(x), np.concatenate(y))[0, 1])
    assert found.median == pytest.approx(np.median([np.corrcoef(a, b)[0, 1] for a, b in zip(x, y, strict=True)]))


def test_missing_values_are_counted_and_left_out(tmp_path: Path) -> None:
    image = np.arange(16, dtype=np.float32).reshape(4, 4, 1)
    image[0, :2] = np.nan
    image[0, 2] = np.inf
    found = measure(catalogue(tmp_path, {"sar": [image], "eo": [np.arange(16, dtype=np.uint8).reshape(4, 4, 1)]}))

    assert found.sides["sar"].not_finite == 3
    assert found.sides["sar"].mean == (pytest.approx(9.0),)
    assert found.relations[0].pooled == pytest.approx(1.0)


def test_damaged_files_and_sizes_that_differ_are_passed_over_and_told(tmp_path: Path) -> None:
    said = catalogue(tmp_path, {"rgb": drawn("uint8", 2, 3), "nir": drawn("uint8", 2)})
    (tmp_path / "rgb_1.npy").write_bytes(b"\x93NUMPY")
    write_image(tmp_path / "nir_0.npy", np.zeros((3, 3, 1), np.uint8), overwrite=True)
    found = measure(said)

    assert found.sides["rgb"].images == 1
    assert found.relations == []
    assert len(found.left_out) == 1
    assert "rgb_1.npy" in found.left_out[0]


def test_a_constant_image_has_no_correlation_and_no_spread(tmp_path: Path) -> None:
    flat = [np.full((4, 4, 1), 7, np.uint8)]
    found = measure(catalogue(tmp_path, {"rgb": flat, "nir": drawn("uint8", 1)}))

    assert found.sides["rgb"].deviation == (0.0,)
    assert sum(found.sides["rgb"].histogram) == 16
    assert found.as_json()["sides"]["rgb"]["percentiles"]["50"] == 7
