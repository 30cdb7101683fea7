"""Pairs drawn from the built-in scenes."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from spectra.data.scenes import BANDS
from spectra.data.sets.scene_pairs import ScenePairs
from spectra.errors import DataError
from spectra.modalities import Modality, Scale, Task


def pairs(split: str = "train", task: str = "rgb2ir", count: int = 3, **changed: Any) -> ScenePairs:
    shape = {"view": "aerial", "size": 32, "bits": 8, "seed": 0, **changed}
    return ScenePairs(Task.parse(task), split, count, **shape)


def of(task: Task) -> ScenePairs:
    return ScenePairs(task, "train", 1, view="aerial", size=32, bits=8, seed=0)


def test_a_pair_is_drawn_alike_each_time_and_source_and_target_show_one_place() -> None:
    first, again = pairs()[1], pairs()[1]
    assert first.name == again.name == pairs().names[1]
    assert torch.equal(first.source.pixels, again.source.pixels)
    assert first.source.pixels.shape == (3, 32, 32) and first.target.pixels.shape == (1, 32, 32)
    red = ScenePairs(Task.parse("rgb2rgb"), "train", 3, view="aerial", size=32, bits=8, seed=0)[1]
    assert torch.equal(red.source.pixels, red.target.pixels)


def test_the_splits_share_no_scene_and_the_seed_makes_others() -> None:
    train, test, other = pairs(), pairs("test"), pairs(seed=1)
    assert not set(train.names) & set(test.names)
    assert not torch.equal(train[0].source.pixels, test[0].source.pixels)
    assert not torch.equal(train[0].source.pixels, other[0].source.pixels)


def test_there_are_as_many_as_asked_for() -> None:
    found = pairs(count=2)
    assert len(found) == len(list(found)) == len(found.names) == len(found.sizes) == 2
    with pytest.raises(IndexError):
        found[2]


def test_sixteen_bits_are_sixteen_bits() -> None:
    picture = pairs(bits=16)[0].target
    levels = picture.pixels * 65535
    assert picture.dtype == "uint16"
    assert torch.allclose(levels, levels.round(), atol=0.01)
    assert len(levels.round().unique()) > 256


@pytest.mark.parametrize("changed", [{"seed": 1}, {"size": 48}, {"bits": 16}, {"view": "street"}, {"count": 4}])
def test_identity_follows_everything_that_changes_the_images(changed: dict[str, Any]) -> None:
    assert pairs(**changed).identity() != pairs().identity() == pairs().identity()
    assert pairs("test").identity() != pairs().identity()


@pytest.mark.parametrize("name", BANDS)
def test_whatever_the_scenes_show_is_read_as_the_modality_of_that_name(name: str) -> None:
    assert pairs(task=f"{name}2gray")[0].source.pixels.shape == (Modality.parse(name).channels, 32, 32)


@pytest.mark.parametrize("name", ["polar", "ms3", "ms12", "msx"])
def test_a_modality_that_no_scene_shows_is_named(name: str) -> None:
    for task in (Task(Modality("rgb", 3), Modality(name, 2)), Task(Modality(name, 2), Modality("rgb", 3))):
        with pytest.raises(DataError, match=rf"do not show '{name}'.*--data DIR"):
            of(task)


def test_a_modality_of_other_channels_than_the_scenes_show_is_refused() -> None:
    with pytest.raises(DataError, match=r"show 'rgb' in 3 channels, not 4.*--data DIR"):
        of(Task(Modality("rgb", 4), Modality("ir", 1)))


@pytest.mark.parametrize("scale", ["K 250..330", "DN 0..255", "dtype nodata 0"])
def test_a_scale_is_for_data_of_ones_own(scale: str) -> None:
    scaled = Modality("ir", 1, Scale.parse(scale))
    for task in (Task(Modality("rgb", 3), scaled), Task(scaled, Modality("rgb", 3))):
        with pytest.raises(DataError, match=rf"scale `dtype`.*'ir'.*`{scale}`.*--data DIR"):
            of(task)


@pytest.mark.parametrize("split", ["train", "test"])
def test_so_many_scenes_that_the_splits_would_meet_are_refused(split: str) -> None:
    assert len(pairs(split, count=1_000_000)) == 1_000_000
    with pytest.raises(DataError, match=rf"1000001 {split} scenes.*at most 1000000"):
        pairs(split, count=1_000_001)
