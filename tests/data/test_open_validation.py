"""The split that is looked at while it learns."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.data.open import Data, open_data
from spectra.data.sets.remembered import Remembered
from spectra.data.sets.scene_pairs import MOST
from spectra.errors import DataError
from spectra.recipe.recipe import Recipe
from tests.pair_folders import write_data, write_pairs

SCENES = {"size": 32, "train": 3, "test": 2}


def opened(root: Path | None, train: dict[str, Any] | None = None, **data: Any) -> Data:
    said = {"task": "rgb2ir", "translator": "graydef", "data": {"root": root, **data}, "train": train or {}}
    return open_data(Recipe.model_validate(said))


def fault(root: Path, train: dict[str, Any] | None = None, **data: Any) -> str:
    with pytest.raises(DataError) as caught:
        opened(root, train, **data)
    return str(caught.value)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_pairs(tmp_path / "pairs", "val", ("h", "i"))
    return write_data(tmp_path / "pairs")


def test_a_recipe_that_names_no_such_split_has_none(root: Path) -> None:
    data = opened(root)
    assert data.validation is None and data.origin == "pairs (4 train, 3 test pairs)"


def test_the_split_is_opened_by_its_name_and_the_origin_says_so(root: Path) -> None:
    data = opened(root, validation="val")
    assert isinstance(data.validation, Remembered) and list(data.validation.names) == ["h", "i"]
    assert data.origin == "pairs (4 train, 2 validation, 3 test pairs)"
    assert data.validation[1].target.pixels.shape == (1, 16, 12)
    assert len(data.images["rgb"]) == 4


@pytest.mark.parametrize("split", ["train", "test"])
def test_it_may_not_be_the_split_that_is_learned_from_or_judged_by(root: Path, split: str) -> None:
    assert f"`data.validation` names the split {split!r}" in fault(root, validation=split)


def test_a_name_that_the_data_does_not_know_is_told_with_what_is_near(root: Path) -> None:
    told = fault(root, validation="vall")
    assert "no split 'vall'. Did you mean 'val'? It holds: test, train, val." in told


def test_validation_without_a_split_says_which_there_are(root: Path, tmp_path: Path) -> None:
    told = fault(root, train={"validation": {}})
    assert "apart from 'train' and 'test'" in told and "also holds 'val': name one with `data.validation`" in told
    bare = write_data(tmp_path / "bare")
    told = fault(bare, train={"validation": {}})
    assert "holds no other. Make one with `spectra data split`" in told and "`data.validation`" in told
    assert opened(root, train={"validation": {}}, validation="val").validation is not None


@pytest.mark.parametrize("other", ["train", "test"])
def test_a_pair_that_is_in_another_split_too_is_refused(root: Path, other: str) -> None:
    name = {"train": "c", "test": "f"}[other]
    for modality in ("rgb", "ir"):
        shutil.copy(root / other / modality / f"{name}.png", root / "val" / modality / "other.png")
    told = fault(root, validation="val")
    assert f"The splits {other!r} and 'val' of" in told and "share 1 pairs, the first 'other'" in told
    assert opened(root).validation is None


def test_faults_of_all_splits_are_told_together(root: Path) -> None:
    (root / "train/rgb/b.png").write_bytes(b"")
    (root / "val/ir/h.png").unlink()
    told = fault(root, validation="val")
    assert "b.png" in told and "'h'" in told


def test_single_images_alone_are_no_split_to_look_at(root: Path) -> None:
    for name in ("h", "i"):
        (root / f"val/ir/{name}.png").unlink()
    write_pairs(root, "val", ("j",))
    (root / "val/rgb/j.png").unlink()
    told = fault(root, validation="val", unpaired=True)
    assert "has no pairs, and scores need pairs. Name another with `data.validation`" in told


def test_random_pairing_looks_at_all_combinations(root: Path) -> None:
    data = opened(root, validation="val", pairing="random")
    assert data.validation is not None and len(data.validation) == 2
    assert torch.equal(data.validation[0].source.pixels, data.validation[0].source.pixels)


def test_percentiles_of_the_train_split_hold_for_it_too(root: Path) -> None:
    data = opened(root, validation="val", target={"scale": "DN percentiles 1..99"})
    assert data.validation is not None
    assert data.validation[0].target.scale == data.test[0].target.scale == data.task.target.scale


def test_scenes_always_have_one_of_other_scenes_than_train_and_test() -> None:
    data = opened(None, scenes={**SCENES, "validation": 2})
    assert data.validation is not None and list(data.validation.names) == ["aerial_2000000", "aerial_2000001"]
    assert not set(data.validation.names) & {*data.train.names, *data.test.names}
    assert data.origin == "built-in aerial scenes (3 train, 2 test, 32×32, 8 bits)"
    for other in (data.train, data.test):
        assert not torch.equal(data.validation[0].source.pixels, other[0].source.pixels)
    again = opened(None, scenes={**SCENES, "validation": 2}).validation
    assert again is not None and torch.equal(again[0].target.pixels, data.validation[0].target.pixels)


def test_the_origin_of_scenes_speaks_of_it_where_it_is_looked_at() -> None:
    data = opened(None, train={"validation": {}}, scenes=SCENES)
    assert data.origin == "built-in aerial scenes (3 train, 8 validation, 2 test, 32×32, 8 bits)"


def test_its_identity_follows_what_it_holds(root: Path) -> None:
    first, other = (opened(None, scenes={**SCENES, "validation": count}).validation for count in (2, 3))
    assert first is not None and other is not None and first.identity() != other.identity()
    before = opened(root, validation="val").validation
    shutil.copy(root / "train/rgb/a.png", root / "val/rgb/h.png")
    after = opened(root, validation="val").validation
    assert before is not None and after is not None and before.identity() != after.identity()


def test_so_many_scenes_that_the_splits_would_meet_are_refused() -> None:
    with pytest.raises(ValueError, match="validation"):
        opened(None, scenes={**SCENES, "validation": MOST + 1})
