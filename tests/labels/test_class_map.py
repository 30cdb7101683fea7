"""Classes merged, renamed and dropped: by hand, and as laws."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.errors import DataError, RecipeError
from spectra.labels import coco
from spectra.labels.class_map import ClassMap, parse_map, table
from spectra.labels.labels import Box, Image, Labels
from tests.labels import made

OF_PAPER = {"car": ("car", "truck", "bus"), "bicycle": ("bicycle", "motorcycle")}
NAMES = ("car", "truck", "bus", "bicycle", "motorcycle", "person", "tree")


def drawn(names: list[str]) -> Labels:
    boxes = [Box(1, name, place, 0, 1, 1) for place, name in enumerate(names)]
    return Labels([Image(1, "a.png", 1000, 4)], boxes, NAMES)


def test_the_classes_of_the_paper() -> None:
    merged = ClassMap(OF_PAPER, drop_others=True).apply(drawn([*NAMES, "car"]))
    assert merged.classes == ("car", "bicycle")
    assert [box.name for box in merged.boxes] == ["car", "car", "car", "bicycle", "bicycle", "car"]
    assert [box.left for box in merged.boxes] == [0, 1, 2, 3, 4, 7]


def test_others_stay_where_nobody_drops_them() -> None:
    merged = ClassMap(OF_PAPER).apply(drawn(["tree", "bus"]))
    assert (merged.classes, merged.counts()["tree"]) == (("car", "bicycle", "person", "tree"), 1)
    assert ClassMap({}).apply(drawn(list(NAMES))) == drawn(list(NAMES))


def test_a_class_can_be_renamed_and_two_can_change_places() -> None:
    merged = ClassMap({"tree": ("person",), "person": ("tree",)}).apply(drawn(["tree", "person"]))
    assert [box.name for box in merged.boxes] == ["person", "tree"]


boxes = st.lists(st.sampled_from(NAMES), max_size=30)


@given(boxes, st.booleans())
def test_merging_twice_is_merging_once(names: list[str], drop: bool) -> None:
    once = ClassMap(OF_PAPER, drop).apply(drawn(names))
    assert ClassMap(OF_PAPER, drop).apply(once) == once


@given(boxes, st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_the_labels_does_not_matter(names: list[str], random: object, drop: bool) -> None:
    labels = drawn(names)
    mixed = list(labels.boxes)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    one, other = (ClassMap(OF_PAPER, drop).apply(each) for each in (labels, replace(labels, boxes=mixed)))
    assert one.classes == other.classes
    assert sorted(one.boxes, key=lambda box: box.left) == sorted(other.boxes, key=lambda box: box.left)


@given(boxes)
def test_no_box_is_lost_or_made_where_others_stay(names: list[str]) -> None:
    merged = ClassMap(OF_PAPER).apply(drawn(names))
    assert sum(merged.counts().values()) == len(names)
    assert merged.counts()["car"] == sum(name in OF_PAPER["car"] for name in names)


@pytest.mark.parametrize(
    ("merged", "told"),
    [
        ({"car": ("cat",)}, "no class 'cat'. Did you mean 'car'"),
        ({"person": ("tree",)}, "Name it, too: person=person,tree"),
        ({"vehicle": ("car", "ship")}, "no class 'ship'"),
    ],
)
def test_a_map_that_does_not_fit_the_labels_is_refused(merged: dict[str, tuple[str, ...]], told: str) -> None:
    with pytest.raises(DataError, match=told):
        ClassMap(merged).check(NAMES)


def test_a_new_name_of_a_class_that_is_dropped_or_renamed_is_free() -> None:
    ClassMap({"person": ("tree",)}, drop_others=True).check(NAMES)
    ClassMap({"person": ("tree",), "tree": ("person",)}).check(NAMES)
    ClassMap(OF_PAPER).check(NAMES)


@pytest.mark.parametrize("merged", [{"a": ("b", "b")}, {"a": ("b",), "c": ("b",)}])
def test_a_class_becomes_one_other(merged: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(DataError, match="names 'b' twice"):
        ClassMap(merged)


def test_a_map_is_read_from_words_and_from_files(tmp_path: Path) -> None:
    path = made.put(tmp_path, {"map.yaml": "car: [car, truck, bus]\nbike: bicycle\n"}) / "map.yaml"
    read = parse_map([str(path), "human = person , rider"], drop_others=True)
    assert read == ClassMap(
        {"car": ("car", "truck", "bus"), "bike": ("bicycle",), "human": ("person", "rider")}, drop_others=True
    )


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["none.yaml"], "there is no such file"),
        (["car="], "write NEW=OLD"),
        (["=car"], "write NEW=OLD"),
        (["car=bus,,van"], "write NEW=OLD"),
        (["car=bus", "car=van"], "says twice what becomes 'car'"),
    ],
)
def test_words_that_say_no_map_are_refused(words: list[str], told: str) -> None:
    with pytest.raises(DataError, match=told):
        parse_map(words)


def test_a_file_that_says_no_map_is_refused(tmp_path: Path) -> None:
    path = made.put(tmp_path, {"a.yaml": "car: {a: b}", "b.yaml": "car: [a]\ncar: [b]"})
    with pytest.raises(DataError, match="car must be a class or a list of classes"):
        parse_map([str(path / "a.yaml")])
    with pytest.raises(RecipeError, match="car"):
        parse_map([str(path / "b.yaml")])
    with pytest.raises(DataError, match="All classes would be dropped"):
        parse_map([], drop_others=True)


def test_coco_keeps_the_id_and_the_words_of_the_class_that_gives_the_name(tmp_path: Path) -> None:
    labels = coco.read(made.coco_file(tmp_path / "a.json"))
    merged = ClassMap({"bus": ("car", "bus")}).apply(labels)
    assert coco.category_ids(merged) == {"bus": 8, "person": 1}
    renamed = ClassMap({"vehicle": ("car", "bus")}).apply(labels)
    assert coco.category_ids(renamed) == {"vehicle": 3, "person": 1}
    with pytest.raises(DataError, match="have different keypoints"):
        ClassMap({"thing": ("car", "person")}).apply(labels)


def test_the_table_tells_every_class_before_and_after() -> None:
    classes = ClassMap({**OF_PAPER, "human": ("person",)}, drop_others=True)
    before = drawn(["car", "car", "bus", "motorcycle", "tree", "person"])
    assert table(before, classes.apply(before), classes).splitlines() == [
        "class       before  after",
        "car              2      3  with truck, bus",
        "bicycle          0      1  with motorcycle",
        "human            –      1  from person",
        "truck            0      –  became car",
        "bus              1      –  became car",
        "motorcycle       1      –  became bicycle",
        "person           1      –  became human",
        "tree             1      –  dropped",
        "all              6      5",
    ]
