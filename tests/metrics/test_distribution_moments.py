"""Means and covariances of features, in bounded memory."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.metrics.distribution.moments import Moments
from tests.metrics.distribution_reference import features, moments

WIDTH = 12


@pytest.mark.parametrize("n", [2, 5, 12, 13, 24, 25, 26, 300])
def test_they_are_those_of_numpy_for_any_number_of_rows(n: int) -> None:
    rows = features(0, n, WIDTH)
    found = moments(rows)
    assert len(found) == n and found.width == WIDTH
    np.testing.assert_allclose(found.mean(), rows.mean(0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance(), np.cov(rows, rowvar=False), rtol=1e-11, atol=1e-13)


def test_rows_are_kept_while_they_are_no_more_than_their_width_and_never_longer() -> None:
    found, rows = Moments(), features(1, 500, WIDTH)
    for count, row in enumerate(rows, start=1):
        found.add(row)
        assert len(found.rows) <= 32
        assert found.whole == (count <= WIDTH)


def test_a_mean_far_from_zero_takes_no_digits_from_the_spread() -> None:
    rows = features(2, 400, WIDTH)
    far = moments(rows + 1e6)
    np.testing.assert_allclose(far.covariance(), np.cov(rows, rowvar=False), rtol=1e-7, atol=1e-8)


@settings(max_examples=40, deadline=None)
@given(cuts=st.lists(st.integers(0, 120), max_size=4), seed=st.integers(0, 5))
def test_shards_that_are_merged_hold_what_one_would_have_held(cuts: list[int], seed: int) -> None:
    rows = features(seed, 120, WIDTH)
    edges = [0, *sorted(cuts), 120]
    merged = Moments()
    for start, stop in pairwise(edges):
        shard = moments(rows[start:stop])
        before = len(shard)
        merged.merge(shard)
        assert len(shard) == before
    whole = moments(rows)
    assert len(merged) == 120
    np.testing.assert_allclose(merged.mean(), whole.mean(), rtol=1e-10)
    np.testing.assert_allclose(merged.covariance(), whole.covariance(), rtol=1e-10, atol=1e-12)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(90)))
def test_the_order_of_rows_does_not_matter(order: list[int]) -> None:
    rows = features(3, 90, WIDTH)
    np.testing.assert_allclose(moments(rows[order]).covariance(), moments(rows).covariance(), rtol=1e-9, atol=1e-12)


def test_asking_changes_nothing_of_what_comes_after() -> None:
    rows = features(4, 200, WIDTH)
    asked, found = Moments(), moments(rows)
    for row in rows:
        asked.add(row)
        if len(asked) > 1:
            asked.mean(), asked.covariance()
    np.testing.assert_allclose(asked.covariance(), found.covariance(), rtol=1e-11, atol=1e-13)
