"""Layouts for data of any origin: folders, trainA/trainB, side by side."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

from spectra.data.catalogue import Catalogue
from spectra.data.layout import Layout
from spectra.data.layouts.folders import folders
from spectra.data.layouts.side_by_side import side_by_side
from spectra.data.layouts.two_sides import cyclegan, pix2pixhd
from spectra.data.recognise import read_catalogue
from spectra.errors import DataError

ROOT = Path("/r")


def read(layout: Layout, *paths: str, root: Path = ROOT) -> Catalogue:
    found = layout.catalogue(root, [PurePosixPath(path) for path in paths])
    assert found is not None
    return found


def told(found: Catalogue) -> list[tuple[str, str, str, str]]:
    return [(place.split, place.name, place.group, " ".join(sorted(place.images))) for place in found.places]


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        (["train/rgb/a.png", "train/nir/a.tif", "test/rgb/b.png", "test/nir/b.png"],
         [("test", "b", "b", "nir rgb"), ("train", "a", "a", "nir rgb")]),
        (["rgb/train/a.png", "nir/train/a.tif", "rgb/val/a.png", "nir/val/a.png"],
         [("train", "a", "a", "nir rgb"), ("val", "a", "a", "nir rgb")]),
        (["rgb/a.png", "nir/a.tif", "masks/a.png"], [("", "a", "a", "masks nir rgb")]),
        (["input/x/a.png", "target/x/a.png", "input/y/a.png", "target/y/a.png"],
         [("", "x/a", "x", "input target"), ("", "y/a", "y", "input target")]),
        (["winter/rgb/a.png", "winter/nir/a.png", "summer/rgb/b.png", "summer/nir/b.png"],
         [("summer", "b", "b", "nir rgb"), ("winter", "a", "a", "nir rgb")]),
        (["train/A/p/q/a.png", "train/B/p/q/a.png", "train/A/c.png"],
         [("train", "c", "c", "A"), ("train", "p/q/a", "p/q", "A B")]),
        (["mydata/train/rgb/a.png", "mydata/train/nir/a.png"], [("train", "a", "a", "nir rgb")]),
        (["mydata/rgb/test/a.png", "mydata/nir/test/a.png"], [("test", "a", "a", "nir rgb")]),
        (["train/rgb/a.png", "test/rgb/a.png"], [("test", "a", "a", "rgb"), ("train", "a", "a", "rgb")]),
        (["train/rgb/a.b.png", "train/nir/a.b.png", "train/rgb/[x] y\n.png"],
         [("train", "[x] y\n", "[x] y\n", "rgb"), ("train", "a.b", "a.b", "nir rgb")]),
    ],
)  # fmt: skip
def test_folders_are_read_as_they_are_meant(paths: list[str], places: list[tuple[str, str, str, str]]) -> None:
    assert told(read(folders, *paths)) == places


def test_sides_come_usual_source_first_and_masks_last() -> None:
    found = read(folders, *(f"train/{side}/a.png" for side in ("mask", "nir", "rgb", "lwir")))
    assert found.sides == ["rgb", "lwir", "nir", "mask"]


def test_the_same_letters_in_two_spellings_are_one_name() -> None:
    found = read(folders, "train/rgb/caf\u00e9.png", "train/nir/cafe\u0301.png")
    assert told(found) == [("train", "caf\u00e9", "caf\u00e9", "nir rgb")]


def test_two_suffixes_of_one_name_are_refused_with_both() -> None:
    with pytest.raises(DataError, match=r"Two images in '/r/train/rgb' have the name 'a': 'a.png' and 'a.tif'"):
        read(folders, "train/rgb/a.png", "train/rgb/a.tif", "train/nir/a.png")


def test_images_beside_the_tree_are_strangers() -> None:
    found = read(folders, "train/rgb/a.png", "train/nir/a.png", "logo.png", "docs/fig.png")
    assert sorted(map(str, found.strangers)) == ["/r/docs/fig.png", "/r/logo.png"]


def test_lists_beside_folders_count_only_where_these_have_no_splits(tmp_path: Path) -> None:
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits/train.txt").write_text("a\n")
    (tmp_path / "splits/test.txt").write_text("b.png\n")
    lists = ["splits/train.txt", "splits/test.txt"]
    bare = read(folders, "rgb/a.png", "nir/a.png", "rgb/b.png", "nir/b.png", *lists, root=tmp_path)
    assert [(place.split, place.name) for place in bare.places] == [("test", "b"), ("train", "a")]
    split = read(folders, "val/rgb/a.png", "val/nir/a.png", *lists, root=tmp_path)
    assert split.splits == ["val"] and not split.notes


@pytest.mark.parametrize("paths", [["a.png"], ["train/a.png", "test/a.png"], ["train/a.png"]])
def test_single_images_are_no_folders_of_modalities(paths: list[str]) -> None:
    assert folders.catalogue(ROOT, [PurePosixPath(path) for path in paths]) is None


@pytest.mark.parametrize(("layout", "a", "b"), [(cyclegan, "A", "B"), (pix2pixhd, "_A", "_B")])
def test_images_of_one_name_in_a_and_b_are_pairs(layout: Layout, a: str, b: str, tmp_path: Path) -> None:
    paths = [f"train{a}/1.jpg", f"train{b}/1.png", f"Test{a}/2.jpg", f"Test{b}/2.jpg"]
    found = read(layout, *paths)
    assert told(found) == [("Test", "2", "2", "A B"), ("train", "1", "1", "A B")]
    assert found.sides == ["A", "B"] and not found.notes
    for path in paths:
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).touch()
    assert read_catalogue(tmp_path).layout == layout.name


def test_names_that_differ_are_told_with_what_to_do() -> None:
    found = read(cyclegan, "trainA/a1.jpg", "trainA/a2.jpg", "trainB/b1.jpg", "trainB/b2.jpg")
    assert [place[3] for place in told(found)] == ["A", "A", "B", "B"]
    assert len(found.notes) == 1 and "2 images of each side, and no name that both have" in found.notes[0]
    assert "data.unpaired" in found.notes[0] and "manifest" in found.notes[0]
    mixed = read(pix2pixhd, "train_A/1.jpg", "train_B/1.jpg", "train_B/2.jpg")
    assert mixed.notes == ["'train': 0 of A and 1 of B have no partner of the same name."]


def test_the_left_half_is_a_and_the_right_half_is_b() -> None:
    found = read(side_by_side, "train/1.jpg", "val/2.jpg")
    assert [place.split for place in found.places] == ["train", "val"]
    halves = {side: (files[0].part, files[0].path) for side, files in found.places[0].images.items()}
    assert halves == {"A": ("left", ROOT / "train/1.jpg"), "B": ("right", ROOT / "train/1.jpg")}
    assert found.sides == ["A", "B"]
