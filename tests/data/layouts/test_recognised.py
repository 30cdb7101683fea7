"""Every layout of a data set, on a small tree that lies as the data do: found by itself, by nothing else."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from spectra.data.catalogue import Catalogue
from spectra.data.layout import Layout
from spectra.data.recognise import read_catalogue
from spectra.data.walk import walk
from spectra.registry import registry
from tests.data.layouts.trees import TREES, expanded, grow, planted, shown

OURS = {plugin.name for plugin in registry("layouts").plugins if plugin.own}
NAMED = {name for name in OURS if not registry("layouts").get(name).generic}
BY_NAME = {"sar2opt", "kaist_02", "kaist_04", "kaist_20", "epfl_80_20", "vcip28", "vcip20", "clean364"}


def layout_of(name: str) -> Layout:
    layout = registry("layouts").get(name)
    assert isinstance(layout, Layout)
    return layout


def test_every_data_set_has_a_tree_here() -> None:
    assert set(TREES) | BY_NAME == NAMED
    assert {name for name in NAMED if not layout_of(name).recognised} == BY_NAME


@pytest.mark.parametrize("name", TREES)
def test_a_tree_is_recognised_by_itself(name: str, tmp_path: Path) -> None:
    catalogue = read_catalogue(planted(tmp_path, name))
    assert catalogue.layout == name
    assert not catalogue.strangers
    assert shown(catalogue) == shown(read_catalogue(tmp_path, name))


@pytest.mark.parametrize("name", TREES)
def test_no_other_data_set_claims_it(name: str, tmp_path: Path) -> None:
    tree = walk(planted(tmp_path, name))
    assert [other for other in NAMED - BY_NAME if layout_of(other).explains(tmp_path, tree)] == [name]


@pytest.mark.parametrize("name", TREES)
def test_stray_files_change_nothing(name: str, tmp_path: Path) -> None:
    clean = shown(read_catalogue(planted(tmp_path / "clean", name)))
    root = planted(tmp_path / "strewn", name)
    for path in list(root.rglob("*")):
        if path.is_dir():
            grow(path, "Thumbs.db", ".DS_Store", "desktop.ini", "notes.md")
        else:
            shutil.copy(path, path.with_name(f"._{path.name}"))
    grow(root, ".cache/RGB/preview.png", "README.md", "preview.png", "figures/overview.jpg")
    strewn = read_catalogue(root)
    assert strewn.layout == name
    assert shown(strewn) == clean
    assert {path.name for path in strewn.strangers} == {"preview.png", "overview.jpg"}


@pytest.mark.parametrize("name", TREES)
def test_a_folder_around_everything_changes_nothing(name: str, tmp_path: Path) -> None:
    plain = read_catalogue(planted(tmp_path / "plain", name))
    planted(tmp_path / "wrapped" / "data-set-master", name)
    wrapped = read_catalogue(tmp_path / "wrapped")
    assert wrapped.layout == name
    assert [(place.name, place.group, place.split) for place in wrapped.places] == [
        (place.name, place.group, place.split) for place in plain.places
    ]


@pytest.mark.parametrize(("name", "folder"), [(name, folder) for name in TREES for folder in layout_of(name).roots])
def test_it_is_found_in_its_usual_folders_beside_other_things(name: str, folder: str, tmp_path: Path) -> None:
    plain = read_catalogue(planted(tmp_path / "plain", name))
    planted(tmp_path / "given" / folder, name)
    grow(tmp_path / "given", "figures/overview.png", "papers/notes.txt")
    given = read_catalogue(tmp_path / "given")
    assert given.layout == name
    assert [place.name for place in given.places] == [place.name for place in plain.places]
    assert [path.name for path in given.strangers] == ["overview.png"]


def folded(catalogue: Catalogue) -> dict[tuple[str, str], tuple[str, set[str]]]:
    return {
        (place.split, place.name.casefold()): (place.group.casefold(), set(place.images)) for place in catalogue.places
    }


@pytest.mark.parametrize("change", [str.upper, str.swapcase], ids=["upper", "swapped"])
@pytest.mark.parametrize("name", TREES)
def test_case_is_of_no_account(name: str, change: Callable[[str], str], tmp_path: Path) -> None:
    plain = read_catalogue(planted(tmp_path / "plain", name))
    grow(tmp_path / "changed", *(change(path) for path in expanded(TREES[name])))
    changed = read_catalogue(tmp_path / "changed")
    assert changed.layout == name
    assert folded(changed) == folded(plain)


@pytest.mark.parametrize("name", TREES)
def test_an_image_without_its_partner_stays_and_stands_alone(name: str, tmp_path: Path) -> None:
    whole = read_catalogue(planted(tmp_path, name))
    one, other = whole.sides[:2]
    place = next(place for place in whole.places if {one, other} <= set(place.images))
    for file in place.images[other]:
        file.path.unlink()
    said = (place.split, place.name.casefold())
    (left,) = [it for it in read_catalogue(tmp_path).places if (it.split, it.name.casefold()) == said]
    assert left.images == {side: files for side, files in place.images.items() if side != other}
    assert not left.alone
