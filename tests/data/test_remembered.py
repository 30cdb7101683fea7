"""Pairs kept in memory, up to a limit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch

from spectra.data.catalogue import Window
from spectra.data.images import write_image
from spectra.data.pairs import Pair
from spectra.data.sets.drawn_pairs import DrawnPairs
from spectra.data.sets.listed_pairs import ListedPairs
from spectra.data.sets.remembered import Remembered
from spectra.modalities import Scale, Task
from tests.pair_folders import listed_pairs, write_pairs

TASK = Task.parse("rgb2ir")


class Counting:
    """Listed pairs that count how they are looked at."""

    changing = False

    def __init__(self, pairs: ListedPairs) -> None:
        self.pairs, self.names, self.sizes = pairs, pairs.names, pairs.sizes
        self.reads: Counter[int] = Counter()
        self.windows: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self.pairs)

    def size(self, place: int, epoch: int = 0) -> tuple[int, int]:
        return self.pairs.size(place, epoch)

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
        (self.reads if window is None else self.windows)[place] += 1
        return self.pairs.look(place, epoch, window)

    def identity(self) -> str:
        return self.pairs.identity()


@pytest.fixture
def pairs(tmp_path: Path) -> Counting:
    write_pairs(tmp_path, size=(256, 256))  # a pair is 1 MiB in memory
    return Counting(listed_pairs(tmp_path, "train", TASK))


def same(one: Pair, other: Pair) -> bool:
    return all(
        torch.equal(ours.pixels, theirs.pixels)
        and (ours.valid is None) == (theirs.valid is None)
        and (ours.valid is None or theirs.valid is None or torch.equal(ours.valid, theirs.valid))
        for ours, theirs in ((one.source, other.source), (one.target, other.target))
    )


def test_a_pair_that_fits_is_read_once(pairs: Counting) -> None:
    remembered = Remembered(pairs)  # type: ignore[arg-type]
    first, second = list(remembered), list(remembered)
    assert pairs.reads == {0: 1, 1: 1, 2: 1}
    assert all(same(a, b) for a, b in zip(first, second, strict=True))


def test_what_does_not_fit_is_read_again_and_memory_stays_within_the_limit(pairs: Counting) -> None:
    remembered = Remembered(pairs, megabytes=2)  # type: ignore[arg-type]
    for _ in range(3):
        list(remembered)
    assert pairs.reads == {0: 1, 1: 1, 2: 3}
    assert remembered.left == 0


def test_it_is_the_same_pairs_otherwise(pairs: Counting) -> None:
    remembered = Remembered(pairs)  # type: ignore[arg-type]
    assert (len(remembered), list(remembered.names), remembered.identity()) == (3, ["a", "b", "c"], pairs.identity())
    assert list(remembered.sizes) == list(pairs.sizes) and remembered.size(1) == (256, 256)


def test_windows_of_what_stays_are_cut_and_of_the_rest_read_alone(pairs: Counting) -> None:
    remembered, window = Remembered(pairs, megabytes=2), Window(7, 40, 30, 20)  # type: ignore[arg-type]
    for _ in range(3):
        for place in range(3):
            assert same(remembered.look(place, 0, window), pairs.pairs.look(place, 0, window))
    # The very first window came alone: how many bands there are was not known before.
    assert pairs.reads == {1: 1, 2: 1} and pairs.windows == {0: 3}


def test_a_window_is_the_same_cut_from_memory_and_read_alone_where_pixels_have_no_data(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for modality, channels in (("rgb", 3), ("ir", 1)):
        image = random.integers(1, 255, (32, 32, channels)).astype(np.uint8)
        image[4:12, 6:14] = 0
        (tmp_path / "train" / modality).mkdir(parents=True)
        write_image(tmp_path / "train" / modality / "a.png", image)
    holed = Task(TASK.source.with_scale(Scale.parse("dtype nodata 0")), TASK.target)
    listed = listed_pairs(tmp_path, "train", holed)
    remembered = Remembered(listed)
    list(remembered)
    for window in (Window(0, 0, 10, 10), Window(20, 20, 8, 8), Window(5, 7, 3, 3)):
        assert same(remembered.look(0, 0, window), listed.look(0, 0, window))


def test_pairs_that_change_from_epoch_to_epoch_change_here_too(tmp_path: Path) -> None:
    write_pairs(tmp_path, names=("a", "b"))
    listed = listed_pairs(tmp_path, "train", TASK)

    class Alternating:
        """Another pair in every epoch, and nothing that says so."""

        names, sizes, identity = listed.names, listed.sizes, listed.identity

        def __len__(self) -> int:
            return 2

        def size(self, place: int, epoch: int = 0) -> tuple[int, int]:
            return listed.size(place)

        def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
            return listed.look((place + epoch) % 2, 0, window)

    remembered = Remembered(Alternating())  # type: ignore[arg-type]
    assert [remembered.look(0, epoch).name for epoch in range(4)] == ["a", "b", "a", "b"]
    assert not remembered.kept and DrawnPairs.changing
