"""Patterns and declarative layouts: what a file name says, and what becomes of a list of paths."""

from __future__ import annotations

import re
from fnmatch import translate
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.data.catalogue import Catalogue
from spectra.data.images import SUFFIXES
from spectra.data.layout import About, Layout, Side
from spectra.data.patterns.pattern import BadPattern, Pattern
from spectra.data.patterns.tree import TEXTS, Tree
from spectra.errors import DataError

ABOUT = About(what="made up", size="small", licence="none", where="here")


def layout(*sides: Side, key: str = "{n}", **options: Any) -> Layout:
    return Layout("made", "Made up", ABOUT, sides, key, **options)


RGB, NIR = Side("rgb", "rgb/{n}.*"), Side("nir", "nir/{n}.*")


def read(made: Layout, *paths: str, root: Path = Path("/r")) -> Catalogue:
    found = made.catalogue(root, [PurePosixPath(path) for path in paths])
    assert found is not None
    return found


def names(catalogue: Catalogue) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(place.split, place.name, tuple(place.images)) for place in catalogue.places]


@pytest.mark.parametrize(
    ("pattern", "path", "found"),
    [
        ("{a}.png", "x.png", {"a": "x"}),
        ("{a}.png", "x.PNG", {"a": "x"}),
        ("{a}.png", "d/x.png", None),
        ("{a}.*", "x.y.tif", {"a": "x.y"}),
        ("{a}.*", "x", None),
        ("Set{s}/{n}_rgb.*", "set01/a (1)_RGB.jpg", {"s": "01", "n": "a (1)"}),
        ("{a}_{b}.png", "x_y_z.png", {"a": "x", "b": "y_z"}),
        ("{a}_rgb.*", "x_rgb_rgb.png", {"a": "x_rgb"}),
        (r"{c}_{n:\d+}_rgb.*", "old_town_07_rgb.png", {"c": "old_town", "n": "07"}),
        (r"{c}_{n:\d{2,3}}.png", "a_1234.png", None),
        (r"{s:train|test}A/{n}.*", "TrainA/1.png", {"s": "Train", "n": "1"}),
        ("s1_{n}/R_s1_{n}_p{p}.png", "s1_5/R_s1_5_p30.png", {"n": "5", "p": "30"}),
        ("s1_{n}/R_s1_{n}_p{p}.png", "s1_5/R_s1_6_p30.png", None),
        ("{a}-{a}.png", "x-x.png", {"a": "x"}),
        ("{a}-{b}-{a}.png", "x-y-z-x-y.png", {"a": "x-y", "b": "z"}),
        ("*/*_{n}.png", "d/_7.png", {"n": "7"}),
        ("a+b[1]/{n}.png", "A+B[1]/é.png", {"n": "é"}),
        ("caf\u00e9/{n}.png", "caf\u00e9/\n.png", {"n": "\n"}),
        ("{k:}{n}.png", "x.png", {"k": "", "n": "x"}),
    ],
)
def test_a_pattern_reads_the_names_in_a_path(pattern: str, path: str, found: dict[str, str] | None) -> None:
    assert Pattern(pattern).match(path) == found


@given(
    st.lists(st.sampled_from(["*", "a", "b", "_", "."]), min_size=1, max_size=7).map("".join),
    st.text("ab_.", min_size=1, max_size=12),
)
def test_stars_match_what_a_shell_would(pattern: str, name: str) -> None:
    if "**" in pattern or pattern.endswith(".*") or pattern in (".", ".."):
        return
    try:
        found = Pattern(pattern).match(name) is not None
    except BadPattern:
        assert pattern.count("*") > 2
        return
    assert found == (re.match(translate(pattern), name) is not None)


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("{n", "brace"),
        ("n}", "brace"),
        ("{}", "letters"),
        ("{a b}", "letters"),
        ("/x.png", "relative"),
        ("../{n}.png", "relative"),
        ("a//{n}.png", "relative"),
        ("{a}{b}.png", "side by side"),
        ("**/{n}.png", "side by side"),
        ("{n}*.png", "side by side"),
        ("{a:x}/{a:y}.png", "twice"),
        ("{a:(}", "cannot be read"),
        ("{a:(?:a+)+}", "may repeat"),
        ("{a:(a|b)*}", "may repeat"),
        ("{a:(?=x)y}", "may stand"),
        (r"{a:(x)\1}", "may stand"),
        ("{a:a?a?a?a?a?a?a?}", "too many ways"),
        ("{a:a*b*c*}", "too many ways"),
        ("{a:a+a+}-{b}x", "where too many"),
    ],
)
def test_a_bad_pattern_is_told_with_the_layout_and_itself(pattern: str, why: str) -> None:
    with pytest.raises(DataError, match=why) as caught:
        layout(Side("rgb", pattern), key="")
    assert "'made'" in str(caught.value) and repr(pattern) in str(caught.value)


@pytest.mark.parametrize("field", ["key", "group", "split"])
def test_a_template_needs_its_names_in_every_pattern(field: str) -> None:
    with pytest.raises(DataError, match=rf"its {field} '\{{m\}}' needs m, which the pattern 'rgb/"):
        layout(RGB, **{"key": "{n}", field: "{m}"})
    with pytest.raises(DataError, match="no text with names"):
        layout(RGB, **{"key": "{n}", field: "{n.__class__}"})


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        (r"{a}_{b}_{c}_{d}_{e}.*", "_" * 254 + "x"),
        (r"{a}a{b}a{c}a{d}.png", "a" * 255),
        (r"{a:\w+}_{b:\w+}.png", "_" * 255),
        (r"{a:\d+}{b:\d+}x", "1" * 255),
        (r"{a}{b:a?a?a?a?}x.png", "a" * 255),
    ],
)
def test_hostile_names_do_not_hold_up(pattern: str, name: str) -> None:
    for _ in range(10):  # what goes astray would take years: the time limit of the tests
        Pattern(pattern).match(name)


def test_suffixes_of_texts_and_images_are_apart() -> None:
    assert not TEXTS & SUFFIXES


def test_places_come_sorted_with_key_group_and_split() -> None:
    made = layout(
        Side("rgb", "{split}/{seq}/rgb/{n}.*"),
        Side("nir", "{split}/{seq}/nir/{n}.*"),
        key="{seq}/{n}",
        group="{seq}",
        split="{split}",
        splits={"val|validation": "val"},
    )
    found = read(made, "train/b/rgb/1.png", "Validation/a/nir/1.tif", "validation/a/rgb/1.png", "train/b/x/1.png")
    assert names(found) == [("train", "b/1", ("rgb",)), ("val", "a/1", ("rgb", "nir"))]
    assert [place.group for place in found.places] == ["b", "a"]
    assert found.sides == ["rgb", "nir"]
    assert found.strangers == [Path("/r/train/b/x/1.png")]
    assert found.places[1].images["nir"][0].path == Path("/r/Validation/a/nir/1.tif")


def test_names_that_differ_in_case_are_one_in_a_named_layout_and_two_in_a_generic_one() -> None:
    paths = ("rgb/Img_1.png", "NIR/img_1.PNG")
    assert names(read(layout(RGB, NIR), *paths)) == [("", "img_1", ("rgb", "nir"))]
    assert len(read(layout(RGB, NIR, generic=True), *paths).places) == 2


def test_the_same_letters_in_two_spellings_are_one_name() -> None:
    found = read(layout(RGB, NIR, generic=True), "rgb/caf\u00e9.png", "nir/cafe\u0301.png")
    assert [place.name for place in found.places] == ["caf\u00e9"]
    assert found.places[0].images["nir"][0].path == Path("/r/nir/cafe\u0301.png")


def test_two_files_of_one_name_are_refused_unless_several_are_meant() -> None:
    paths = ("rgb/a.tif", "rgb/a.png", "nir/a.png")
    with pytest.raises(DataError, match=r"Two images in '/r/rgb' have the name 'a': 'a.png' and 'a.tif'"):
        read(layout(RGB, NIR), *paths)
    found = read(layout(RGB, NIR, several=True), *paths)
    assert [str(file) for file in found.places[0].images["rgb"]] == ["/r/rgb/a.png", "/r/rgb/a.tif"]


def test_a_file_belongs_to_the_first_pattern_that_matches_and_halves_are_two_images() -> None:
    made = layout(Side("nir", "{n}_nir.*"), Side("rgb", "{n}.*"))
    assert names(read(made, "a_nir.png", "a.png")) == [("", "a", ("nir", "rgb"))]
    halves = layout(Side("A", "{n}.*", part="left"), Side("B", "{n}.*", part="right"))
    place = read(halves, "a.png").places[0]
    assert [(side, files[0].part) for side, files in place.images.items()] == [("A", "left"), ("B", "right")]


def test_the_tree_may_lie_in_a_root_or_in_one_folder_deeper() -> None:
    made = layout(RGB, NIR, roots=("align", "deep/er"))
    for start in ("", "Align/", "deep/er/", "anything/", "anything/align/"):
        found = read(made, f"{start}rgb/a.png", f"{start}nir/a.png")
        assert names(found) == [("", "a", ("rgb", "nir"))], start
    assert made.catalogue(Path("/r"), [PurePosixPath("one/rgb/a.png"), PurePosixPath("two/nir/a.png")]) is None


def test_images_that_stand_alone_never_mix_with_pairs() -> None:
    made = layout(RGB, NIR, Side("rgb", "online/{n}.*", alone=True))
    found = read(made, "rgb/a.png", "nir/a.png", "online/a.png", root=Path("/r"))
    assert [(place.name, place.alone) for place in found.places] == [("a", False), ("online/a", True)]


def test_a_telltale_or_a_second_modality_is_needed_to_be_recognised() -> None:
    files = [PurePosixPath(path) for path in ("rgb/a.png", "nir/a.png", "align_train.txt")]
    root = Path("/r")
    assert layout(RGB, NIR).explains(root, files) == 2
    assert layout(RGB, NIR).explains(root, files[:1]) == 0
    assert layout(RGB, NIR, telltale=("align_*.txt",)).explains(root, files) == 2
    assert layout(RGB, NIR, telltale=("other.txt",)).explains(root, files) == 0
    assert layout(RGB, NIR, telltale=("*/b.*", "NIR/a.*")).explains(root, files) == 2


def listed(root: Path, made: Layout, **texts: bytes) -> Catalogue:
    for name, text in texts.items():
        (root / f"{name}.txt").write_bytes(text)
    files = [f"{side}/{n}.png" for side in ("rgb", "nir") for n in "abcd"]
    return read(made, *files, *(f"{name}.txt" for name in texts), root=root)


def test_lists_name_places_in_every_usual_way(tmp_path: Path) -> None:
    made = layout(RGB, NIR, lists={"train": "train.txt", "test": ("none.txt", "test.txt")})
    found = listed(tmp_path, made, train=b"\xef\xbb\xbfa\r\n\r\nrgb/B.png\r\nA\r\n", test=b"  c.png \nnir\\d\ngone\n")
    assert [(place.split, place.name) for place in found.places] == [
        ("test", "c"),
        ("test", "d"),
        ("train", "a"),
        ("train", "b"),
    ]
    assert len(found.notes) == 1 and "names 1 place that is not here: 'gone'" in found.notes[0]


def test_what_is_in_no_list_or_in_two_is_told(tmp_path: Path) -> None:
    made = layout(RGB, NIR, lists={"train": "train.txt", "test": "test.txt"})
    assert any("2 places that are in no list" in note for note in listed(tmp_path, made, train=b"a\nb").notes)
    with pytest.raises(DataError, match="'b' is in 'train' and 'test'"):
        listed(tmp_path, made, train=b"a\nb", test=b"b\nc")
    with pytest.raises(DataError, match="no UTF-8"):
        listed(tmp_path, made, train=b"\xff\xfe\x00")
    assert "No list of a split was found" in str(read(made, "rgb/a.png", "nir/a.png").notes)


def test_a_tree_is_a_sequence_of_its_paths() -> None:
    paths = [PurePosixPath(path) for path in ("x.png", "a/b.png", "a/l.txt", "a/c/d.tif")]
    tree = Tree.of(paths)
    assert list(tree) == sorted(paths) and len(tree) == 4 and tree.images == 3
    assert Tree.of(tree) is tree
