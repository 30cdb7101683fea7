"""Which layout a folder is in: by name, or the one that explains what is there."""

from __future__ import annotations

import contextlib
import gc
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from spectra.data.catalogue import Catalogue
from spectra.data.images import write_image
from spectra.data.recognise import read_catalogue
from spectra.errors import DataError, SpectraError
from tests.plugin_packages import PluginPackages

SHARED = Path(__file__).parents[3] / "shared" / "data"
ENTRY = """
from spectra import About, Layout, Side

about = About(what="Fireflies by night.", size="two pairs", licence="none", where="here")
firefly = Layout(
    name="firefly", title="Fireflies", about=about, key="{n}", tree="ROOT/{glow,dark}/NAME.png",
    sides=(Side("rgb", "glow/{n}.*"), Side("lwir", "dark/{n}.*")),
)
"""
OTHER = ENTRY.replace("firefly", "other")
PLUGIN = {"layouts": {"firefly": "acme:firefly"}}


def touch(root: Path, *paths: str) -> Path:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def fault(root: Path, layout: str | None = None) -> str:
    with pytest.raises(SpectraError) as caught:
        read_catalogue(root, layout)
    return str(caught.value)


def counts(found: Catalogue) -> dict[str, int]:
    return dict(Counter(place.split for place in found.places))


REAL = {
    "nir_rgb_vcip2020": (["rgb", "nir"], {"train": 372, "val": 18}),
    "rgb_lwir_roadscene": (["rgb", "lwir"], {"train": 133, "test": 44}),
    "rgb_nir_epfl_scenes": (["rgb", "nir"], {"train": 128, "test": 42}),
    "rgb_nir_sar_sentinel_16bit": (["rgb", "nir", "sar_vh", "sar_vv"], {"train": 14, "test": 4}),
    "rgb_nir_sentinel2_glc23": (["rgb", "nir"], {"train": 53, "test": 18}),
    "sar_eo_sentinel1_sentinel2": (["eo", "sar"], {"train": 118, "test": 40}),
}


@pytest.mark.parametrize("name", REAL)
def test_real_pairs_are_read_whole(name: str) -> None:
    if not (SHARED / name).is_dir():
        pytest.skip("the real pairs are not here")
    found = read_catalogue(SHARED / name)
    sides, splits = REAL[name]
    assert (found.layout, found.sides, counts(found)) == ("folders", sides, splits)
    assert all(set(place.images) == set(sides) for place in found.places)
    assert not found.strangers and not found.notes


def test_what_is_hidden_or_no_image_does_not_count(tmp_path: Path) -> None:
    touch(tmp_path, "train/rgb/a.png", "train/nir/a.png", "train/rgb/._a.png", ".git/rgb/b.png", "train/rgb/a.xml")
    found = read_catalogue(tmp_path)
    assert [place.name for place in found.places] == ["a"] and not found.strangers


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="no links")
def test_links_are_followed_but_never_into_themselves(tmp_path: Path) -> None:
    touch(tmp_path, "train/rgb/a.png", "train/nir/a.png")
    (tmp_path / "test").symlink_to("train", target_is_directory=True)
    (tmp_path / "train/rgb/loop").symlink_to(tmp_path / "train", target_is_directory=True)
    (tmp_path / "train/rgb/self.png").symlink_to("self.png")
    found = read_catalogue(tmp_path)
    assert counts(found) == {"train": 2, "test": 2}
    assert [place.name for place in found.places] == ["a", "self", "a", "self"]


def test_a_bomb_of_links_is_told(tmp_path: Path) -> None:
    for level in range(6):
        (tmp_path / f"d{level}").mkdir()
        for link in "abc":
            (tmp_path / f"d{level}" / link).symlink_to(tmp_path / f"d{level + 1}", target_is_directory=True)
    touch(tmp_path, "d6/x.png")
    assert "in more than 16 places" in fault(tmp_path)


def test_nothing_there_is_told_with_the_usual_tree(tmp_path: Path) -> None:
    assert "There is no folder" in fault(tmp_path / "nowhere") and "SPLIT/MODALITY/NAME" in fault(tmp_path / "nowhere")
    assert "holds no image (" in fault(tmp_path)
    touch(tmp_path, "a.png", "b.png")
    told = fault(tmp_path)
    assert "No layout fits" in told and "./: 2 images, such as 'a.png'" in told
    assert "ROOT/SPLIT/MODALITY/NAME.ext" in told and "data.layout" in told


def test_an_unknown_name_is_told_with_what_is_near(tmp_path: Path) -> None:
    touch(tmp_path, "rgb/a.png", "nir/a.png")
    assert "Did you mean 'folders'?" in fault(tmp_path, "foldres")


def test_a_named_layout_that_does_not_fit_says_what_it_expects(tmp_path: Path) -> None:
    touch(tmp_path, "rgb/a.png", "nir/a.png")
    told = fault(tmp_path, "cyclegan")
    assert "is not in the layout 'cyclegan'" in told and "rgb/: 1 image, such as 'a.png'" in told
    assert "ROOT/{trainA,trainB,testA,testB}/NAME.ext" in told


def test_a_third_partys_layout_is_found_and_comes_before_the_generic(
    tmp_path: Path, plugin_packages: PluginPackages
) -> None:
    root = touch(tmp_path / "data", "glow/a.png", "dark/a.png", "dark/b.png", "notes/c.png")
    assert read_catalogue(root).layout == "folders"
    plugin_packages.add("acme", PLUGIN, ENTRY)
    found = read_catalogue(root)
    assert (found.layout, found.sides) == ("firefly", ["rgb", "lwir"])
    assert [str(path.relative_to(root)) for path in found.strangers] == ["notes/c.png"]
    assert found.notes == ["1 image is no part of the layout: 'notes/c.png'."]
    assert read_catalogue(root, "acme:firefly") == read_catalogue(root, "firefly") == found
    assert read_catalogue(root, "folders").layout == "folders"


def test_a_layout_that_explains_next_to_nothing_is_not_taken(tmp_path: Path, plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme", PLUGIN, ENTRY)
    many = [f"{side}/{number}.png" for side in ("rgb", "nir") for number in range(30)]
    root = touch(tmp_path / "data", "glow/a.png", "dark/a.png", *many)
    assert read_catalogue(root).layout == "folders"


def test_two_layouts_that_fit_equally_are_refused_with_their_names(
    tmp_path: Path, plugin_packages: PluginPackages
) -> None:
    plugin_packages.add("acme", PLUGIN, ENTRY)
    plugin_packages.add("other", {"layouts": {"other": "other:other"}}, OTHER)
    root = touch(tmp_path / "data", "glow/a.png", "dark/a.png")
    told = fault(root)
    assert "acme:firefly, other:other" in told and "data.layout" in told
    assert read_catalogue(root, "other").layout == "other"


def test_a_layout_that_must_be_named_is_never_taken_by_itself(tmp_path: Path, plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme", PLUGIN, ENTRY.replace("key=", "recognised=False, key="))
    root = touch(tmp_path / "data", "glow/a.png", "dark/a.png")
    assert read_catalogue(root).layout == "folders"
    assert read_catalogue(root, "firefly").layout == "firefly"


BROKEN = {
    "cannot be imported": "raise RuntimeError('no')",
    "no instance": "firefly = 3",
    "bad pattern": ENTRY.replace("glow/{n}", "glow/{n:(}"),
    "raises when asked": ENTRY.replace("firefly = Layout(", "class Bad(Layout):\n    def explains(self, root, files):"
                                       "\n        raise KeyError(1)\n\nfirefly = Bad("),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_layout_fails_alone_with_a_note(tmp_path: Path, plugin_packages: PluginPackages, kind: str) -> None:
    plugin_packages.add("acme", PLUGIN, BROKEN[kind])
    root = touch(tmp_path / "data", "train/rgb/a.png", "train/nir/a.png")
    found = read_catalogue(root)
    assert found.layout == "folders"
    assert len(found.notes) == 1 and "The layout 'acme:firefly' was left out: " in found.notes[0]


def test_a_layout_that_fails_when_it_is_named_is_told(tmp_path: Path, plugin_packages: PluginPackages) -> None:
    failing = "class Bad(Layout):\n    def catalogue(self, root, files):\n        return 1 / 0\n\nfirefly = Bad("
    plugin_packages.add("acme", PLUGIN, ENTRY.replace("firefly = Layout(", failing))
    root = touch(tmp_path / "data", "glow/a.png", "dark/a.png")
    assert "'acme:firefly' failed" in fault(root, "firefly") and "ZeroDivisionError" in fault(root)


def test_a_manifest_comes_before_folders_and_side_by_side_is_measured(tmp_path: Path) -> None:
    for name, width in (("a", 8), ("b", 8)):
        touch(tmp_path, f"train/{name}.png").joinpath(f"train/{name}.png").unlink()
        write_image(tmp_path / f"train/{name}.png", np.zeros((4, width, 3), np.uint8))
    assert read_catalogue(tmp_path).layout == "side_by_side"
    (tmp_path / "manifest.csv").write_text("rgb,nir\ntrain/a.png,train/b.png\n")
    assert read_catalogue(tmp_path).layout == "manifest"
    (tmp_path / "manifest.csv").write_text("who,when\nme,today\n")
    write_image(tmp_path / "train/c.png", np.zeros((4, 6, 3), np.uint8))
    assert "No layout fits" in fault(tmp_path)
    assert len(read_catalogue(tmp_path, "side_by_side").places) == 3


def test_a_root_that_is_a_file_of_another_kind_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "x.zip").touch()
    with pytest.raises(DataError, match=r"is a file, where a folder or a manifest .* unpacked first"):
        read_catalogue(tmp_path / "x.zip")


def test_an_empty_name_of_a_layout_is_not_taken_for_none(tmp_path: Path) -> None:
    touch(tmp_path, "train/rgb/a.png", "train/nir/a.png")
    assert "No layout is named ''" in fault(tmp_path, "")


@pytest.mark.parametrize("paths", [("train/rgb/a.png", "train/nir/a.png"), ("a.png",)])
def test_the_garbage_collector_runs_again_after_success_and_fault(tmp_path: Path, paths: tuple[str, ...]) -> None:
    assert gc.isenabled()
    with contextlib.suppress(DataError):
        read_catalogue(touch(tmp_path, *paths))
    assert gc.isenabled()
