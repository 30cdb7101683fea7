"""EPFL's photographs, and what the VCIP challenge cut from them."""

from __future__ import annotations

from pathlib import Path

from spectra.data.recognise import read_catalogue
from spectra.registry import registry
from tests.data.layouts.trees import grow, planted, shown


def test_epfl_pairs_by_category_and_number(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "epfl_nirscene")))
    assert len(places) == 6
    assert places[":oldbuilding/0012"] == (
        "oldbuilding/0012",
        {"rgb": ["oldbuilding/0012_rgb.tiff"], "nir": ["oldbuilding/0012_nir.tiff"]},
    )


def test_epfl_knows_only_its_nine_categories(tmp_path: Path) -> None:
    planted(tmp_path, "epfl_nirscene")
    grow(tmp_path, "desert/0000_rgb.tiff", "desert/0000_nir.tiff")
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "epfl_nirscene"
    assert {path.parent.name for path in catalogue.strangers} == {"desert"}


def test_vcip_has_three_splits_by_folder(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "vcip2020"))
    assert catalogue.sides == ["nir", "rgb"]
    paired = [place for place in catalogue.places if not place.alone]
    assert {(place.split, place.name.casefold()) for place in paired} == {
        ("train", "country_0000"),
        ("train", "mountain_0001"),
        ("val", "validation_0000"),
        ("test", "testing_0001"),
        ("test", "testing_0002"),
    }
    assert all(set(place.images) == {"nir", "rgb"} for place in paired)


def test_vcip_pairs_test_images_whose_names_differ_in_case(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "vcip2020"))
    (place,) = [it for it in catalogue.places if it.name.casefold() == "testing_0002"]
    assert {side: files[0].path.name for side, files in place.images.items()} == {
        "nir": "testing_0002_nir_reg.png",
        "rgb": "Testing_0002_rgb_reg.png",
    }


def test_vcip_leaves_online_images_alone_although_a_pair_bears_their_number(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "vcip2020"))
    alone = {place.name: place for place in catalogue.places if place.alone}
    assert {file.path.name for place in alone.values() for file in place.images["rgb"]} == {
        "country_0000_rgb_onl.png",
        "field_0003_rgb_onl.png",
    }
    assert all(set(place.images) == {"rgb"} and place.split == "train" for place in alone.values())
    assert all(len(files) == 1 for place in catalogue.places for files in place.images.values())


def test_vcip_reads_the_names_that_the_official_tree_prints(tmp_path: Path) -> None:
    grow(tmp_path, "NIR/field_0001_nir.png", "RGB-Resgistered/field_0001_rgb_reg.png")
    grow(tmp_path, "Validation/validation_0003_nir.png", "Validation/validation_0003_rgb.png")
    grow(tmp_path, "Testing/Testing_0004_nir.png", "Testing/testing_0004_rgb.png")
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "vcip2020"
    assert [(place.split, set(place.images)) for place in catalogue.places] == [
        (split, {"nir", "rgb"}) for split in ("test", "train", "val")
    ]


def test_vcip_names_the_doubles_and_the_crops_of_one_photograph() -> None:
    told = " ".join(registry("layouts").get("vcip2020").about.watch)
    for train in ("mountain_0001", "field_0056", "forest_0022", "country_0056", "field_0021", "forest_0080"):
        assert train in told
    assert "one photograph" in told
