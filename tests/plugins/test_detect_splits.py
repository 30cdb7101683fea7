"""Folders of labelled images, and that nobody learns from the test split."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from spectra import DataError
from spectra_detect.images import LabelledImages
from spectra_detect.scenes import paired_names, write_splits
from spectra_detect.settings import LabelSettings, SceneSettings, Settings
from spectra_detect.splits import open_splits
from tests.plugins.detect_data import CLASSES, folder, labelled

CAR = [("car", 4.0, 6.0, 20.0, 10.0)]
SMALL = SceneSettings(size=64, labelled=3, few=2, test=3, pairs=2)


def settings(**data: object) -> Settings:
    return Settings.model_validate({"labels": {"classes": CLASSES, "smallest": 0}, "data": data})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for seed, name in enumerate(("labelled", "few", "test")):
        folder(tmp_path / "root" / name, [CAR, CAR], seed=seed)
    return tmp_path / "root"


def test_classes_are_merged_and_others_left_out(tmp_path: Path) -> None:
    rows = [[("car", 1, 2, 3, 4), ("truck", 5, 6, 7, 8), ("tree", 0, 0, 9, 9), ("person", 2, 2, 2, 9)], []]
    images = labelled(tmp_path / "a", rows)  # type: ignore[arg-type]
    assert images.found[0].classes.tolist() == [1, 1, 2]
    assert images.found[0].boxes.tolist()[1] == [5, 6, 12, 14], "left, top, right and bottom"
    assert images.found[1].boxes.shape == (0, 4)


def test_small_boxes_and_crowds_are_ignored(tmp_path: Path) -> None:
    rows = [[("car", 0, 0, 8, 2), ("car", 0, 0, 7, 7)]]
    assert labelled(tmp_path / "a", rows, smallest=8).found[0].ignored.tolist() == [False, True]  # type: ignore[arg-type]
    assert labelled(tmp_path / "b", rows, crowd=True).found[0].ignored.tolist() == [True, True]  # type: ignore[arg-type]


def test_one_channel_is_shown_three_times_and_colours_come_in_order(tmp_path: Path) -> None:
    root = folder(tmp_path / "a", [CAR, CAR], channels=3)
    blue = np.zeros((64, 64, 3), np.uint8)
    blue[..., 0] = 200  # OpenCV counts from blue
    cv2.imwrite(str(root / "images" / "a_0.png"), blue)
    cv2.imwrite(str(root / "images" / "a_1.png"), blue[..., 0])
    images = LabelledImages(root, LabelSettings(classes=CLASSES))
    assert images.pixels(0)[:, 0, 0].tolist() == [0, 0, 200]
    assert images.pixels(1)[:, 0, 0].tolist() == [200, 200, 200]
    grey = LabelledImages(root, LabelSettings(classes=CLASSES), grey=True)
    assert grey.pixels(0)[:, 0, 0].tolist() == [23, 23, 23], "0.114 of blue"


def test_sixteen_bits_are_the_same_scale(tmp_path: Path) -> None:
    root = folder(tmp_path / "a", [CAR])
    cv2.imwrite(str(root / "images" / "a_0.png"), np.full((64, 64), 257 * 90 + 100, np.uint16))
    assert LabelledImages(root, LabelSettings(classes=CLASSES)).pixels(0).unique().tolist() == [90]


def test_an_image_of_another_size_than_its_labels_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path / "a", [CAR])
    cv2.imwrite(str(root / "images" / "a_0.png"), np.zeros((32, 64), np.uint8))
    with pytest.raises(DataError, match=r"64×32, its labels are for 64×64"):
        LabelledImages(root, LabelSettings(classes=CLASSES)).pixels(0)


def test_the_folder_opens(root: Path) -> None:
    splits = open_splits(root, settings())
    assert set(splits.sets) == {"labelled", "few", "test"} and splits.test_source is None


@pytest.mark.parametrize("split", ["labelled", "few"])
def test_a_test_image_under_another_name_is_found(root: Path, split: str) -> None:
    shutil.copy(root / "test" / "images" / "test_0.png", root / split / "images" / f"{split}_1.png")
    with pytest.raises(DataError, match=rf"1 images of {split}/ and of test/ are the same: {split}_1.png"):
        open_splits(root, settings())


def test_a_test_place_in_another_modality_is_found_by_its_name(root: Path, tmp_path: Path) -> None:
    shutil.rmtree(root / "labelled")
    folder(root / "labelled", [CAR], names=["test_1"], seed=9)
    with pytest.raises(DataError, match=r"have the same names: test_1.*data.names: free"):
        open_splits(root, settings())
    assert open_splits(root, settings(names="free")).labelled.names == ["test_1"]


def test_a_test_place_among_the_pairs_of_the_generator_is_found(root: Path) -> None:
    (root / "pairs" / "train" / "rgb").mkdir(parents=True)
    (root / "pairs" / "train" / "rgb" / "test_0.png").write_bytes(b"")
    with pytest.raises(DataError, match="images of pairs/ and of test/ have the same names"):
        open_splits(root, settings())
    shutil.rmtree(root / "pairs")
    with pytest.raises(DataError, match="1 images of pairs/ and of test/ have the same names: test_1"):
        open_splits(root, settings(), {"test_1"})


def test_a_scene_of_the_test_split_in_another_is_found(root: Path) -> None:
    shutil.rmtree(root / "few")
    folder(root / "few", [CAR], names=["drive7_9"], seed=8)
    shutil.rmtree(root / "test")
    folder(root / "test", [CAR], names=["drive7_1"], seed=7)
    open_splits(root, settings())
    with pytest.raises(DataError, match=r"show the same scenes: drive7"):
        open_splits(root, settings(group=r"^(\w+?)_"))


def test_a_split_with_nothing_to_find_is_refused(root: Path) -> None:
    shutil.rmtree(root / "few")
    folder(root / "few", [[("tree", 1, 1, 9, 9)]], seed=8)
    with pytest.raises(DataError, match=r"few/ shows nothing that is to be found.*Its labels: tree"):
        open_splits(root, settings())


def test_the_scenes_of_all_splits_are_different_ones(tmp_path: Path) -> None:
    root = write_splits(tmp_path / "data", "rgb2nir", SMALL)
    said = Settings.model_validate({"labels": {"classes": {"tree": ["tree"]}}})
    splits = open_splits(root, said, paired_names(SMALL))
    named = [set(splits.labelled.names), set(splits.few.names), set(splits.test.names), paired_names(SMALL)]
    assert len(set.union(*named)) == sum(map(len, named)) == 10
    assert splits.test_source is not None and splits.test_source.names == splits.test.names
    same = zip(splits.test.found, splits.test_source.found, strict=True)
    assert all(torch.equal(one.boxes, other.boxes) for one, other in same)


def test_labels_are_where_the_things_are(tmp_path: Path) -> None:
    """A person is warm: in heat she stands out from what is beside her box."""
    root = write_splits(tmp_path / "data", "rgb2lwir", SceneSettings(size=128, labelled=1, few=1, test=30, pairs=1))
    images = LabelledImages(root / "test", LabelSettings(classes={"person": ["person"]}))
    inside, beside = [], []
    for place, found in enumerate(images.found):
        pixels = images.pixels(place)[0].float()
        for left, top, right, bottom in found.boxes[~found.ignored].long().tolist():
            wide = right - left
            inside.append(float(pixels[top:bottom, left:right].mean()))
            beside.append(float(pixels[top:bottom, max(0, left - wide) : right + wide].mean()))
    assert len(inside) > 5 and np.mean(np.array(inside) > np.array(beside)) > 0.7


def test_more_scenes_leave_the_first_ones_as_they_were(tmp_path: Path) -> None:
    one = write_splits(tmp_path / "one", "rgb2nir", SMALL)
    more = write_splits(tmp_path / "more", "rgb2nir", SMALL.model_copy(update={"test": 4, "pairs": 9}))
    name = json.loads((one / "test" / "labels.json").read_text())["images"][0]["file_name"]
    assert (one / "test" / "images" / name).read_bytes() == (more / "test" / "images" / name).read_bytes()
    other = write_splits(tmp_path / "other", "rgb2nir", SMALL.model_copy(update={"seed": 1}))
    assert (one / "test" / "images" / name).read_bytes() != (other / "test" / "images" / name).read_bytes()
