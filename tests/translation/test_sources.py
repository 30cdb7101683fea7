"""The sources of a translation: which images they name, and where each result stands."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest

import spectra
from spectra.errors import DataError
from tests.translation.images import image, make, seed_of, tree

ODD_NAMES = ["with space.png", "grün 红外 🌲.png", "two\nlines.png", "-dash.png", "[ab].png", "a.b.c.png", "quote'.png"]


def test_a_folder_keeps_its_tree_and_leaves_hidden_files_out(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "deep/er/b.png", "deep/.hidden.png", ".cache/c.png")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["a.png", "deep/er/b.png"]
    assert sorted(done.written) == [tmp_path / "out" / "a.png", tmp_path / "out" / "deep" / "er" / "b.png"]


def test_every_result_stands_under_the_name_of_its_own_source(tmp_path: Path) -> None:
    names = [f"{number:02}.png" for number in range(24)]
    make(tmp_path / "in", *names)
    spectra.translate("copy", tmp_path / "in", tmp_path / "out", threads=4)
    assert [seed_of(tmp_path / "out" / name, 24) for name in names] == list(range(24))


def test_names_of_every_kind_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(make(tmp_path / "in", *ODD_NAMES))
    by_name = spectra.translate("copy", ODD_NAMES, tmp_path / "one")
    spectra.translate("copy", ".", tmp_path / "two")
    assert by_name.failed == []
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    assert sorted(tree(tmp_path / "one")) == sorted(ODD_NAMES)


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("in/*.png", ["a.png"]),
        ("in/*/x?.png", ["one/x1.png", "two/x1.png", "two/x2.png"]),
        ("in/**/x1.png", ["one/x1.png", "two/more/x1.png", "two/x1.png"]),
        ("in/two/**", ["more/x1.png", "x1.png", "x2.png"]),
        ("in/[ot]*", ["one/x1.png", "two/more/x1.png", "two/x1.png", "two/x2.png"]),
        ("*/one/*", ["in/one/x1.png"]),
    ],
)
def test_a_pattern_keeps_the_tree_below_its_fixed_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pattern: str, expected: list[str]
) -> None:
    make(tmp_path / "in", "a.png", "one/x1.png", "two/x1.png", "two/x2.png", "two/more/x1.png", "two/.x3.png")
    (tmp_path / "in" / "one" / "notes.txt").write_text("no image")
    monkeypatch.chdir(tmp_path)
    spectra.translate("copy", pattern, "out")
    assert sorted(tree(tmp_path / "out")) == expected


def test_an_image_that_is_named_twice_is_translated_once(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "b.png")
    done = spectra.translate("copy", [tmp_path / "in", tmp_path / "in" / "a.png"], tmp_path / "out")
    assert len(done.written) == 2


def test_symlinks_that_lead_back_are_entered_once(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png", "sub/b.png")
    (tmp_path / "in" / "sub" / "back").symlink_to(tmp_path / "in")
    (tmp_path / "in" / "self.png").symlink_to(tmp_path / "in" / "self.png")
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out")
    assert sorted(tree(tmp_path / "out")) == ["a.png", "sub/b.png"]
    assert [path.name for path, _ in done.failed] == ["self.png"]
    spectra.translate("copy", f"{tmp_path}/in/**/b.png", tmp_path / "two")
    assert list(tree(tmp_path / "two")) == ["sub/b.png"]


def test_results_within_the_folder_of_the_sources_are_not_translated_again(tmp_path: Path) -> None:
    make(tmp_path, "a.png", "sub/b.png")
    assert len(spectra.translate("copy", tmp_path, tmp_path / "out").written) == 2
    for source in (tmp_path, f"{tmp_path}/**/*.png"):
        assert len(spectra.translate("copy", source, tmp_path / "out").skipped) == 2
    assert sorted(tree(tmp_path / "out")) == ["a.png", "sub/b.png"]


def test_the_folder_of_the_sources_is_no_output_folder(tmp_path: Path) -> None:
    before = tree(make(tmp_path / "in", "a.png"))
    with pytest.raises(DataError, match="is the folder of the sources"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "in")
    assert tree(tmp_path / "in") == before


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        (["x/a.png", "y/a.png"], "'x/a.png' and 'y/a.png' would both become 'out/a.png'"),
        (["x", "y"], "would both become"),
        (["x/a.png", "z"], "as a file and as a folder"),
    ],
)
def test_two_sources_of_one_result_are_refused_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sources: list[str], message: str
) -> None:
    make(tmp_path, "x/a.png", "y/a.png", "z/a.png/b.png")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message):
        spectra.translate("copy", sources, "out")
    assert not (tmp_path / "out").exists()


def test_a_jpeg_and_a_png_of_one_name_are_such_a_pair(tmp_path: Path) -> None:
    make(tmp_path / "in", "a.png")
    cv2.imwrite(str(tmp_path / "in" / "a.jpg"), image(3))
    with pytest.raises(DataError, match="would both become"):
        spectra.translate("copy", tmp_path / "in", tmp_path / "out")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("nothing.png", "There is no file or folder 'nothing.png'"),
        ("nothing/*.png", "cannot be listed"),
        ("*.tif", "matches no image"),
        ("empty", "holds no image"),
        ("x" * 300, "There is no file or folder"),
        ([], "nothing to translate"),
    ],
)
def test_sources_that_hold_nothing_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, message: str
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=message):
        spectra.translate("copy", source, "out")
    assert not (tmp_path / "out").exists()
