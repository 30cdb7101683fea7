"""Listed pairs: by name, never by order; every fault found before anything is learned."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from spectra.data.images import write_image
from spectra.data.sets.listed_pairs import ListedPairs
from spectra.errors import DataError
from spectra.modalities import Scale, Task
from tests.pair_folders import listed_pairs, write_pairs

TASK = Task.parse("rgb2ir")


def opened(root: Path, split: str = "train", task: Task = TASK) -> ListedPairs:
    return listed_pairs(root, split, task)


def fault(root: Path, split: str = "train", task: Task = TASK) -> str:
    with pytest.raises(DataError) as caught:
        opened(root, split, task)
    return str(caught.value)


def mark(root: Path, name: str, value: int, suffixes: tuple[str, str] = (".png", ".png")) -> None:
    """A pair that is known by its value: both images hold it everywhere."""
    for modality, channels, suffix in (("rgb", 3, suffixes[0]), ("ir", 1, suffixes[1])):
        path = root / "train" / modality / f"{name}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, np.full((4, 5, channels), value, np.uint8))


def values(pairs: ListedPairs) -> dict[str, tuple[int, int]]:
    return {
        pair.name: (round(float(pair.source.pixels.max()) * 255), round(float(pair.target.pixels.max()) * 255))
        for pair in pairs
    }


def test_pairs_are_matched_by_name_whatever_order_and_suffix_they_came_in(tmp_path: Path) -> None:
    names = ["10", "9", "a", "B", "a.b", "z"]
    for value, name in enumerate(names):
        mark(tmp_path, name, value, (".png", (".tif", ".npy", ".png")[value % 3]))
    assert values(opened(tmp_path)) == {name: (value, value) for value, name in enumerate(names)}


def test_a_suffix_that_sorts_otherwise_does_not_swap_partners(tmp_path: Path) -> None:
    mark(tmp_path, "a", 1, (".tif", ".png"))
    mark(tmp_path, "a-1", 2, (".png", ".tif"))  # "a-1.png" < "a.tif", yet "a" < "a-1"
    assert values(opened(tmp_path)) == {"a": (1, 1), "a-1": (2, 2)}


def test_names_of_every_kind_and_nested_folders_are_kept(tmp_path: Path) -> None:
    names = ["with space", "ünï–码", "line\nbreak", "-rf", "--out", "deep/er/one", "deep/two", "100%"]
    for value, name in enumerate(names):
        mark(tmp_path, name, value)
    pairs = opened(tmp_path)
    assert values(pairs) == {name: (value, value) for value, name in enumerate(names)}
    assert list(pairs.names) == sorted(names)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no such names")
def test_a_name_that_is_not_text_is_spelled_out(tmp_path: Path) -> None:
    mark(tmp_path, "a", 3)
    for modality in ("rgb", "ir"):
        folder = tmp_path / "train" / modality
        (folder / "a.png").rename(folder / os.fsdecode(b"caf\xe9.png"))
    pairs = opened(tmp_path)
    assert list(pairs.names) == ["caf\\xe9"]
    assert len(pairs.identity()) == 64


def test_the_same_letters_in_two_spellings_are_one_name(tmp_path: Path) -> None:
    mark(tmp_path, "x", 5)
    (tmp_path / "train/rgb/x.png").rename(tmp_path / "train/rgb/caf\u00e9.png")
    (tmp_path / "train/ir/x.png").rename(tmp_path / "train/ir/cafe\u0301.png")
    assert values(opened(tmp_path)) == {"caf\u00e9": (5, 5)}


def test_a_subfolder_is_the_group_of_its_pairs(tmp_path: Path) -> None:
    write_pairs(tmp_path, names=("one/a", "one/b", "c"))
    assert [pair.group for pair in opened(tmp_path)] == ["c", "one", "one"]


def test_sizes_may_differ_from_pair_to_pair(tmp_path: Path) -> None:
    write_pairs(tmp_path, names=("a",), size=(16, 12))
    write_pairs(tmp_path, names=("b",), size=(7, 30))
    pairs = opened(tmp_path)
    assert list(pairs.sizes) == [(16, 12), (7, 30)]
    assert [tuple(pair.target.pixels.shape) for pair in pairs] == [(1, 16, 12), (1, 7, 30)]


def test_hidden_files_and_files_that_are_no_images_do_not_count(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    (tmp_path / "train/rgb/.hidden.png").write_bytes(b"")
    (tmp_path / "train/rgb/notes.txt").write_text("x")
    assert len(opened(tmp_path)) == 3


def test_a_root_that_is_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "pairs").write_text("")
    assert "is a file, where a folder or a manifest" in fault(tmp_path / "pairs")


def test_all_partners_that_are_missing_on_both_sides_are_told_at_once(tmp_path: Path) -> None:
    write_pairs(tmp_path, names=("a", "b", "c", "d"))
    (tmp_path / "train/rgb/b.png").unlink()
    (tmp_path / "train/ir/c.png").unlink()
    (tmp_path / "train/ir/d.png").unlink()
    told = fault(tmp_path)
    assert "2 in" in told and "'c', 'd'" in told and "1 in" in told and "'b'" in told


def test_many_lonely_images_are_counted_not_listed(tmp_path: Path) -> None:
    write_pairs(tmp_path, names=tuple(f"n{number:02d}" for number in range(20)))
    for path in (tmp_path / "train/ir").glob("n*.png"):
        if path.stem != "n00":
            path.unlink()
    assert "'n05', ... (19 in all)" in fault(tmp_path)


def test_two_images_of_one_name_are_refused(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    write_image(tmp_path / "train/rgb/a.tif", np.zeros((16, 12, 3), np.uint8))
    told = fault(tmp_path)
    assert "have the name 'a'" in told and "a.png" in told and "a.tif" in told


def test_sizes_that_differ_within_a_pair_are_told_as_width_by_height(tmp_path: Path) -> None:
    write_pairs(tmp_path, size=(16, 12))
    write_image(tmp_path / "train/ir/b.png", np.zeros((16, 13, 1), np.uint8), overwrite=True)
    told = fault(tmp_path)
    assert f"pair 'b' differ in size: '{tmp_path / 'train/rgb/b.png'}' has 12×16" in told
    assert f"'{tmp_path / 'train/ir/b.png'}' has 13×16 pixels" in told


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_a_wrong_number_of_channels_is_told_with_the_file(tmp_path: Path, channels: int) -> None:
    write_pairs(tmp_path, suffixes=(".tif", ".png"))
    write_image(tmp_path / "train/rgb/b.tif", np.zeros((16, 12, channels), np.uint8), overwrite=True)
    told = fault(tmp_path)
    assert "b.tif" in told and f"has {channels} channel" in told and "rgb means 3" in told


def test_faults_of_many_images_are_told_together(tmp_path: Path) -> None:
    write_pairs(tmp_path, names=tuple("abcdefgh"))
    (tmp_path / "train/rgb/a.png").write_bytes(b"")
    (tmp_path / "train/ir/b.png").write_bytes(b"BM not a png at all")
    (tmp_path / "train/rgb/c.png").write_bytes((tmp_path / "train/rgb/c.png").read_bytes()[:20])
    write_image(tmp_path / "d.tif", np.zeros((16, 12, 1), np.uint8))
    (tmp_path / "d.tif").rename(tmp_path / "train/ir/d.png")
    told = fault(tmp_path)
    for name, word in (("a.png", "empty"), ("b.png", "BM"), ("c.png", ""), ("d.png", "TIFF")):
        assert name in told and word in told
    for path in (tmp_path / "train/rgb").glob("[efgh].png"):
        path.write_bytes(b"")
    assert "... and 3 more." in fault(tmp_path)


def test_what_only_decoding_shows_is_told_with_the_name_of_the_file(tmp_path: Path) -> None:
    write_pairs(tmp_path, size=(64, 64))
    path = tmp_path / "train/rgb/b.png"
    path.write_bytes(path.read_bytes()[:-500])
    pairs = opened(tmp_path)
    with pytest.raises(DataError, match=r"b\.png"):
        list(pairs)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_are_refused_with_the_file(tmp_path: Path, wrong: float) -> None:
    write_pairs(tmp_path, suffixes=(".png", ".npy"), names=("a",))
    image = np.zeros((16, 12, 1), np.float32)
    image[3, 4] = wrong
    write_image(tmp_path / "train/ir/a.npy", image, overwrite=True)
    with pytest.raises(DataError, match=r"a\.npy.*1 values that are NaN or infinite"):
        opened(tmp_path)[0]


def test_values_that_mark_no_data_become_a_mask(tmp_path: Path) -> None:
    write_pairs(tmp_path, suffixes=(".png", ".npy"), names=("a",))
    image = np.full((16, 12, 1), 0.5, np.float32)
    image[3, 4] = np.nan
    write_image(tmp_path / "train/ir/a.npy", image, overwrite=True)
    task = Task(TASK.source, TASK.target.with_scale(Scale.parse("dtype nodata nan")))
    valid = opened(tmp_path, task=task)[0].valid
    assert valid is not None
    assert not valid[3, 4] and int(valid.sum()) == 16 * 12 - 1


def test_links_that_lead_back_end(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    (tmp_path / "train/rgb/loop").symlink_to(tmp_path / "train/rgb", target_is_directory=True)
    (tmp_path / "train/ir/loop").symlink_to(tmp_path / "train/ir", target_is_directory=True)
    assert list(opened(tmp_path).names) == ["a", "b", "c"]


def test_a_link_to_itself_is_told_as_an_image_that_cannot_be_read(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    for modality in ("rgb", "ir"):
        (tmp_path / "train" / modality / "self.png").symlink_to("self.png")
    assert "self.png" in fault(tmp_path)


def test_identity_follows_names_contents_and_scales(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    before = opened(tmp_path).identity()
    assert opened(tmp_path).identity() == before
    scaled = Task(TASK.source, TASK.target.with_scale(Scale.parse("K 0..100")))
    assert opened(tmp_path, task=scaled).identity() != before
    image = np.zeros((16, 12, 1), np.uint8)
    write_image(tmp_path / "train/ir/b.png", image, overwrite=True)
    changed = opened(tmp_path).identity()
    assert changed != before
    for modality in ("rgb", "ir"):
        (tmp_path / "train" / modality / "b.png").rename(tmp_path / "train" / modality / "bb.png")
    assert opened(tmp_path).identity() != changed


def test_a_pair_that_changed_size_since_it_was_checked_is_told(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    pairs = opened(tmp_path)
    write_image(tmp_path / "train/ir/a.png", np.zeros((9, 9, 1), np.uint8), overwrite=True)
    with pytest.raises(DataError, match="'a' changed while"):
        pairs[0]
