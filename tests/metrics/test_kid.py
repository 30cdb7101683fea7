"""KID against torch-fidelity, from images to the number; its subsets, and its sample."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torchmetrics.image.kid import KernelInceptionDistance

from spectra.metrics.distribution.whole_set import NO_INTERVAL
from spectra.metrics.kid import Kid
from tests.metrics.distribution_reference import mmd2_by_loop
from tests.metrics.whole_set_items import (  # noqa: F401 - fixtures
    fed,
    images,
    quick_network,
    random_network,
    torch_fidelity_of,
)

PACKAGE: Any = KernelInceptionDistance


@pytest.mark.usefixtures("random_network")
def test_it_is_that_of_torch_fidelity_for_one_estimate_and_for_the_same_subsets(tmp_path: Path) -> None:
    items = images(8)
    (tmp_path / "all").mkdir()
    (tmp_path / "some").mkdir()
    whole = torch_fidelity_of(tmp_path / "all", items, 64, kid_subset_size=8, kid_subsets=1)
    some = torch_fidelity_of(tmp_path / "some", items, 64, kid_subset_size=5, kid_subsets=4)
    key = "kernel_inception_distance_mean"
    assert fed(Kid, items, features=64).result().value == pytest.approx(whole[key], rel=1e-4)
    found = fed(Kid, items, features=64, subsets=4, subset_size=5).result().value
    assert found == pytest.approx(some[key], rel=1e-4)
    assert found != pytest.approx(whole[key], rel=1e-4)


@pytest.mark.usefixtures("random_network")
@pytest.mark.filterwarnings("ignore:Metric `Kernel Inception Distance` will save all")
def test_images_come_out_as_from_torchmetrics() -> None:
    items = images(8)
    found = fed(Kid, items, features=64)
    network = found.passes().network

    class Network(torch.nn.Module):
        """Ours, as theirs is fed 8 bits: the resize and the network are compared elsewhere."""

        num_features = 64

        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            shown: torch.Tensor = network(torch.stack([found.passes().prepare(one / 255) for one in pictures]))
            return shown

    theirs = PACKAGE(feature=Network(), subsets=1, subset_size=8)
    for one in items:
        theirs.update((one.target[None] * 255).round().byte(), real=True)
        theirs.update((one.prediction[None] * 255).round().byte(), real=False)
    assert found.result().value == pytest.approx(float(theirs.compute()[0]), rel=1e-4)


@pytest.mark.usefixtures("quick_network")
class TestWithAQuickNetwork:
    def test_it_is_the_loop_over_pairs_of_the_features(self) -> None:
        found = fed(Kid, images(11))
        found.settle()
        rows = [np.float64(side) for side in found.reservoir.content()]
        assert found.value() == pytest.approx(mmd2_by_loop(*rows), rel=1e-9)

    def test_every_setting_changes_the_number_and_the_signature(self) -> None:
        items = images(20)
        settings: list[dict[str, Any]] = [
            {},
            {"subsets": 4, "subset_size": 6},
            {"subsets": 4, "subset_size": 7},
            {"subsets": 5, "subset_size": 6},
            {"subsets": 4, "subset_size": 6, "seed": 1},
            {"reservoir": 9},
            {"reservoir": 9, "seed": 1},
            {"bands": [2, 2, 0]},
        ]
        found = [fed(Kid, items, **said) for said in settings]
        assert len({metric.result().value for metric in found}) == len(settings)
        assert len({metric.signature for metric in found}) == len(settings)

    def test_its_signature_names_every_choice(self) -> None:
        assert Kid(Kid.Settings(subsets=100)).signature == (
            "kid|features:inception-v3-2015-12-05-2048|input:unit*255|resize:tf1-bilinear-299x299"
            "|bands:grey-repeated+all|masked:filled-with-target-mean|kernel:(xy/d+1)^3"
            "|estimate:unbiased,mean-of-100-subsets-of-1000|reservoir:10000-by-hash-of-name,seed2020|v1"
        )
        assert "|estimate:unbiased,all-pairs|" in Kid(Kid.Settings()).signature
        assert Kid.needs(Kid.Settings()) == ("inception_fid",)

    def test_it_is_a_score_of_the_whole_set(self) -> None:
        score = fed(Kid, images(5)).result()
        assert (score.low, score.high, score.n, score.reason) == (None, None, 5, NO_INTERVAL)

    def test_more_images_than_are_kept_are_said_to_be_a_sample(self) -> None:
        score = fed(Kid, images(20), reservoir=9).result()
        assert score.n == 20 and score.reason == f"of a sample of 9 of 20 images; {NO_INTERVAL}"

    def test_subsets_larger_than_the_set_are_no_number(self) -> None:
        score = fed(Kid, images(5), subsets=3).result()
        assert score.value is None
        assert score.reason == "subsets of 1000 images cannot be drawn from 5: set `subset_size`, or `subsets: 0`"

    @pytest.mark.parametrize("said", [{}, {"reservoir": 9}, {"subsets": 4, "subset_size": 6}])
    def test_neither_order_nor_shards_matter(self, said: dict[str, int]) -> None:
        items = images(25, side=12)
        shards = [fed(Kid, items[::-1][start : start + 10], **said) for start in (10, 20, 0)]
        for shard in shards[1:]:
            shards[0].merge(shard)
        assert shards[0].result().value == pytest.approx(fed(Kid, items, **said).result().value, rel=1e-9)

    def test_two_methods_are_judged_by_the_same_sample(self) -> None:
        items = images(25)
        one = fed(Kid, items, reservoir=6)
        other = fed(Kid, [replace(it, prediction=it.prediction * 0.5) for it in items[::-1]], reservoir=6)
        np.testing.assert_array_equal(one.reservoir.content()[1], other.reservoir.content()[1])
