"""Data sets from cars and street corners: which files are a pair, of which sequence, in which split."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.data.recognise import read_catalogue
from spectra.errors import DataError
from tests.data.layouts.trees import grow, listed, planted, shown

# ---- RANUS


def test_ranus_pairs_within_a_sequence_and_keeps_labels_apart(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "ranus"))
    assert catalogue.sides == ["rgb", "nir", "labels"]
    assert shown(catalogue) == {
        f":{sequence}/{frame}": (
            sequence,
            {
                "rgb": [f"RGB/{sequence}/{frame}_rgb.png"],
                "nir": [f"NIR/{sequence}/{frame}_nir.png"],
                "labels": [f"GT/{sequence}/{frame}_gt.png"],
            },
        )
        for sequence in ("01", "50")
        for frame in ("frame7", "frame9")
    }


def test_ranus_without_labels_is_still_ranus(tmp_path: Path) -> None:
    catalogue = read_catalogue(grow(tmp_path, "RGB/01/a_rgb.png", "NIR/01/a_nir.png"))
    assert (catalogue.layout, catalogue.sides) == ("ranus", ["rgb", "nir"])


# ---- IDD-AW


def test_idd_aw_groups_by_weather_and_sequence(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "idd_aw")))
    assert len(places) == 9
    assert places["train:SNOW/185/00042"] == (
        "SNOW/185",
        {"rgb": ["train/SNOW/rgb/185/00042_rgb.png"], "nir": ["train/SNOW/nir/185/00042_nir.png"]},
    )
    assert places["val:LOWLIGHT/3/00007"][0] == "LOWLIGHT/3"


def test_idd_aw_takes_drawn_masks_for_labels(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "idd_aw")))
    assert places["train:FOG/3/00001"][1]["labels"] == ["train/FOG/gtSegPNG/3/00001_mask.png"]
    assert "labels" not in places["train:FOG/185/00001"][1]


# ---- FLIR-aligned


def test_flir_aligned_pairs_names_that_differ_in_ending_and_suffix(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "flir_aligned")))
    assert set(places) == {":FLIR_00001", ":FLIR_00002", ":FLIR_08864", ":FLIR_08865"}
    assert places[":FLIR_00001"] == (
        "FLIR_00001",
        {"rgb": ["JPEGImages/FLIR_00001_RGB.jpg"], "lwir": ["JPEGImages/FLIR_00001_PreviewData.jpeg"]},
    )


@pytest.mark.parametrize("folder", ["", "ImageSets/Main/"])
@pytest.mark.parametrize("ending", ["_PreviewData", "_RGB", "_PreviewData.jpeg", ""])
def test_flir_aligned_reads_its_lists(folder: str, ending: str, tmp_path: Path) -> None:
    planted(tmp_path, "flir_aligned")
    listed(tmp_path, f"{folder}align_train.txt", [f"FLIR_00001{ending}", f"FLIR_00002{ending}"])
    listed(tmp_path, f"{folder}align_validation.txt", [f"FLIR_08864{ending}"])
    places = shown(read_catalogue(tmp_path))
    assert set(places) == {"train:FLIR_00001", "train:FLIR_00002", "val:FLIR_08864", ":FLIR_08865"}


def test_flir_aligned_says_what_a_list_names_in_vain(tmp_path: Path) -> None:
    planted(tmp_path, "flir_aligned")
    listed(tmp_path, "align_train.txt", ["FLIR_00001_PreviewData", "FLIR_99999_PreviewData"])
    assert any("FLIR_99999_PreviewData" in note for note in read_catalogue(tmp_path).notes)


def test_flir_aligned_in_folders_has_the_other_split(tmp_path: Path) -> None:
    for split, frame in (("train", "FLIR_00001"), ("test", "FLIR_08864")):
        grow(tmp_path, f"{split}/input/{frame}_RGB.jpg", f"{split}/target/{frame}_PreviewData.jpeg")
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "flir_aligned"
    assert set(shown(catalogue)) == {"train:FLIR_00001", "test:FLIR_08864"}


# ---- KAIST


def test_kaist_splits_by_set_and_groups_by_video(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "kaist")))
    assert {key.split(":")[0] for key in places if ":set00" in key or ":set05" in key} == {"train"}
    assert {key.split(":")[0] for key in places if ":set06" in key or ":set11" in key} == {"test"}
    assert places["test:set06/V000/I00019"] == (
        "set06/V000",
        {"rgb": ["images/set06/V000/visible/I00019.jpg"], "lwir": ["images/set06/V000/lwir/I00019.jpg"]},
    )
    assert places["train:set00/V001/I00000"][0] == "set00/V001"


def test_kaist_lies_without_the_folder_images_too(tmp_path: Path) -> None:
    catalogue = read_catalogue(grow(tmp_path, *(f"set09/V002/{side}/I00100.png" for side in ("visible", "lwir"))))
    assert catalogue.layout == "kaist"
    assert set(shown(catalogue)) == {"test:set09/V002/I00100"}


@pytest.mark.parametrize("every", ["02", "04", "20"])
@pytest.mark.parametrize("folder", ["imageSets/", ""])
def test_kaist_by_its_lists_has_only_what_they_name(every: str, folder: str, tmp_path: Path) -> None:
    planted(tmp_path, "kaist")
    listed(tmp_path, f"{folder}train-all-{every}.txt", ["set00/V000/I00019", "set05/V000/I00039"])
    listed(tmp_path, f"{folder}test-all-20.txt", ["set11/V000/I00019"])
    assert read_catalogue(tmp_path).layout == "kaist"
    places = shown(read_catalogue(tmp_path, f"kaist_{every}"))
    assert {key for key in places if not key.startswith(":")} == {
        "train:set00/V000/I00019",
        "train:set05/V000/I00039",
        "test:set11/V000/I00019",
    }


def test_kaist_by_lists_that_are_not_there_has_no_split(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "kaist"), "kaist_20")
    assert catalogue.splits == [""]
    assert any("train-all-20.txt" in note for note in catalogue.notes)


# ---- LLVIP


def test_llvip_groups_by_scene(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "llvip")))
    assert {key: group for key, (group, _) in places.items()} == {
        "train:010001": "01",
        "train:010002": "01",
        "train:020001": "02",
        "test:190001": "19",
        "test:200002": "20",
    }
    assert places["test:190001"][1] == {"rgb": ["visible/test/190001.jpg"], "lwir": ["infrared/test/190001.jpg"]}


# ---- M3FD


def test_m3fd_keeps_its_parts_apart_although_they_number_alike(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "m3fd")))
    assert len(places) == 5
    assert places[":M3FD_Fusion/00000"][1] == {
        "rgb": ["M3FD_Fusion/Vis/00000.png"],
        "lwir": ["M3FD_Fusion/Ir/00000.png"],
    }


@pytest.mark.parametrize("folders", [("Vis", "Ir"), ("vis", "ir")])
def test_m3fd_may_be_one_part_by_itself(folders: tuple[str, str], tmp_path: Path) -> None:
    catalogue = read_catalogue(grow(tmp_path, *(f"{folder}/00007.png" for folder in folders)))
    assert catalogue.layout == "m3fd"
    assert shown(catalogue) == {
        ":00007": ("00007", {"rgb": [f"{folders[0]}/00007.png"], "lwir": [f"{folders[1]}/00007.png"]})
    }


def test_m3fd_as_tardal_copies_it_is_told_by_its_folder_only(tmp_path: Path) -> None:
    grow(tmp_path, *(f"m3fd/{folder}/00007.png" for folder in ("vi", "ir")))
    assert read_catalogue(tmp_path).layout == "m3fd"
    assert read_catalogue(tmp_path / "m3fd").layout == "folders"


# ---- MSRS


def test_msrs_keeps_the_detection_subset_a_split_of_its_own(tmp_path: Path) -> None:
    places = shown(read_catalogue(planted(tmp_path, "msrs")))
    assert set(places) == {"train:00001D", "train:00024N", "test:00537D", "detection:00537D"}
    assert places["train:00024N"][1] == {
        "rgb": ["train/vi/00024N.png"],
        "lwir": ["train/ir/00024N.png"],
        "labels": ["train/Segmentation_labels/00024N.png"],
    }
    assert "labels" not in places["detection:00537D"][1]


# ---- RoadScene


def test_roadscene_pairs_the_cropped_and_names_the_others_apart(tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, "roadscene"))
    assert catalogue.sides == ["rgb", "lwir", "rgb_hr", "rgb_raw", "lwir_raw"]
    assert shown(catalogue)[":FLIR_video_00018"][1] == {
        "rgb": ["crop_LR_visible/FLIR_video_00018.jpg"],
        "lwir": ["cropinfrared/FLIR_video_00018.jpg"],
        "rgb_hr": ["crop_HR_visible/FLIR_video_00018.jpg"],
        "rgb_raw": ["visible/FLIR_video_00018.jpg"],
        "lwir_raw": ["infrared/FLIR_video_00018.jpg"],
    }


def test_roadscene_as_tardal_copies_it(tmp_path: Path) -> None:
    grow(tmp_path, "roadscene/vi/FLIR_00006.jpg", "roadscene/ir/FLIR_00006.jpg")
    listed(tmp_path, "roadscene/meta/pred.txt", ["FLIR_00006.jpg"])
    catalogue = read_catalogue(tmp_path)
    assert catalogue.layout == "roadscene"
    assert shown(catalogue) == {
        ":FLIR_00006": (
            "FLIR_00006",
            {"rgb": ["roadscene/vi/FLIR_00006.jpg"], "lwir": ["roadscene/ir/FLIR_00006.jpg"]},
        )
    }


# ---- all of them


def test_a_tree_of_another_kind_is_refused_by_name_with_the_tree_that_is_expected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"(?s)not in the layout 'ranus'.*RGB/01/\*_rgb\.png"):
        read_catalogue(planted(tmp_path, "llvip"), "ranus")
