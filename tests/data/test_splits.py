"""Splits that Spectra makes: no group is torn, every place comes once, and a file means what it says."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.data.catalogue import Catalogue, Place
from spectra.data.sets.splits import Split, apply, keyed, make_split, read_split, split_text, write_split
from spectra.errors import DataError
from tests.data.places import catalogue

SHARES = {"test": 0.2, "val": 0.1}


def places(sizes: list[int], split: str = "") -> list[Place]:
    """One group of each size."""
    return [
        Place(f"{group:03d}/{number:03d}", f"{group:03d}", split, {}) for group, size in enumerate(sizes)
        for number in range(size)
    ]  # fmt: skip


def parts_of(split: Split) -> list[tuple[str, ...]]:
    return list(split.folds or split.parts.values())


group_sizes = st.lists(st.integers(1, 12), min_size=5, max_size=30)


@settings(max_examples=60, deadline=None)
@given(sizes=group_sizes, seed=st.integers(0, 2**63 - 1), folds=st.sampled_from([0, 2, 3, 5]), shuffle=st.randoms())
def test_no_group_is_torn_every_place_comes_once_and_only_the_seed_decides(
    sizes: list[int], seed: int, folds: int, shuffle: Random
) -> None:
    all_places = places(sizes)
    asked: dict[str, Any] = {"folds": folds} if folds else {"shares": SHARES}
    split = make_split(catalogue(all_places), **asked, seed=seed)
    names = [name for part in parts_of(split) for name in part]
    assert sorted(names) == sorted(place.name for place in all_places)
    assert all(parts_of(split))
    of = {place.name: place.group for place in all_places}
    counted = Counter(group for part in parts_of(split) for group in {of[name] for name in part})
    assert set(counted.values()) == {1}
    mixed = list(all_places)
    shuffle.shuffle(mixed)
    again = make_split(Catalogue(Path("made"), "made", mixed), **asked, seed=seed)
    assert again == split


@settings(max_examples=60, deadline=None)
@given(sizes=group_sizes, seed=st.integers(0, 1000), folds=st.sampled_from([0, 2, 4]))
def test_shares_are_met_as_well_as_whole_groups_allow(sizes: list[int], seed: int, folds: int) -> None:
    total, most = sum(sizes), max(sizes)
    asked: dict[str, Any] = {"folds": folds} if folds else {"shares": SHARES}
    split = make_split(catalogue(places(sizes)), **asked, seed=seed)
    shares = [1 / folds] * folds if folds else [0.7, 0.2, 0.1]
    for part, share in zip(parts_of(split), shares, strict=True):
        assert abs(len(part) - share * total) <= most + 1


def test_places_that_are_groups_of_their_own_meet_the_shares_exactly() -> None:
    single = catalogue([Place(f"{n:04d}", f"{n:04d}", "", {}) for n in range(1000)])
    split = make_split(single, SHARES)
    assert {name: len(part) for name, part in split.parts.items()} == {"train": 700, "test": 200, "val": 100}
    assert list(split.parts["train"]) == sorted(split.parts["train"])
    assert [len(fold) for fold in make_split(single, folds=7).folds] == [143] * 6 + [142]


def test_another_seed_is_another_split() -> None:
    several = catalogue(places([4] * 20))
    assert make_split(several, SHARES, seed=1).parts != make_split(several, SHARES, seed=2).parts


def test_one_large_group_leaves_none_empty() -> None:
    split = make_split(catalogue(places([50, 1, 1])), SHARES)
    assert sorted(map(len, parts_of(split))) == [1, 1, 50] and len(split.parts["train"]) == 50


def test_by_name_groups_do_not_count() -> None:
    split = make_split(catalogue(places([10])), {"test": 0.3}, by="name")
    assert {name: len(part) for name, part in split.parts.items()} == {"train": 7, "test": 3}


def test_a_group_of_one_name_in_two_splits_of_the_data_is_one_group_but_places_are_not() -> None:
    own = [Place("0", "0", split, {}) for split in ("a", "b")]
    shared = [Place(f"s/{split}", "s", split, {}) for split in ("a", "b")]
    split = make_split(catalogue([*own, *shared]), folds=3)
    assert sorted(split.folds) == [("a/0",), ("a/s/a", "b/s/b"), ("b/0",)]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"shares": {"test": 0.9, "val": 0.1}}, "leave something to learn from"),
        ({"shares": {"test": 0.0}}, "between 0 and 1"),
        ({"shares": {"train": 0.8}}, "between 0 and 1"),
        ({}, "between 0 and 1"),
        ({"folds": 1}, "two folds at least"),
        ({"folds": 3, "shares": SHARES}, "not both"),
        ({"folds": 3}, r"2 groups cannot fill 3 folds.*--by name"),
    ],
)
def test_what_cannot_be_split_is_told(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        make_split(catalogue(places([3, 4])), **asked)


@settings(max_examples=30, deadline=None)
@given(names=st.sets(st.text(min_size=1).filter(lambda text: text.isprintable()), min_size=4, max_size=9))
def test_what_is_written_is_read_back_names_of_every_kind(
    names: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("split") / "split.json"
    split = make_split(catalogue([Place(name, name, "", {}) for name in names]), {"test": 0.5}, seed=3)
    write_split(path, split)
    assert read_split(path) == split


def test_folds_are_written_and_read_back(tmp_path: Path) -> None:
    split = make_split(catalogue(places([2] * 6)), folds=3, by="name", seed=7)
    write_split(tmp_path / "folds.json", split)
    assert read_split(tmp_path / "folds.json") == split
    said = json.loads(split_text(split))
    assert set(said) == {"spectra_split", "layout", "by", "seed", "folds"} and said["by"] == "name"


def test_nothing_is_written_over_and_nothing_left_half_written(tmp_path: Path) -> None:
    split = make_split(catalogue(places([2] * 6)), folds=3)
    (tmp_path / "kept.json").write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        write_split(tmp_path / "kept.json", split)
    with pytest.raises(DataError, match="create it first"):
        write_split(tmp_path / "no" / "folder.json", split)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.json"] and (
        tmp_path / "kept.json"
    ).read_text() == "mine"


GOOD: dict[str, Any] = {
    "spectra_split": 1, "layout": "folders", "by": "name", "seed": 0, "splits": {"train": ["a"], "test": ["b"]},
}  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no split"),
        ("[]", "no split"),
        ("{" * 100_000, "no split"),
        ("[" * 100_000, "no split"),
        ('{"spectra_split": NaN}', "NaN is not a number"),
        (b"\xff\xfe", "no split"),
        (GOOD | {"spectra_split": 2}, "spectra_split"),
        (GOOD | {"more": 1}, "more"),
        (GOOD | {"seed": "0"}, "seed"),
        (GOOD | {"by": "size"}, "by"),
        (GOOD | {"splits": None}, "either `splits` or `folds`"),
        (GOOD | {"folds": [["c"], ["d"]]}, "either `splits` or `folds`"),
        (GOOD | {"splits": {"train": ["a"], "test": ["a"]}}, "1 places are in it twice: 'a'"),
        (GOOD | {"splits": {"train": ["a", "a"], "test": ["b"]}}, "twice"),
        (GOOD | {"splits": {"train": ["a"], "test": []}}, "without places"),
        (GOOD | {"splits": {"": ["a"], "test": ["b"]}}, "without a name"),
        (GOOD | {"splits": {"train": [1], "test": ["b"]}}, "splits.train.0"),
        (GOOD | {"splits": None, "folds": [["a"]]}, "two folds"),
        ('{"spectra_split": 1, "seed": 0, "seed": 1}', "a key stands in it twice"),
    ],
)
def test_a_file_that_is_no_split_is_refused_with_the_reason(tmp_path: Path, text: Any, words: str) -> None:
    path = tmp_path / "split.json"
    path.write_bytes(
        text if isinstance(text, bytes) else (text if isinstance(text, str) else json.dumps(text)).encode()
    )
    with pytest.raises(DataError) as caught:
        read_split(path)
    assert "split.json" in str(caught.value) and words in str(caught.value)


def test_a_file_that_is_missing_or_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match=r"none\.json' cannot be read"):
        read_split(tmp_path / "none.json")
    (tmp_path / "large.json").write_text(" " * 1000)
    monkeypatch.setattr("spectra.data.sets.splits.LARGEST", 999)
    with pytest.raises(DataError, match="more than 999 bytes"):
        read_split(tmp_path / "large.json")


def split(**parts: tuple[str, ...]) -> Split:
    return Split("made", "group", 0, parts)


def test_a_split_takes_the_place_of_the_datas_own_and_tells_what_it_leaves_out() -> None:
    own = catalogue([Place(name, "g", "train", {}) for name in "abcd"])
    found = apply(own, split(train=("train/a", "train/c"), test=("train/b",)))
    assert [(place.split, place.name, place.group) for place in found.places] == [
        ("test", "b", "g"), ("train", "a", "g"), ("train", "c", "g"),
    ]  # fmt: skip
    assert list(found.notes) == ["1 places are not in the split and are left out: 'train/d'."]


def test_places_of_one_name_in_two_splits_of_the_data_are_told_apart() -> None:
    own = catalogue([Place("0", "0", "a", {}), Place("0", "0", "b", {}), Place("1", "1", "b", {})])
    assert set(keyed(own)) == {"a/0", "b/0", "b/1"}
    found = apply(own, split(train=("a/0", "b/0"), test=("b/1",)))
    assert [(place.split, place.name) for place in found.places] == [
        ("test", "1"), ("train", "a/0"), ("train", "b/0"),
    ]  # fmt: skip


def test_keys_that_clash_are_refused() -> None:
    with pytest.raises(DataError, match="'a/0'"):
        keyed(catalogue([Place("0", "0", "a", {}), Place("a/0", "a/0", "", {})]))


def test_names_that_the_data_does_not_have_are_an_error_that_says_how_the_data_was_read() -> None:
    own = catalogue([Place("a", "a", "", {})], layout="kaist")
    with pytest.raises(DataError, match=r"made of the layout 'made'.*names 2 places.*'kaist'.*'x', 'y'"):
        apply(own, split(train=("a", "x"), test=("y",)))


@settings(max_examples=20, deadline=None)
@given(sizes=group_sizes, folds=st.integers(2, 5))
def test_each_fold_is_the_test_split_once_and_the_others_are_learned_from(sizes: list[int], folds: int) -> None:
    own = catalogue(places(sizes))
    made = make_split(own, folds=folds)
    tested = []
    for fold in range(folds):
        found = apply(own, made, fold)
        assert len(found.places) == len(own.places) and not found.notes
        train, test = ({p.group for p in found.places if p.split == name} for name in ("train", "test"))
        assert train and test and not train & test
        tested += [place.name for place in found.places if place.split == "test"]
    assert sorted(tested) == sorted(place.name for place in own.places)


def test_a_fold_is_asked_for_where_there_are_folds_and_nowhere_else() -> None:
    own = catalogue(places([1] * 6))
    made = make_split(own, folds=3)
    for fold in (None, 3):
        with pytest.raises(DataError, match=r"3 folds: say with `data.split.fold`.* 0 to 2"):
            apply(own, made, fold)
    with pytest.raises(DataError, match=r"leave `data\.split\.fold` out"):
        apply(own, make_split(own, SHARES), 0)


def test_images_alone_stay_out_of_a_split() -> None:
    alone = replace(places([1])[0], name="alone", alone=True)
    own = catalogue([*places([2, 2, 2]), alone])
    made = make_split(own, {"test": 0.3})
    assert "alone" not in [name for part in made.parts.values() for name in part]
    assert [place.split for place in apply(own, made).places if place.alone] == [""]
