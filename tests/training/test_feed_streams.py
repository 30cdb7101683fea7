"""What streams draw from: windows of large images, images without partners, images varied by the recipe."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch

from spectra.data.catalogue import Window
from spectra.data.pairs import Pair, Picture, cut
from spectra.data.sets.unpaired import SideOfPairs
from spectra.errors import DataError
from spectra.modalities import Scale, Task
from spectra.recipe.augment import Operation
from spectra.recipe.train import TrainSettings
from spectra.stage import Images, Pairs
from spectra.training.feed import PairFeed
from tests.training.test_feed import COUNT, Made, Told, drawn

TASK = Task.parse("rgb2ir")


class Looked:
    """Pairs that offer windows and sizes, and remember what they were asked for."""

    def __init__(self, count: int = COUNT) -> None:
        self.count, self.names = count, [str(place) for place in range(count)]
        self.windows: list[Window | None] = []
        self.epochs: list[int] = []

    @property
    def sizes(self) -> list[tuple[int, int]]:
        return [(9, 9)] * self.count

    def __len__(self) -> int:
        return self.count

    def size(self, place: int, epoch: int = 0) -> tuple[int, int]:
        return self.sizes[place]

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
        self.windows.append(window)
        self.epochs.append(epoch)
        pair = Made(self.count, self.sizes[place][0])[place]
        return pair if window is None else cut(pair, window)


class Loose:
    """Images of a modality: their values say which they are."""

    def __init__(self, count: int, channels: int = 1, side: int = 9) -> None:
        self.count, self.channels, self.side = count, channels, side
        self.windows: list[Window | None] = []

    @property
    def names(self) -> Sequence[str]:
        return [f"loose {place}" for place in range(self.count)]

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> Picture:
        return self.look(place)

    def size(self, place: int, epoch: int = 0) -> tuple[int, int]:
        return self.side, self.side

    def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Picture:
        self.windows.append(window)
        height, width = self.size(place) if window is None else (window.height, window.width)
        return Picture(torch.full((self.channels, height, width), float(place)), Scale(0, 1), "float32")

    def identity(self) -> str:
        return "loose"


def said(*augment: Any) -> Sequence[Operation]:
    return TrainSettings.model_validate({"augment": list(augment)}).augment


def feed(
    pairs: Any = None, *, batch: int = 1, crop: int | None = None, augment: Sequence[Operation] = (), **more: Any
) -> PairFeed:
    return PairFeed(Made() if pairs is None else pairs, TASK, batch, crop, 0, augment_of=lambda _: augment, **more)


def test_a_crop_reads_no_more_than_its_window_and_gives_what_a_whole_image_would() -> None:
    looked = Looked()
    for step in range(20):
        ours = feed(looked, crop=4, batch=2).batch(Told(), step).pairs
        theirs = feed(crop=4, batch=2).batch(Told(), step).pairs
        assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))
    assert all(window is not None and window[2:] == (4, 4) for window in looked.windows)


def test_whole_images_are_asked_for_without_a_window_and_in_their_epoch() -> None:
    looked = Looked()
    for step in range(2 * COUNT):
        feed(looked).batch(Told(), step)
    assert set(looked.windows) == {None}
    assert looked.epochs == [0] * COUNT + [1] * COUNT


def test_images_without_partners_come_in_epochs_of_their_own_length() -> None:
    images = {"ir": Loose(4), "nir": Loose(3)}
    stage = Told(pairs=Pairs(), ir=Images("ir"), nir=Images("nir"), rgb=Images("rgb"))
    source = feed(images=images)
    for name, count in (("ir", 4), ("nir", 3), ("rgb", COUNT), ("pairs", COUNT)):
        places = drawn(source, stage, 3 * count, name)
        epochs = [places[at : at + count] for at in range(0, 3 * count, count)]
        assert [sorted(epoch) for epoch in epochs] == [list(range(count))] * 3
    assert source.batch(stage, 0).ir.shape == (1, 1, 9, 9)
    loose = {"ir": Loose(5)}
    feed(images=loose, crop=3).batch(Told(ir=Images("ir")), 0)
    assert all(window is not None and window[2:] == (3, 3) for window in loose["ir"].windows)


def test_streams_are_varied_each_by_itself() -> None:
    images = {"ir": Loose(1), "rgb": Loose(1, 3)}
    source, stage = feed(images=images, crop=3), Told(ir=Images("ir"), rgb=Images("rgb"))
    for step in range(12):
        source.batch(stage, step)
    alike = sum(one == other for one, other in zip(images["ir"].windows, images["rgb"].windows, strict=True))
    assert alike < 4  # of 12, where each has 49 places to be


def test_whole_images_of_two_modalities_may_differ_in_size() -> None:
    batch = feed(images={"ir": Loose(2, side=9), "rgb": Loose(2, 3, side=12)}, batch=2).batch(
        Told(ir=Images("ir"), rgb=Images("rgb")), 0
    )
    assert (batch.ir.shape, batch.rgb.shape) == ((2, 1, 9, 9), (2, 3, 12, 12))


def test_one_side_of_pairs_that_change_is_that_of_the_epoch() -> None:
    looked = Looked()
    SideOfPairs(looked, 1).look(0, 3, Window(0, 0, 2, 2))
    assert (looked.epochs, looked.windows) == ([3], [Window(0, 0, 2, 2)])


def test_data_without_pairs_feeds_single_images_and_says_that_it_has_no_pairs() -> None:
    source = feed(Made(0), images={"ir": Loose(4), "rgb": Loose(5, 3)})
    batch = source.batch(Told(here=Images("rgb"), there=Images("ir")), 0)
    assert batch.here.shape == (1, 3, 9, 9) and batch.there.shape == (1, 1, 9, 9)
    with pytest.raises(DataError, match="asks for pairs, and the training data has none"):
        source.batch(Told(), 0)
    with pytest.raises(DataError, match="images of 'ir', and the training data has none"):
        feed(Made(0), images={"ir": Loose(0)}).batch(Told(there=Images("ir")), 0)


def test_a_modality_that_nothing_has_is_named_beside_those_there_are() -> None:
    with pytest.raises(DataError, match="'sar', and the data has only rgb and ir and nir"):
        feed(images={"nir": Loose(2)}).batch(Told(other=Images("sar")), 0)


def test_images_are_varied_as_the_recipe_says_both_of_a_pair_alike_and_each_visit_anew() -> None:
    seen = set()
    for step in range(4 * COUNT):
        source, target = feed(augment=said("flip", {"rotate": {"quarter": True}})).batch(Told(), step).pairs
        assert torch.equal(source[:, :1] + 64, target)
        seen.add(tuple((source[0, 0] % 1 * 1024).round().int().flatten()[:2].tolist()))
    assert len(seen) == 8  # every way to lay a square


def test_single_images_are_varied_as_the_side_of_the_task_that_they_are() -> None:
    darker = said({"brightness": {"factor": [0.5, 0.5], "on": "source"}})
    stage = Told(pairs=Pairs(), rgb=Images("rgb"), ir=Images("ir"))
    images = {"ir": Loose(1), "rgb": Loose(1, 3)}
    for loose in images.values():
        loose.look = lambda *_, channels=loose.channels: Picture(torch.ones(channels, 9, 9), Scale(0, 1), "float32")  # type: ignore[method-assign]
    batch = feed(augment=darker, images=images).batch(stage, 0)
    assert float(batch.rgb.max()) == 0.5 and float(batch.ir.max()) == 1.0


def test_each_stage_has_its_own_way() -> None:
    settings = TrainSettings.model_validate({"augment": [], "stages": {"fine": {"augment": [{"resize": {"size": 5}}]}}})
    source = PairFeed(Made(), TASK, 1, None, 0, augment_of=settings.augment_of)
    assert source.batch(Told("fine"), 0).pairs[0].shape == (1, 3, 5, 5)
    assert source.batch(Told("coarse"), 0).pairs[0].shape == (1, 3, 9, 9)


class Mixed(Looked):
    """Every other image is larger."""

    @property
    def sizes(self) -> list[tuple[int, int]]:
        return [(9 + 3 * (place % 2),) * 2 for place in range(self.count)]


@pytest.mark.parametrize("batch", [1, 2])
def test_a_crop_or_a_resize_brings_images_of_differing_size_together(batch: int) -> None:
    assert feed(Mixed(), batch=batch, crop=8).batch(Told(), 0).pairs[0].shape[2:] == (8, 8)
    resized = feed(Mixed(), batch=batch, augment=said({"resize": {"size": [6, 7]}}))
    assert resized.batch(Told(), 0).pairs[0].shape[2:] == (6, 7)
    for augment in ([], said("flip"), said("contrast")):
        with pytest.raises(DataError, match=r"differ in size: 9×9 \(0\), 12×12 \(1\).*train.crop"):
            feed(Mixed(), batch=batch, augment=augment).batch(Told(), 0)


def test_a_batch_of_results_of_differing_size_is_refused_before_the_first_step_and_single_ones_are_not() -> None:
    stepwise = said({"resize": {"multiple": 3}})
    with pytest.raises(DataError, match=r"leaves these in different sizes.*batch_size: 1` in place of 2"):
        feed(Mixed(), batch=2, augment=stepwise).batch(Told(), 0)
    shapes = {tuple(feed(Mixed(), augment=stepwise).batch(Told(), step).pairs[0].shape[2:]) for step in range(COUNT)}
    assert shapes == {(9, 9), (12, 12)}


def test_what_the_recipe_makes_of_images_must_divide_by_the_multiple_too() -> None:
    with pytest.raises(DataError, match=r"divide by 4.*'0', which has 9×9 pixels. `train.augment` makes 6×6 pixels"):
        feed(Looked(), augment=said({"resize": {"size": 6}}), multiple=4).batch(Told(), 0)
    assert feed(Looked(), augment=said({"resize": {"size": 8}}), multiple=4).batch(Told(), 0)
