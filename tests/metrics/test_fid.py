"""FID against torch-fidelity, from images to the number, with the same random weights; and what is said of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectra.metric import Memory
from spectra.metrics.distribution.reservoir import TOGETHER
from spectra.metrics.distribution.whole_set import NO_INTERVAL
from spectra.metrics.fid import Fid
from spectra.metrics.kid import Kid
from tests.metrics.distribution_reference import frechet_by_roots
from tests.metrics.whole_set_items import (  # noqa: F401 - fixtures
    fed,
    images,
    item,
    level,
    quick_network,
    random_network,
    torch_fidelity_of,
)
from tests.nn.inception_weights import reference

pytestmark = pytest.mark.usefixtures("quick_network")
FID, KID = "frechet_inception_distance", "kernel_inception_distance_mean"


@pytest.mark.usefixtures("random_network")
class TestAgainstTorchFidelity:
    @pytest.fixture
    def quick_network(self) -> None:
        """Not here: the module's marks give every other test the quick one."""

    @pytest.mark.slow
    def test_with_more_images_than_features(self, tmp_path: Path) -> None:
        items = images(70)
        theirs = torch_fidelity_of(tmp_path, items, 64, kid_subset_size=70, kid_subsets=1)
        found = fed(Fid, items, features=64)
        assert found.result().value == pytest.approx(theirs[FID], rel=1e-4)
        assert found.parts()["kid"].value == pytest.approx(theirs[KID], rel=1e-4)
        assert found.result().value > 1e-3, "a distance, and not noise"
        assert "biased" not in found.result().reason

    def test_with_fewer_images_than_features(self, tmp_path: Path) -> None:
        items = images(6, side=64)
        theirs = torch_fidelity_of(tmp_path, items, 192, kid_subset_size=6, kid_subsets=1)
        found = fed(Fid, items, features=192)
        assert found.result().value == pytest.approx(theirs[FID], rel=1e-4)
        assert found.parts()["kid"].value == pytest.approx(theirs[KID], rel=1e-4)

    def test_at_the_end_of_the_network(self) -> None:
        items = images(4, side=64)
        with torch.inference_mode():
            rows = [
                reference()((torch.stack(side) * 255).round().byte())[3].double().numpy()
                for side in ([one.prediction for one in items], [one.target for one in items])
            ]
        assert fed(Fid, items).result().value == pytest.approx(frechet_by_roots(*rows), rel=1e-4)

    def test_one_band_is_shown_three_times(self) -> None:
        grey = images(5, channels=1)
        colour = [
            replace(one, prediction=one.prediction.repeat(3, 1, 1), target=one.target.repeat(3, 1, 1)) for one in grey
        ]
        found, expected = fed(Fid, grey, features=64), fed(Fid, colour, features=64)
        assert found.result().value == pytest.approx(expected.result().value, rel=1e-6)
        assert "|bands:grey-repeated|" in found.signature and "|bands:all|" in expected.signature

    def test_images_of_unlike_sizes_and_batches_make_no_difference_to_each_other(self) -> None:
        items = images(4, side=30) + [replace(one, name=f"large {one.name}") for one in images(7, side=90)]
        alone = Fid(Fid.Settings(features=64))
        for one in items:
            alone.update(one)
            alone.settle()
        assert fed(Fid, items, features=64).result().value == pytest.approx(alone.result().value, rel=1e-6)

    def test_what_is_below_a_level_of_eight_bits_counts(self) -> None:
        items = images(5)
        deep = [replace(one, prediction=(one.prediction + 0.4 / 255).clamp(0, 1)) for one in items]
        plain = fed(Fid, items, features=64).result().value
        assert fed(Fid, deep, features=64).result().value != pytest.approx(plain, rel=1e-4)


def test_every_width_is_another_number_and_says_so() -> None:
    signatures = {Fid(Fid.Settings(features=width)).signature for width in (64, 192, 768, 2048)}
    assert len(signatures) == 4
    assert Fid(Fid.Settings()).signature == (
        "fid|features:inception-v3-2015-12-05-2048|input:unit*255|resize:tf1-bilinear-299x299|bands:grey-repeated+all"
        "|masked:filled-with-target-mean|covariance:n-1|set:all-images|v1"
    )
    assert Fid.needs(Fid.Settings()) == ("inception_fid",)


def test_it_has_no_interval_and_says_where_one_comes_from() -> None:
    score = fed(Fid, images(20), features=64).result()
    assert score.low is None and score.high is None and score.n == 20
    assert score.unit == "" and score.better == "lower"
    assert score.reason == f"20 images for 64 dimensions: biased upwards, compare only at equal n; {NO_INTERVAL}"


@pytest.mark.parametrize(("count", "marked"), [(64, True), (65, False)])
def test_fewer_images_than_dimensions_are_marked(count: int, marked: bool) -> None:
    score = fed(Fid, images(count, side=16), features=64).result()
    assert (f"{count} images for 64 dimensions" in score.reason) == marked


def test_kid_stands_beside_it_as_the_metric_of_that_name_has_it() -> None:
    items = images(20)
    beside = fed(Fid, items).parts()["kid"]
    own = fed(Kid, items, reservoir=2048).result()
    assert beside == own
    few = fed(Fid, items, reservoir=5).parts()["kid"]
    assert few.value != own.value and few.reason.startswith("of a sample of 5 of 20 images")


def test_without_two_images_there_is_no_number_and_the_reason_says_so() -> None:
    none, one = fed(Fid, []).result(), fed(Fid, images(1)).result()
    assert none.value is None and none.reason == "no image was scored"
    assert one.value is None and one.reason == "a spread needs two images, and there is one"
    assert fed(Fid, []).parts()["kid"].value is None


def test_other_numbers_of_bands_are_left_out_unless_three_are_named() -> None:
    five = images(6, channels=5)
    score = fed(Fid, five).result()
    assert score.value is None and "6 images left out: it sees 3 bands, and the image has 5" in score.reason
    named = fed(Fid, five, bands=[4, 0, 2])
    alone = [replace(one, prediction=one.prediction[[4, 0, 2]], target=one.target[[4, 0, 2]]) for one in five]
    assert named.result().value == pytest.approx(fed(Fid, alone).result().value, rel=1e-9)
    assert "|bands:4,0,2|" in named.signature
    mixed = fed(Fid, images(6) + five[:1]).result()
    assert mixed.n == 6 and "1 image left out: it sees 3 bands" in mixed.reason


def test_where_there_is_no_data_both_images_hold_the_mean_of_the_target() -> None:
    items = images(5)
    valid = torch.ones(40, 47, dtype=torch.bool)
    valid[:, 20:] = False
    masked = [replace(one, valid=valid) for one in items]
    wild = [replace(one, prediction=torch.where(valid, one.prediction, 0.7)) for one in masked]
    filled = [one.filled() for one in masked]
    assert fed(Fid, wild).result().value == fed(Fid, masked).result().value
    assert fed(Fid, masked).result().value == pytest.approx(fed(Fid, filled).result().value)
    nothing = fed(Fid, [replace(one, valid=torch.zeros_like(valid)) for one in items]).result()
    assert nothing.value is None and "5 images left out: no valid pixel" in nothing.reason


def test_an_image_whose_features_are_not_finite_is_left_out_and_said() -> None:
    items = images(6)
    broken = replace(items[2], prediction=items[2].prediction * torch.nan)
    score = fed(Fid, [*items[:2], broken, *items[3:]]).result()
    assert score.n == 5 and "1 image left out: its features are not finite" in score.reason
    assert score.value == pytest.approx(fed(Fid, [*items[:2], *items[3:]]).result().value)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(21)), cuts=st.lists(st.integers(0, 21), max_size=3))
def test_neither_order_nor_shards_matter(order: list[int], cuts: list[int]) -> None:
    items = images(21, side=12)
    whole = fed(Fid, items)
    edges = [0, *sorted(cuts), 21]
    merged = fed(Fid, [])
    for start, stop in pairwise(edges):
        merged.merge(fed(Fid, [items[place] for place in order[start:stop]]))
    assert merged.result().n == 21
    assert merged.result().value == pytest.approx(whole.result().value, rel=1e-9)
    assert merged.parts()["kid"].value == pytest.approx(whole.parts()["kid"].value, rel=1e-9)


def test_asking_in_between_changes_nothing() -> None:
    items, asked = images(30), fed(Fid, [])
    for one in items:
        asked.update(one)
        asked.result()
    assert asked.result().value == pytest.approx(fed(Fid, items).result().value, rel=1e-9)


def test_a_target_passes_once_for_all_methods_and_a_prediction_once_for_all_metrics(quick_network: list[int]) -> None:  # noqa: F811
    methods = [[Fid(Fid.Settings()), Kid(Kid.Settings())] for _ in range(3)]
    for one in images(9):
        memory: Any = Memory()
        for number, metrics in enumerate(methods):
            shown = item(level(one.prediction * (1 - 0.1 * number)), one.target, name=one.name, memory=memory)
            for metric in metrics:
                metric.update(shown)
    values = [[metric.result().value for metric in metrics] for metrics in methods]
    assert sum(quick_network) == 9 * (1 + 3)
    assert len({tuple(pair) for pair in values}) == 3
    alone = fed(Fid, [replace(one, prediction=level(one.prediction * 0.8)) for one in images(9)])
    assert values[2][0] == pytest.approx(alone.result().value, rel=1e-9)


def test_images_pass_eight_at_a_time(quick_network: list[int]) -> None:  # noqa: F811
    fed(Fid, images(20)).result()
    assert quick_network == [8, 8, 8, 8, 8]


def test_what_is_kept_does_not_grow_with_the_images() -> None:
    found = fed(Fid, [], reservoir=40)
    items = images(50, side=12)
    sizes = []
    for turn in range(8):
        for one in items:
            found.update(replace(one, name=f"{turn} {one.name}"))
        found.settle()
        rows = [*found.predictions.rows, *found.targets.rows]
        sizes.append(found.kid.reservoir._rows.nbytes + sum(np.asarray(row).nbytes for row in rows))
    assert found.result().n == 400
    assert max(sizes[2:]) <= 2 * 12 * 4 * (32 + 2 * TOGETHER)
