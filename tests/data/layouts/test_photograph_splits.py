"""Splits of EPFL's photographs and of the VCIP challenge that are ours."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest

from spectra.data.catalogue import Catalogue
from spectra.data.layout import Layout
from spectra.data.layouts.epfl_nirscene import epfl_80_20, epfl_nirscene
from spectra.data.layouts.vcip2020 import clean364, vcip20, vcip28, vcip2020
from tests.data.layouts.trees import grow

DOUBLES = {
    "testing_0003": "mountain_0001",
    "testing_0006": "field_0056",
    "testing_0015": "forest_0022",
    "testing_0016": "country_0056",
    "testing_0017": "field_0021",
    "testing_0019": "forest_0080",
    "testing_0024": "country_0008",
    "testing_0028": "forest_0040",
}
"""The map of the doubles, written down a second time."""
COUNTS = {"country": 84, "field": 94, "forest": 100, "mountain": 94}


def catalogue(layout: Layout, root: Path) -> Catalogue:
    files = [PurePosixPath(path.relative_to(root).as_posix()) for path in root.rglob("*.*") if path.is_file()]
    found = layout.catalogue(root, files)
    assert found is not None
    return found


@pytest.fixture
def vcip(tmp_path: Path) -> Path:
    train = [f"{category}_{number:04}" for category, count in COUNTS.items() for number in range(count)]
    names = [f"NIR/{name}_nir.png" for name in train] + [f"RGB-Registered/{name}_rgb_reg.png" for name in train]
    names += [f"Validation/validation_{n:04}_{side}.png" for n in range(18) for side in ("nir", "rgb_reg")]
    names += [f"Testing/testing_{n:04}_nir_reg.png" for n in range(1, 29)]
    names += [f"Testing/Testing_{n:04}_rgb_reg.png" for n in range(1, 29)]
    grow(tmp_path, *names, "RGB-Online/country_0000_rgb_onl.png")
    return tmp_path


@pytest.mark.parametrize(
    ("layout", "counts"),
    [
        (vcip28, {"train": 372, "val": 18, "test": 28}),
        (vcip20, {"train": 372, "val": 18, "test": 20, "doubles": 8}),
        (clean364, {"train": 364, "val": 18, "test": 28, "doubles": 8}),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_vcip_is_split_as_the_name_says(vcip: Path, layout: Layout, counts: dict[str, int]) -> None:
    places = catalogue(layout, vcip).places
    assert Counter(place.split for place in places if not place.alone) == counts
    assert [place.split for place in places if place.alone] == ["train"]


def test_what_is_left_out_are_the_doubles(vcip: Path) -> None:
    for layout, doubles in ((vcip20, DOUBLES.keys()), (clean364, DOUBLES.values())):
        left_out = {place.name.casefold() for place in catalogue(layout, vcip).places if place.split == "doubles"}
        assert left_out == set(doubles)


def test_the_doubles_are_those_that_the_description_tells() -> None:
    told = next(each for each in vcip2020.about.watch if "pixel for pixel" in each)
    tests, trains = told.split(" are mountain")
    numbers = re.findall(r"\b(\d\d)\b", tests)
    names = re.findall(r"[a-z]+_\d{4}", "mountain" + trains)
    assert dict(zip((f"testing_00{n}" for n in numbers), names, strict=False)) == DOUBLES


def test_every_fifth_photograph_of_each_category_is_test(tmp_path: Path) -> None:
    counts = {"country": 52, "oldbuilding": 51, "water": 51}
    photographs = [f"{category}/{n:04}" for category, count in counts.items() for n in range(count)]
    grow(tmp_path, *(f"{name}_{side}.tiff" for name in photographs for side in ("rgb", "nir")))
    places = catalogue(epfl_80_20, tmp_path).places
    assert {(place.name, place.split) for place in places} == {
        (name, "test" if int(name[-4:]) % 5 == 4 else "train") for name in photographs
    }
    assert all(set(place.images) == {"rgb", "nir"} for place in places)
    shares = Counter(place.name.partition("/")[0] for place in places if place.split == "test")
    assert all(abs(shares[category] / count - 0.2) < 0.01 for category, count in counts.items())


def test_variants_are_taken_only_by_name() -> None:
    assert not any(layout.recognised for layout in (vcip28, vcip20, clean364, epfl_80_20))
    assert vcip2020.recognised and epfl_nirscene.recognised
