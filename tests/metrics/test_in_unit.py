"""Errors in the unit of the target: their spread, and sets of differing scales."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spectra.metric import Metric
from spectra.metrics.error_std import ErrorStd
from spectra.metrics.mae import Mae
from spectra.metrics.rmse import Rmse
from spectra.modalities import Scale
from tests.metrics.scored import BYTE, errors_by_loop, images, item, metric, value

KINDS: tuple[type[Metric], ...] = (Rmse, Mae, ErrorStd)
SCALES = (BYTE, Scale.parse("DN 0..255 nodata 0"), Scale.parse("K 250..330"), Scale.parse("DN 0..65535"))


@pytest.mark.parametrize("channels", [1, 3])
def test_the_spread_of_the_error_is_that_of_all_channels_around_one_mean(channels: int) -> None:
    prediction, target = images(1, channels)
    valid = torch.rand(24, 31, generator=torch.Generator().manual_seed(0)) > 0.4
    for mask in (None, valid):
        errors = errors_by_loop(prediction, target, mask)
        found = value(ErrorStd, item(prediction, target, mask))
        assert found == pytest.approx(255 * np.std(errors), rel=1e-6)
        assert found != pytest.approx(255 * np.std(errors, ddof=1), rel=1e-6)


def test_a_constant_error_does_not_spread_and_the_rest_is_rmse() -> None:
    prediction, target = images(2)
    assert value(ErrorStd, item(target + 0.25, target)) == pytest.approx(0, abs=1e-5)
    errors = errors_by_loop(prediction, target)
    squares = value(ErrorStd, item(prediction, target)) ** 2 + (255 * np.mean(errors)) ** 2
    assert value(Rmse, item(prediction, target)) ** 2 == pytest.approx(squares, rel=1e-6)


def test_the_spread_is_in_the_unit_of_the_target() -> None:
    prediction, target = images(3)
    judge = metric(ErrorStd)
    judge.update(item(prediction, target, scale=Scale.parse("K 250..330")))
    assert judge.result().unit == "K"
    assert judge.result().value == pytest.approx(80 * np.std(errors_by_loop(prediction, target)), rel=1e-6)


@given(st.lists(st.sampled_from(SCALES), min_size=1, max_size=6), st.lists(st.integers(0, 2), min_size=6, max_size=6))
def test_merged_shards_know_of_differing_scales_as_the_whole_does(scales: list[Scale], shards: list[int]) -> None:
    pair = images(4, 1, 4, 5)
    for kind in KINDS:
        whole, parts = metric(kind), [metric(kind) for _ in range(3)]
        for scale, shard in zip(scales, shards, strict=False):
            whole.update(item(*pair, scale=scale))
            parts[shard].update(item(*pair, scale=scale))
        for order in permutations(parts):
            merged = metric(kind)
            for part in order:
                merged.merge(part)
            expected, found = whole.result(), merged.result()
            assert (found.value, found.unit, found.n) == (expected.value, expected.unit, expected.n)
            assert ("differing scales" in found.reason) == ("differing scales" in expected.reason)


def test_merging_changes_only_the_one_that_takes() -> None:
    for kind in KINDS:
        one, other = metric(kind), metric(kind)
        one.update(item(*images(5), scale=BYTE))
        other.update(item(*images(6), scale=Scale.parse("K 250..330")))
        before = other.result()
        one.merge(other)
        assert other.result() == before
        assert one.result().value is None
