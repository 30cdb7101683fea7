"""The mask of a batch reaches the paired losses of a stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spectra.data.pairs import Pair, Picture
from spectra.errors import SpectraError
from spectra.losses.l1 import L1
from spectra.modalities import Scale, Task
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Images, PairedBatch, Pairs, Player, Stage, Update
from spectra.testing.made import MadePairs
from spectra.training.feed import PairFeed
from spectra.training.trainer import Trainer
from spectra.translator import Translator

TASK = Task.parse("rgb2ir")
SIDE = 8


class Gain(Translator):
    """The mean of the source's channels, times a number that is learned."""

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__(TASK, Config())
        self.gain = nn.Parameter(torch.tensor(gain))
        self.stage: Stage = Plain(self)

    def forward(self, source: Tensor) -> Tensor:
        return self.gain * source.mean(1, keepdim=True)

    def stages(self) -> list[Stage]:
        return [self.stage]


class Plain(Stage):
    def __init__(self, translator: Gain, **options: Any) -> None:
        super().__init__()
        self.translator, self.options = translator, options
        self.players = {"gain": Player(translator)}
        self.compared: list[tuple[Tensor, Tensor]] = []

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        yield Update("gain", **self.pairwise(self.translator(source), target, **self.options))


def told(translator: Gain, batch: Batch) -> float:
    trainer = Trainer(translator, TrainSettings(steps=1), {"l1": (L1(Config()), 1.0)})
    stage = translator.stage
    trainer.prepare(stage)
    return trainer.step(stage, batch)["gain"]["l1"]


def batch(hole: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    source, target = torch.rand(2, 3, SIDE, SIDE, generator=random), torch.rand(2, 1, SIDE, SIDE, generator=random)
    valid = torch.rand(2, 1, SIDE, SIDE, generator=random) > 0.4
    return torch.where(valid, source, hole), torch.where(valid, target, hole), valid


def expected(source: Tensor, target: Tensor, valid: Tensor) -> float:
    errors = [
        abs(float(source[n, :, y, x].double().mean()) - float(target[n, 0, y, x]))
        for n, _, y, x in valid.nonzero().tolist()
    ]
    return sum(errors) / len(errors)


def test_a_step_learns_from_valid_pixels_alone() -> None:
    learned = []
    for hole in (0.0, 7.0):
        source, target, valid = batch(hole)
        translator = Gain()
        cost = told(translator, Batch(pairs=PairedBatch([source, target], valid)))
        assert cost == pytest.approx(expected(source, target, valid), rel=1e-6)
        learned.append(float(translator.gain.grad))  # type: ignore[arg-type]
    assert learned[0] == learned[1] != 0


def test_the_batch_is_let_go_of_after_the_step_and_without_one_there_is_no_mask() -> None:
    source, target, valid = batch()
    translator = Gain()
    told(translator, Batch(pairs=PairedBatch([source, target], valid)))
    assert translator.stage.present is None
    (term,) = translator.stage.pairwise(source[:, :1], target).values()
    assert float(term.compute()) == pytest.approx(float((source[:, :1] - target).abs().mean()))


def test_a_tuple_has_no_mask() -> None:
    source, target, _ = batch()
    assert told(Gain(), Batch(pairs=(source, target))) == pytest.approx(
        expected(source, target, torch.ones_like(target, dtype=torch.bool)), rel=1e-6
    )


def test_an_explicit_mask_wins_and_none_means_everywhere() -> None:
    source, target, valid = batch()
    pairs = Batch(pairs=PairedBatch([source, target], valid))
    for mask, counted in ((~valid, ~valid), (None, torch.ones_like(valid))):
        translator = Gain()
        translator.stage = Plain(translator, valid=mask)
        assert told(translator, pairs) == pytest.approx(expected(source, target, counted), rel=1e-6)


class Several(Plain):
    """Two streams of pairs and one of images; what is compared is chosen by a name."""

    def __init__(self, translator: Gain, chosen: str) -> None:
        super().__init__(translator)
        self.streams = {"pairs": Pairs(), "back": Pairs("ir", "rgb"), "images": Images("ir")}
        self.chosen = chosen

    def step(self, batch: Batch) -> Iterator[Update]:
        target = {"pairs": batch.pairs[1], "back": batch.back[0], "images": batch.images, "own": batch.pairs[1] * 1}
        fake = self.translator(batch.pairs[0])
        yield Update("gain", **self.pairwise(fake, target[self.chosen]))


@pytest.mark.parametrize("chosen", ["pairs", "back", "images"])
def test_of_several_streams_the_mask_is_that_of_the_target(chosen: str) -> None:
    source, target, valid = batch()
    other = ~valid
    entries = Batch(
        pairs=PairedBatch([source, target], valid), back=PairedBatch([target * 2, source], other), images=target * 3
    )
    translator = Gain()
    translator.stage = Several(translator, chosen)
    mask = {"pairs": valid, "back": other, "images": torch.ones_like(valid)}[chosen]
    against = {"pairs": target, "back": target * 2, "images": target * 3}[chosen]
    assert told(translator, entries) == pytest.approx(expected(source, against, mask), rel=1e-6)


def test_of_several_streams_a_target_of_nobody_needs_an_explicit_mask() -> None:
    source, target, valid = batch()
    translator = Gain()
    translator.stage = Several(translator, "own")
    masked, whole = PairedBatch([source, target], valid), PairedBatch([target, source])
    with pytest.raises(SpectraError, match=r"several streams of pairs.*valid=batch.pairs.valid"):
        told(translator, Batch(pairs=masked, back=whole, images=target))
    told(translator, Batch(pairs=PairedBatch([source, target]), back=whole, images=target))


def test_a_smaller_target_has_a_smaller_mask_and_own_terms_are_filled() -> None:
    source, target, _ = batch()
    valid = torch.ones_like(target, dtype=torch.bool)
    valid[..., :3, :3] = False
    stage = Gain().stage
    stage.losses = {"l1": (L1(Config()), 1.0)}
    stage.present = Batch(pairs=PairedBatch([source, target], valid))
    half = torch.nn.functional.interpolate(target, scale_factor=0.5, mode="bilinear", antialias=True)
    values = []
    for hole in (0.0, 100.0):
        shown = torch.where(valid, target, hole)
        small = torch.nn.functional.interpolate(shown, scale_factor=0.5, mode="bilinear", antialias=True)
        (term,) = stage.pairwise(small * 2, small).values()
        values.append(float(term.compute()))
    assert values[0] == pytest.approx(values[1], rel=1e-6) and values[0] > 0
    assert stage.filled(half, half).shape == half.shape
    found = stage.filled(source[:, :1], target)
    assert torch.equal(found[valid], source[:, :1][valid]) and not torch.equal(found, source[:, :1])


class Holed(MadePairs):
    """The first has no hole."""

    def __getitem__(self, place: int) -> Pair:
        pair = super().__getitem__(place)
        if place:
            return pair
        source, target = pair.source.pixels, pair.target.pixels
        scale = Scale(0, 1)
        return Pair(pair.name, pair.group, Picture(source, scale, "uint8"), Picture(target, scale, "uint8"))


def test_the_feed_gives_the_mask_of_both_images_and_none_where_all_is_valid() -> None:
    made = Holed(TASK, SIDE, mask_value=0.5)
    feed, stage = PairFeed(made, TASK, 2, None, seed=0), Plain(Gain())
    for step in range(4):
        pairs = feed.batch(stage, step).pairs
        assert isinstance(pairs, PairedBatch) and pairs.valid is not None
        assert pairs.valid.shape == (2, 1, SIDE, SIDE) and pairs.valid.dtype == torch.bool
        for n in range(2):
            corner = pairs.valid[n, 0, : SIDE // 2, : SIDE // 2]
            whole = torch.equal(pairs[0][n], made[0].source.pixels)
            assert (bool(corner.all()) is whole and not corner.any()) or whole
            assert pairs.valid[n, 0, SIDE // 2 :].all()
    assert PairFeed(MadePairs(TASK, SIDE), TASK, 2, None, seed=0).batch(stage, 0).pairs.valid is None
    crops = [PairFeed(made, TASK, 1, 3, seed=0).batch(stage, step).pairs.valid for step in range(24)]
    assert any(mask is None for mask in crops) and any(mask is not None for mask in crops)


def test_training_does_not_learn_from_what_is_no_data() -> None:
    gains = []
    for value in (0.0, 1.0):
        translator = Gain()
        feed = PairFeed(MadePairs(TASK, SIDE, mask_value=value), TASK, 2, None, seed=0)
        Trainer(translator, TrainSettings(steps=5, lr=0.05), {"l1": (L1(Config()), 1.0)}).train(feed)
        gains.append(translator.gain.item())
    assert gains[0] == gains[1] != 1.0
