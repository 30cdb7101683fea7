"""Batches from pairs: a function of seed, stage, stream and step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spectra.data.pairs import Pair, PairSet, Picture
from spectra.errors import DataError
from spectra.modalities import Scale, Task
from spectra.stage import Batch, Images, Pairs, Stage, Stream, Update
from spectra.training.feed import PairFeed
from tests.pair_folders import listed_pairs, write_pairs

TASK = Task.parse("rgb2ir")
COUNT = 7


class Made:
    """Pairs whose pixels say which they are of and where in it they lie; target = source + 64, exact in float32."""

    def __init__(self, count: int = COUNT, size: int = 9) -> None:
        self.count, self.size = count, size

    @property
    def names(self) -> list[str]:
        return [str(place) for place in range(self.count)]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> Pair:
        pixels = torch.arange(self.size**2).view(1, self.size, self.size) / 1024 + place
        source = Picture(pixels.repeat(3, 1, 1), Scale(0, 1, "1"), "float32")
        return Pair(str(place), str(place), source, Picture(pixels + 64, Scale(0, 1, "1"), "float32"))

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(self.count))

    def identity(self) -> str:
        return "made"


class Told(Stage):
    """Only its name and streams matter here."""

    def __init__(self, name: str = "train", **streams: Stream) -> None:
        super().__init__()
        self.name, self.streams, self.players = name, streams or {"pairs": Pairs()}, {}

    def step(self, batch: Batch) -> Iterator[Update]:
        yield from ()


def feed(
    pairs: PairSet | None = None, *, batch: int = 1, crop: int | None = None, seed: int = 0, multiple: int = 1
) -> PairFeed:
    return PairFeed(pairs or Made(), TASK, batch, crop, seed, multiple=multiple)


def drawn(source: PairFeed, stage: Stage, steps: int, stream: str = "pairs") -> list[int]:
    """Which pairs the steps see."""
    entries = [getattr(source.batch(stage, step), stream) for step in range(steps)]
    images = [entry if isinstance(entry, Tensor) else entry[0] for entry in entries]
    return [int(image.min()) % 64 for batch in images for image in batch]


def test_a_batch_is_the_same_whenever_it_is_asked_for() -> None:
    stage = Told()
    later = feed(crop=4, batch=2).batch(stage, 5).pairs
    walked = [feed(crop=4, batch=2).batch(stage, step).pairs for step in range(6)][5]
    assert all(torch.equal(a, b) for a, b in zip(later, walked, strict=True))


def test_each_epoch_visits_every_pair_once_in_an_order_of_its_own() -> None:
    places = drawn(feed(), Told(), 3 * COUNT)
    epochs = [places[start : start + COUNT] for start in range(0, 3 * COUNT, COUNT)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(COUNT))] * 3
    assert len({tuple(epoch) for epoch in epochs}) == 3


def test_batches_run_on_over_the_end_of_an_epoch() -> None:
    assert Counter(drawn(feed(batch=4), Told(), COUNT)) == dict.fromkeys(range(COUNT), 4)


def test_seeds_stages_and_streams_have_orders_of_their_own() -> None:
    first = drawn(feed(), Told(), COUNT)
    assert drawn(feed(seed=1), Told(), COUNT) != first
    assert drawn(feed(), Told("second"), COUNT) != first
    unpaired = Told(pairs=Pairs(), sources=Images("rgb"), targets=Images("ir"))
    streams = [drawn(feed(), unpaired, COUNT, name) for name in ("pairs", "sources", "targets")]
    assert len({tuple(stream) for stream in streams}) == 3
    assert all(sorted(stream) == list(range(COUNT)) for stream in streams)


def test_source_and_target_of_a_pair_are_cut_at_one_place() -> None:
    corners = set()
    for step in range(80):
        source, target = feed(crop=4, batch=3).batch(Told(), step).pairs
        assert source.shape == (3, 3, 4, 4) and target.shape == (3, 1, 4, 4)
        assert torch.equal(source[:, :1] + 64, target)
        corners.update((source[:, 0, 0, 0] % 1 * 1024).round().int().tolist())
    assert len(corners) == 36  # every place that a crop of 4 has in 9


def test_without_a_crop_images_come_whole() -> None:
    source, _ = feed().batch(Told(), 0).pairs
    assert source.shape == (1, 3, 9, 9)


def test_streams_give_the_modality_they_name_even_the_other_way_round() -> None:
    stage = Told(back=Pairs("ir", "rgb"), colour=Images("rgb"))
    batch = feed().batch(stage, 0)
    source, target = batch.back
    assert source.shape[1] == 1 and target.shape[1] == 3 and batch.colour.shape[1] == 3
    assert torch.equal(source - 64, target[:, :1])


def test_a_modality_that_the_data_lacks_is_named() -> None:
    with pytest.raises(DataError, match="'nir', and the data has only rgb and ir"):
        feed().batch(Told(other=Images("nir")), 0)


def test_the_pairs_are_not_changed_by_what_a_step_does_to_its_batch() -> None:
    made = list(Made(1))

    class Same(Made):
        def __getitem__(self, place: int) -> Pair:
            return made[place]

    source, _ = feed(Same(1)).batch(Told(), 0).pairs
    source.zero_()
    assert float(made[0].source.pixels.max()) > 0


@pytest.mark.parametrize("batch", [1, 2])
def test_images_of_differing_size_are_refused_before_the_first_step(tmp_path: Path, batch: int) -> None:
    write_pairs(tmp_path, names=tuple("abcdefg"), size=(16, 12))
    write_pairs(tmp_path, names=("odd",), size=(20, 12))
    pairs = listed_pairs(tmp_path, "train", TASK)
    with pytest.raises(DataError, match=r"differ in size: 12×16 .*12×20 \(odd\).*train.crop.*train.augment: \[resize"):
        feed(pairs, batch=batch).batch(Told(), 0)
    assert feed(pairs, batch=batch, crop=12).batch(Told(), 0).pairs[0].shape == (batch, 3, 12, 12)


def test_a_crop_larger_than_any_image_is_refused_before_the_first_step(tmp_path: Path) -> None:
    write_pairs(tmp_path, names=tuple("abcdefg"), size=(16, 16))
    write_pairs(tmp_path, names=("small",), size=(9, 16))
    with pytest.raises(DataError, match=r"train.crop: 10.*'small'.*16×9"):
        feed(listed_pairs(tmp_path, "train", TASK), crop=10).batch(Told(), 0)


@pytest.mark.parametrize("batch", [1, 2])
def test_where_headers_do_not_tell_the_step_that_meets_another_size_says_it(batch: int) -> None:
    class Growing(Made):
        def __getitem__(self, place: int) -> Pair:
            return Made(self.count, 9 + place)[place]

    source, stage = feed(Growing(), batch=batch), Told()
    with pytest.raises(DataError, match=r"differ in size: 9×9 \(0\), 1"):
        for step in range(3):
            source.batch(stage, step)


def test_a_crop_that_does_not_divide_by_the_translators_multiple_is_refused_before_the_first_step() -> None:
    with pytest.raises(DataError, match=r"`train.crop: 6` does not divide by 4"):
        feed(crop=6, multiple=4).batch(Told(), 0)
    assert feed(crop=8, multiple=4).batch(Told(), 0).pairs[0].shape == (1, 3, 8, 8)


def test_a_whole_image_that_does_not_divide_by_the_translators_multiple_is_refused_before_the_first_step(
    tmp_path: Path,
) -> None:
    write_pairs(tmp_path, names=("odd", "z"), size=(16, 10))
    pairs = listed_pairs(tmp_path, "train", TASK)
    with pytest.raises(DataError, match=r"divide by 4, not from .*'odd'.* 10×16 pixels.*train.crop.* multiple of 4"):
        feed(pairs, multiple=4).batch(Told(), 0)
    assert feed(pairs, multiple=2).batch(Told(), 0).pairs[0].shape[0] == 1
    assert feed(pairs, multiple=4, crop=4).batch(Told(), 0).pairs[0].shape == (1, 3, 4, 4)


def test_where_sizes_are_not_known_before_the_image_that_does_not_divide_is_refused_itself() -> None:
    with pytest.raises(DataError, match=r"divide by 4, not from .* 9×9 pixels"):
        feed(multiple=4).batch(Told(), 0)
