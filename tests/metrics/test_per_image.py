"""What all metrics that are a mean over images share, beside the laws of each."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from spectra.metrics.intervals import bootstrap_interval
from spectra.metrics.rmse import Rmse
from tests.metrics.scored import images, item, metric


def test_there_is_one_group_for_each_value_and_the_name_where_nobody_knows_better() -> None:
    judge = metric(Rmse)
    for seed, group in enumerate(("street", "", "street")):
        judge.update(replace(item(*images(seed), name=f"image {seed}"), group=group))
    judge.update(replace(item(images(3)[0] * math.nan, images(3)[1]), group="field"))
    assert judge.groups == ["street", "image 1", "street"]  # type: ignore[attr-defined]
    assert len(judge.values) == 3  # type: ignore[attr-defined]


def test_the_interval_is_over_groups() -> None:
    judge, groups = metric(Rmse), ["a", "a", "a", "b", "b", "c", "d", "d"]
    values = [
        judge.update(replace(item(*images(seed, noise=0.02 * (seed + 1))), group=group))
        for seed, group in enumerate(groups)
    ]
    found = [value for value in values if value is not None]
    score = judge.result()
    assert (score.low, score.high) == bootstrap_interval(found, groups) != bootstrap_interval(found)


def test_merging_keeps_the_groups_with_their_values() -> None:
    whole, parts = metric(Rmse), [metric(Rmse), metric(Rmse)]
    for seed, group in enumerate("abcaabcc"):
        scored = replace(item(*images(seed, noise=0.02 * (seed + 1))), group=group)
        whole.update(scored)
        parts[seed % 2].update(scored)
    parts[0].merge(parts[1])
    assert parts[0].result() == whole.result()


@pytest.mark.parametrize("count", [1, 2])
def test_what_was_left_out_of_several_shards_is_counted_together(count: int) -> None:
    judge = metric(Rmse)
    for seed in range(count):
        shard = metric(Rmse)
        shard.update(item(images(seed)[0] * math.nan, images(seed)[1]))
        judge.merge(shard)
    assert judge.result().reason == f"{count} image{'s' * (count > 1)} left out: the score is not finite"
