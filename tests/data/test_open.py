"""The data of a recipe: folders or scenes, and never one in place of the other."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectra.data.catalogue import Place
from spectra.data.images import read_image, write_image
from spectra.data.open import Data, open_data
from spectra.data.pairs import Looking, look
from spectra.data.recognise import read_catalogue
from spectra.data.sets.splits import make_split, write_split
from spectra.errors import DataError
from spectra.recipe.recipe import Recipe
from tests.pair_folders import write_data, write_pairs


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


def fault(root: Path, **data: Any) -> str:
    with pytest.raises(DataError) as caught:
        opened(root, **data)
    return str(caught.value)


def test_a_missing_split_or_modality_is_named_with_what_is_near(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    assert f"'{root}' has no split 'trian'. Did you mean 'train'? It holds: test, train." in fault(root, train="trian")
    for split in ("train", "test"):
        (root / split / "ir").rename(root / split / "IR")
    told = fault(root)
    assert f"The split 'train' of '{root}' has no modality 'ir'. Did you mean 'IR'? It holds: IR, rgb." in told
    assert "The split 'test'" in told and "`data.target.folder`" in told


def test_a_split_of_another_name_is_no_fallback(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    (root / "test").rename(root / "val")
    assert "no split 'test'" in fault(root) and "It holds: train, val" in fault(root)
    assert len(opened(root, test="val").test) == 3


def test_a_folder_without_images_says_what_counts_as_one(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    for path in (root / "train/ir").iterdir():
        path.rename(path.with_suffix(".bmp"))
    assert "no modality 'ir'" in fault(root) and ".jpeg, .jpg, .npy" in fault(root)


def test_sides_without_names_are_taken_in_their_order_and_the_origin_says_so(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    for split in ("train", "test"):
        (root / split / "rgb").rename(root / split / "A")
        (root / split / "ir").rename(root / split / "B")
    data = opened(root)
    assert "'A' is taken for rgb, 'B' for ir" in data.origin
    assert data.train[0].source.pixels.shape[0] == 3
    with pytest.raises(DataError, match="has 1 channel, where rgb means 3"):
        opened(root, source={"folder": "B"}, target={"folder": "A"})
    for wrong in ({"source": {"folder": "C"}}, {"target": {"folder": "C"}}):  # what was said is never passed over
        assert "has no modality 'C'" in fault(root, **wrong)


def test_sides_have_the_folders_that_the_recipe_says(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    said = Recipe.model_validate({"task": "ir2rgb", "translator": "graydef", "data": {"root": root}})
    assert open_data(said).train[0].source.pixels.shape[0] == 1


def test_unpaired_images_are_let_be_where_the_recipe_says_so_and_feed_single_images(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    write_pairs(root, "train", ("only1", "only2", "other"))
    for name in ("rgb/other", "ir/only1", "ir/only2"):
        (root / f"train/{name}.png").unlink()
    (root / "test/rgb/e.png").unlink()
    assert "data.unpaired: true" in fault(root)
    data = opened(root, unpaired=True)
    assert list(data.train.names) == ["a", "b", "c", "d"] and list(data.test.names) == ["f", "g"]
    assert list(data.images["rgb"].names) == ["a", "b", "c", "d", "only1", "only2"]
    assert list(data.images["ir"].names) == ["a", "b", "c", "d", "other"]
    told = " ".join(data.notes)
    assert "2 places of the split 'train' have 'rgb' and no 'ir': they feed streams of single images" in told
    assert "1 places of the split 'test' have 'ir' and no 'rgb': they are left out" in told


def write_challenge(root: Path) -> Path:
    """The tree of VCIP2020: photographs stand alone beside the pairs."""
    names = ["RGB-Online/sky_1_rgb_onl"]
    names += [f"NIR/field_{n:04d}_nir" for n in range(4)] + [f"RGB-Registered/field_{n:04d}_rgb_reg" for n in range(4)]
    names += [f"Validation/validation_{n:04d}_{kind}" for n in range(2) for kind in ("nir", "rgb_reg")]
    for number, name in enumerate(names):
        shape = (8, 8, 3 if "_rgb" in name else 1)
        path = root / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, np.random.default_rng(number).integers(0, 255, shape).astype(np.uint8))
    return root


def test_images_that_the_layout_lets_stand_alone_are_no_fault_and_are_learned_from(tmp_path: Path) -> None:
    root = write_challenge(tmp_path / "challenge")
    split = tmp_path / "split.json"
    write_split(split, make_split(read_catalogue(root), {"val": 0.5}))
    for own in ({}, {"split": {"file": split}}):
        said = {"root": root, "test": "val", **own}
        data = open_data(Recipe.model_validate({"task": "nir2rgb", "translator": "graydef", "data": said}))
        assert len(data.train) + len(data.test) == 6
        assert len(data.images["nir"]) == len(data.train)
        assert len(data.images["rgb"]) == len(data.train) + 1


def test_train_may_be_without_pairs_and_then_only_pairs_are_refused(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    for path in (root / "train/ir").iterdir():
        path.rename(path.with_stem(f"x{path.stem}"))
    data = opened(root, unpaired=True)
    assert (len(data.train), len(data.images["rgb"]), len(data.images["ir"])) == (0, 4, 4)
    with pytest.raises(DataError, match="no pairs"):
        data.train[0]
    for path in (root / "test/ir").iterdir():
        path.rename(path.with_stem(f"x{path.stem}"))
    assert "has no pairs, and scores need pairs" in fault(root, unpaired=True)


def test_images_that_stand_alone_in_the_test_split_are_not_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = write_data(tmp_path / "pairs")
    catalogue = read_catalogue(root)
    lonely = [
        Place(f"alone {split}", "", split, {"rgb": place.images["rgb"]}, alone=True)
        for split, place in zip(("", "train", "test"), catalogue.places, strict=False)
    ]
    more = replace(catalogue, places=[*catalogue.places, *lonely])
    monkeypatch.setattr("spectra.data.open.read_catalogue", lambda *_: more)
    names = set(opened(root).images["rgb"].names)
    assert {name for name in names if "alone" in name} == {"alone ", "alone train"}


def test_images_that_are_in_no_combination_are_counted(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    rows = []
    for split, letters in (("train", "abc"), ("test", "efg")):
        files: dict[str, list[str]] = {"rgb": [], "ir": []}
        for year, letter in enumerate(letters):
            for side in ("rgb", "ir")[: 1 + (year > 0)]:  # of the first year there is no infrared
                (root / f"{split}/{side}/{letter}.png").rename(root / f"{split}_{year}_{side}.png")
                files[side].append(f"{split}_{year}_{side}.png")
        rows.append({"split": split, "name": f"place of {split}", **files})
    (root / "places.jsonl").write_text("\n".join(map(json.dumps, rows)))
    data = opened(root / "places.jsonl", pairing="all")
    assert len(data.train) == 2
    assert [note for note in data.notes if "in no pair" in note] == [
        f"1 images of the split {split!r} are in no pair, as only one side of their place has others of their "
        "acquisition."
        for split in ("train", "test")
    ]


def test_the_single_images_of_pairs_and_scenes_are_their_sides(tmp_path: Path) -> None:
    for data in (
        opened(write_data(tmp_path / "pairs")),
        open_data(recipe(scenes={"train": 3, "test": 2, "size": 32})),
    ):
        for place, pair in enumerate(data.train):
            for modality, picture in (("rgb", pair.source), ("ir", pair.target)):
                assert data.images[modality][place].pixels.equal(picture.pixels)
                assert data.images[modality].size(place) == tuple(picture.pixels.shape[1:])


def test_masks_of_the_side_that_the_recipe_names_reach_every_pair(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    for path in root.glob("*/ir/*.png"):
        mask = np.ones((16, 12, 1), np.uint8)
        mask[:5] = 0
        (path.parents[1] / "clear").mkdir(exist_ok=True)
        write_image(path.parents[1] / "clear" / path.name, mask)
    data = opened(root, mask="clear")
    assert all(pair.valid is not None and int(pair.valid.sum()) == 11 * 12 for pair in (*data.train, *data.test))
    assert "no masks 'clea'. Did you mean 'clear'?" in fault(root, mask="clea")


def test_a_written_split_is_used_in_place_of_the_datas_own(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    file = tmp_path / "split.json"
    made = make_split(read_catalogue(root), folds=3, by="name")
    write_split(file, made)
    data = opened(root, split={"file": file, "fold": 1})
    assert len(data.train) + len(data.test) == 7
    assert sorted(data.test.names) == sorted(key.split("/")[1] for key in made.folds[1])
    assert "split by split.json, fold 1" in data.origin


def test_data_without_a_split_says_how_to_make_one_and_one_can_be_made(tmp_path: Path) -> None:
    write_pairs(tmp_path / "all", "train", tuple("abcdefghij"))
    root = (tmp_path / "all" / "train").rename(tmp_path / "pairs")
    told = fault(root)
    assert "states no split" in told and "spectra data split DIR --out FILE" in told and "data.split.file" in told
    write_split(tmp_path / "split.json", make_split(read_catalogue(root), {"test": 0.2}))
    data = opened(root, split={"file": tmp_path / "split.json"})
    assert (len(data.train), len(data.test)) == (8, 2)


def write_places(root: Path) -> Path:
    """A manifest of two places a split, with two visible images and one infrared image each."""
    rows = []
    for number, (split, place) in enumerate((split, place) for split in ("train", "test") for place in "pq"):
        random = np.random.default_rng(number)
        names = {"rgb": [f"{split}{place}{count}.png" for count in (1, 2)], "ir": [f"{split}{place}.tif"]}
        for side, files in names.items():
            for name in files:
                image = random.integers(0, 255, (8, 8, 3 if side == "rgb" else 1)).astype(np.uint8)
                write_image(root / name, image)
        rows.append(json.dumps({"split": split, "name": place, **names}))
    manifest = root / "list.jsonl"
    manifest.write_text("\n".join(rows) + "\n")
    return manifest


def test_places_with_several_images_are_drawn_to_learn_from_and_all_combined_to_judge_by(tmp_path: Path) -> None:
    root = write_places(tmp_path)
    assert "Two images of 'rgb' have the name 'p'" in fault(root)
    data = opened(root, pairing="random", visits=3)
    assert len(data.train) == 6 and list(data.test.names) == ["p~1-1", "p~2-1", "q~1-1", "q~2-1"]
    assert "train: drawn at random at each visit; test: all combinations" in data.origin
    assert isinstance(data.train, Looking)
    epochs = [[look(data.train, visit, epoch).name for visit in range(6)] for epoch in range(9)]
    assert {name for names in epochs for name in names} == {"p~1-1", "p~2-1", "q~1-1", "q~2-1"}
    assert len({tuple(names) for names in epochs}) > 1
    assert list(opened(root, pairing="all").train.names) == list(data.test.names)


@pytest.mark.parametrize("number", [1, 2])
def test_a_combination_in_both_splits_is_found_whatever_is_drawn(tmp_path: Path, number: int) -> None:
    root = write_places(tmp_path)
    for name in (f"q{number}.png", "q.tif"):
        shutil.copy(tmp_path / f"train{name}", tmp_path / f"test{name}")
    for pairing in ("random", "all"):
        assert f"share 1 pairs, the first 'q~{number}-1'" in fault(root, pairing=pairing)


def test_the_cache_keeps_what_was_decoded_and_changes_nothing(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    plain, kept = opened(root, cache=0), opened(root, cache=0.1)
    assert all(
        one.source.pixels.equal(other.source.pixels) and one.target.pixels.equal(other.target.pixels)
        for one, other in zip(plain.train, kept.train, strict=True)
    )
    assert plain.train.identity() == kept.train.identity()


def test_infrared_that_is_stored_as_colour_is_read_as_grey_and_told(tmp_path: Path) -> None:
    root = write_data(tmp_path)
    for split, name in (("train", "a"), ("test", "e")):
        path = root / split / "ir" / f"{name}.png"
        write_image(path, np.repeat(read_image(path), 3, axis=2), overwrite=True)
    data = opened(root)

    assert data.train[0].target.pixels.shape[0] == 1
    assert list(data.notes) == ["2 ir images hold their grey in three channels: one is read, all are equal."]
