"""Pairs kept in memory, up to a limit."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import torch

from spectra.data.folders import FolderPairs
from spectra.data.pairs import Pair
from spectra.data.remembered import Remembered
from spectra.modalities import Task
from tests.pair_folders import write_pairs


class Counting(FolderPairs):
    def __init__(self, root: Path) -> None:
        super().__init__(root, "train", Task.parse("rgb2ir"))
        self.reads: Counter[int] = Counter()

    def __getitem__(self, place: int) -> Pair:
        self.reads[place] += 1
        return super().__getitem__(place)


def test_a_pair_that_fits_is_read_once(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    pairs = Counting(tmp_path)
    remembered = Remembered(pairs)
    first, second = list(remembered), list(remembered)
    assert pairs.reads == {0: 1, 1: 1, 2: 1}
    assert all(torch.equal(a.target.pixels, b.target.pixels) for a, b in zip(first, second, strict=True))


def test_what_does_not_fit_is_read_again_and_memory_stays_within_the_limit(tmp_path: Path) -> None:
    write_pairs(tmp_path, size=(256, 256))  # a pair is 1 MiB in memory
    pairs = Counting(tmp_path)
    remembered = Remembered(pairs, megabytes=2)
    for _ in range(3):
        list(remembered)
    assert pairs.reads == {0: 1, 1: 1, 2: 3}
    assert remembered.left == 0


def test_it_is_the_same_pairs_otherwise(tmp_path: Path) -> None:
    write_pairs(tmp_path)
    pairs = FolderPairs(tmp_path, "train", Task.parse("rgb2ir"))
    remembered = Remembered(pairs)
    assert (len(remembered), list(remembered.names), remembered.identity()) == (3, ["a", "b", "c"], pairs.identity())
    assert remembered.sizes == pairs.sizes
