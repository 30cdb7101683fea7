"""The data of a recipe: folders or scenes, and never one in place of the other."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from spectra.data.open import Data, open_data
from spectra.errors import DataError
from spectra.recipe.recipe import Recipe
from tests.pair_folders import write_data


def recipe(**data: Any) -> Recipe:
    return Recipe.model_validate({"task": "rgb2ir", "translator": "graydef", "data": data})


def opened(root: Path, **data: Any) -> Data:
    return open_data(recipe(root=root, **data))


def test_without_a_root_there_are_scenes_and_the_origin_says_so() -> None:
    data = open_data(recipe(scenes={"train": 3, "test": 2, "size": 32}))
    assert data.from_scenes and "built-in aerial scenes (3 train, 2 test, 32×32, 8 bits)" in data.origin


def test_scenes_are_read_in_their_own_scale_alone() -> None:
    with pytest.raises(DataError, match=r"'ir'.*`K 250\.\.330`"):
        open_data(recipe(scenes={"train": 3, "test": 2, "size": 32}, target={"scale": "K 250..330"}))


def test_the_splits_of_a_root_are_opened_by_their_names(tmp_path: Path) -> None:
    data = opened(write_data(tmp_path / "pairs"))
    assert not data.from_scenes
    assert (list(data.train.names), list(data.test.names)) == (["a", "b", "c", "d"], ["e", "f", "g"])
    assert data.origin == "pairs (4 train, 3 test pairs)"
    swapped = opened(tmp_path / "pairs", train="test", test="train")
    assert list(swapped.train.names) == ["e", "f", "g"]


def test_a_wrong_root_is_an_error_and_no_reason_to_draw_scenes(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere"):
        opened(tmp_path / "nowhere")


def test_folders_may_have_names_of_their_own(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    for split in ("train", "test"):
        (root / split / "ir").rename(root / split / "thermal camera")
    assert len(opened(root, target={"folder": "thermal camera"}).test) == 3


def test_faults_of_both_splits_are_told_together(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    (root / "train/rgb/b.png").write_bytes(b"")
    (root / "test/ir/f.png").unlink()
    with pytest.raises(DataError) as caught:
        opened(root)
    assert "b.png" in str(caught.value) and "'f'" in str(caught.value)


@pytest.mark.parametrize("how", ["copied", "linked", "hard link"])
def test_a_pair_in_train_and_test_is_refused_under_whatever_name(tmp_path: Path, how: str) -> None:
    root = write_data(tmp_path / "pairs")
    for modality in ("rgb", "ir"):
        old, new = root / "train" / modality / "c.png", root / "test" / modality / "other.png"
        if how == "copied":
            shutil.copy(old, new)
        elif how == "linked":
            new.symlink_to(old)
        else:
            new.hardlink_to(old)
    with pytest.raises(DataError, match="share 1 pairs, the first 'other'"):
        opened(root)


def test_two_pairs_that_share_a_source_alone_are_no_leak(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    shutil.copy(root / "train/rgb/c.png", root / "test/rgb/f.png")
    assert len(opened(root).test) == 3


def test_learning_from_the_split_that_judges_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the same split 'test'"):
        opened(write_data(tmp_path / "pairs"), train="test")
