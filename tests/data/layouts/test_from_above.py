"""SAR with what optical cameras saw: by place, by region, by number."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.data.recognise import read_catalogue
from spectra.errors import DataError
from tests.data.layouts.trees import grow, listed, planted, shown

# ---- MAVIC-T, city stacks


def test_a_place_of_the_city_stacks_has_all_its_images(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "mavic_t_cities"))
    places = shown(catalogue)
    assert set(places) == {":Manhattan/38.5_-121.7", ":UC_Davis/38.5_-121.7", ":UC_Davis/38.6_-121.7"}
    group, images = places[":UC_Davis/38.5_-121.7"]
    assert group == "UC_Davis/38.5_-121.7"
    assert {side: [Path(file).name for file in files] for side, files in images.items()} == {
        "rgb": ["2018_rgb.tiff", "2020_rgb.tiff", "mosiac_rgb_2018.tiff"],
        "ir": ["2018_ir.tiff", "2020_ir.tiff", "mosiac_ir_2018.tiff"],
        "sar": [f"2023-0{number}_UMBRA-04_GEC.tiff" for number in (1, 2, 3)],
    }


def test_one_tile_of_two_cities_is_two_places(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "mavic_t_cities")))
    assert [Path(file).name for file in places[":Manhattan/38.5_-121.7"][1]["sar"]] == ["chip.tif"]


def test_misspelt_mosaics_are_never_sar(tmp_path: Path) -> None:
    for place in read_catalogue(planted(tmp_path, "mavic_t_cities")).places:
        assert not any("mosiac" in file.path.name for file in place.images["sar"])


def test_what_is_no_tiff_is_never_sar(tmp_path: Path) -> None:
    planted(tmp_path, "mavic_t_cities")
    grow(tmp_path, "Train_Data_Manhattan_SAR_IR_RGB/38.5_-121.7/quicklook.png")
    catalogue = read_catalogue(tmp_path)
    assert [path.name for path in catalogue.strangers] == ["quicklook.png"]


@pytest.mark.parametrize(
    "folder", ["uc_davis_merged_chips_stacks/", "uc_davis_merged_chips_stacks/uc_davis_merged_chips_stacks/"]
)
def test_the_other_name_of_the_stacks(folder: str, tmp_path: Path) -> None:
    grow(tmp_path, *(f"{folder}loc1/{name}" for name in ("x_rgb.tif", "x_ir.tif", "y_GEC.tif")), "notes/a.txt")
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "mavic_t_cities"
    assert [(place.name, sorted(place.images)) for place in catalogue.places] == [
        ("uc_davis/loc1", ["ir", "rgb", "sar"])
    ]


def test_the_tiles_of_one_city_by_themselves(tmp_path: Path) -> None:
    grow(tmp_path, *(f"{tile}/mosiac_rgb.tiff" for tile in ("t1", "t2")), "t1/a.tif", "t1/b.tif", "t2/c.tif")
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "mavic_t_cities"
    assert {place.name: len(place.images["sar"]) for place in catalogue.places} == {"t1": 2, "t2": 1}


# ---- MAVIC-T, archive


@pytest.mark.parametrize("above", ["Train_Data_and_Validation_EO_SAR", "design_data/design_data", "SAR-EO"])
def test_the_archive_under_each_of_its_names(above: str, tmp_path: Path) -> None:
    planted(tmp_path / above, "mavic_t_eo_sar")
    grow(tmp_path, "mavic_t_2025_test/sar2eo/66.png")
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "mavic_t_eo_sar"
    assert [(place.split, place.name) for place in catalogue.places] == [
        ("train", "Gotcha1"),
        ("train", "Gotcha2"),
        ("train", "Gotcha30"),
        ("val", "Gotcha1"),
        ("val", "Gotcha5"),
    ]


def test_the_archive_is_told_from_folders_of_ones_own(tmp_path: Path) -> None:
    grow(tmp_path, "EO/train/mine.png", "SAR/train/mine.png")
    assert read_catalogue(tmp_path).layout == "folders"


# ---- MAVIC-T, rearranged


def test_sides_are_told_apart_by_task(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "mavic_t_refined"))
    assert set(catalogue.sides) == {"sar", "rgb", "ir", "eo"}
    places = shown(catalogue)
    assert {key: (group, sorted(images)) for key, (group, images) in places.items()} == {
        "train:sar2rgb/Bingham__t1__a_GEC": ("Bingham/t1", ["rgb", "sar"]),
        "train:sar2rgb/Bingham__t1__b_GEC": ("Bingham/t1", ["rgb", "sar"]),
        "train:sar2ir_crop_aug/UC_Davis__t2__c__crop000_x0_y512": ("UC_Davis/t2", ["ir", "sar"]),
        "train:rgb2ir/Bingham__t1__mosiac": ("Bingham/t1", ["ir", "rgb"]),
        "train:sar2eo/Gotcha1": ("sar2eo/Gotcha1", ["eo", "sar"]),
        "train:sar2eo/Gotcha2": ("sar2eo/Gotcha2", ["eo", "sar"]),
    }
    assert places["train:rgb2ir/Bingham__t1__mosiac"][1]["rgb"] == ["rgb2ir/train/input/Bingham__t1__mosiac__rgb.tif"]


@pytest.mark.parametrize(
    ("task", "sides"), [("sar2rgb", ["sar", "rgb"]), ("rgb2ir", ["rgb", "ir"]), ("sar2eo", ["sar", "eo"])]
)
def test_the_folder_of_one_task_is_enough(task: str, sides: list[str], tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "mavic_t_refined") / task)
    assert (catalogue.layout, catalogue.sides) == ("mavic_t_refined", sides)
    assert all(list(place.images) == sides for place in catalogue.places)


ROWS = [
    "task,split,input,target,tile,source_city",
    "sar2rgb,train,sar2rgb/train/input/B__t1__a__sar.tif,sar2rgb/train/target/B__t1__mosiac_rgb__rgb.tif,t1,B",
    "sar2rgb,train,sar2rgb/train/input/B__t1__b__sar.tif,sar2rgb/train/target/B__t1__mosiac_rgb__rgb.tif,t1,B",
]


def rearranged(root: Path, rows: list[str]) -> Path:
    """Two inputs that share the mosaic of their tile, and one pair that the manifest does not name."""
    grow(root, *(f"sar2rgb/train/input/B__t1__{name}__sar.tif" for name in "abc"))
    grow(root, "sar2rgb/train/target/B__t1__mosiac_rgb__rgb.tif", "sar2rgb/train/target/B__t1__c__rgb.tif")
    listed(root, "manifests/refined_manifest.csv", rows)
    return root


def test_the_manifest_pairs_what_names_do_not(tmp_path: Path) -> None:
    places = shown(read_catalogue(rearranged(tmp_path, ROWS)))
    mosaic = "sar2rgb/train/target/B__t1__mosiac_rgb__rgb.tif"
    assert places == {
        f"train:sar2rgb/B__t1__{name}": (
            "B/t1",
            {"sar": [f"sar2rgb/train/input/B__t1__{name}__sar.tif"], "rgb": [target]},
        )
        for name, target in (("a", mosaic), ("b", mosaic), ("c", "sar2rgb/train/target/B__t1__c__rgb.tif"))
    }


def test_an_image_that_only_its_name_would_pair_keeps_out_of_the_manifests_pair(tmp_path: Path) -> None:
    grow(rearranged(tmp_path, ROWS), "sar2rgb/train/target/B__t1__a__rgb.tif")
    places = shown(read_catalogue(tmp_path))
    assert places["train:sar2rgb/B__t1__a"][1]["rgb"] == ["sar2rgb/train/target/B__t1__mosiac_rgb__rgb.tif"]
    assert places["train:sar2rgb/B__t1__a~unpaired"][1] == {"rgb": ["sar2rgb/train/target/B__t1__a__rgb.tif"]}


def test_the_manifests_split_is_taken(tmp_path: Path) -> None:
    rows = [ROWS[0], ROWS[1].replace("sar2rgb,train", "sar2rgb,validation", 1), ROWS[2]]
    assert {"val:sar2rgb/B__t1__a", "train:sar2rgb/B__t1__b"} <= set(shown(read_catalogue(rearranged(tmp_path, rows))))


def test_without_the_manifest_such_images_stand_alone(tmp_path: Path) -> None:
    rearranged(tmp_path, ROWS)
    (tmp_path / "manifests/refined_manifest.csv").unlink()
    lonely = [place.name for place in read_catalogue(tmp_path).places if len(place.images) == 1]
    assert lonely == [f"sar2rgb/B__t1__{name}" for name in ("a", "b", "mosiac_rgb")]


def test_a_manifest_that_names_absent_files_is_told_of(tmp_path: Path) -> None:
    absent = "sar2rgb,train,sar2rgb/train/input/B__t9__z__sar.tif,sar2rgb/train/target/B__t9__z__rgb.tif,t9,B"
    catalogue = read_catalogue(rearranged(tmp_path, [*ROWS, absent]))
    assert any("1 pair" in note for note in catalogue.notes)


@pytest.mark.parametrize("rows", [["a,b"], [ROWS[0], "sar2rgb,train"], [ROWS[0], "sar2rgb,train,,x.tif,t,B"]])
def test_a_manifest_that_makes_no_sense_is_refused_by_name(rows: list[str], tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"refined_manifest\.csv"):
        read_catalogue(rearranged(tmp_path, rows))


# ---- SEN1-2


def test_sen1_2_swaps_folder_and_name_and_groups_by_region(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "sen1_2")))
    assert len(places) == 4
    assert places[":ROIs1158_spring_10_p30"] == (
        "ROIs1158_spring_10",
        {
            "sar": ["ROIs1158_spring/s1_10/ROIs1158_spring_s1_10_p30.png"],
            "rgb": ["ROIs1158_spring/s2_10/ROIs1158_spring_s2_10_p30.png"],
        },
    )


@pytest.mark.parametrize("above", ["v_2/agri/", "v_2/urban/", "archive/v_2/grassland/"])
def test_sen1_2_sorted_by_terrain(above: str, tmp_path: Path) -> None:
    grow(tmp_path, *(f"{above}s{n}/ROIs1868_summer_s{n}_59_p{patch}.png" for n in (1, 2) for patch in (2, 11)))
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "sen1_2"
    assert {place.name: place.group for place in catalogue.places} == {
        "ROIs1868_summer_59_p2": "ROIs1868_summer_59",
        "ROIs1868_summer_59_p11": "ROIs1868_summer_59",
    }


def test_sen12ms_is_not_taken_for_sen1_2(tmp_path: Path) -> None:
    grow(tmp_path, *(f"ROIs1158_spring/s{n}_0/ROIs1158_spring_s{n}_0_p30.tif" for n in (1, 2)))
    with pytest.raises(DataError, match="not in the layout"):
        read_catalogue(tmp_path, "sen1_2")


def test_a_file_in_the_folder_of_another_scene_is_a_stranger(tmp_path: Path) -> None:
    planted(tmp_path, "sen1_2")
    grow(tmp_path, "ROIs1158_spring/s1_0/ROIs1158_spring_s1_7_p1.png")
    assert [path.name for path in read_catalogue(tmp_path).strangers] == ["ROIs1158_spring_s1_7_p1.png"]


# ---- QXS-SAROPT and SAR2Opt


def test_qxs_saropt_pairs_by_number(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "qxs_saropt")))
    assert places[":20000"][1] == {"sar": ["sar_256_oc_0.2/20000.png"], "rgb": ["opt_256_oc_0.2/20000.png"]}


def test_qxs_saropt_with_splits_above(tmp_path: Path) -> None:
    for split, number in (("train", 1), ("test", 2)):
        grow(tmp_path, *(f"{split}/{side}_256_oc_0.2/{number}.png" for side in ("sar", "opt")))
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "qxs_saropt"
    assert set(shown(catalogue)) == {"train:1", "test:2"}


def test_sar2opt_is_read_by_name_and_else_taken_for_what_it_looks_like(tmp_path: Path) -> None:
    root = grow(tmp_path / "sar2opt", *(f"{split}{side}/city_1.jpg" for split in ("train", "test") for side in "AB"))
    assert read_catalogue(root).layout == "cyclegan"
    catalogue = read_catalogue(root, "sar2opt")
    assert catalogue.sides == ["sar", "rgb"]
    assert shown(catalogue)["test:city_1"][1] == {"sar": ["testA/city_1.jpg"], "rgb": ["testB/city_1.jpg"]}
