"""Sums that come out the same however they are added."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.bench.statistics.whole import whole


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=300), st.randoms(use_true_random=False))
def test_every_sum_on_the_way_is_exact(values: list[float], shuffle: random.Random) -> None:
    numbers = whole(np.array([values])).numbers[0].tolist()
    assert sum(abs(int(number)) for number in numbers) <= 2**53
    mixed = list(numbers)
    shuffle.shuffle(mixed)
    assert sum(mixed) == sum(numbers) == math.fsum(numbers)


@pytest.mark.parametrize("scale", [1e-250, 1e-9, 1.0, 1e9])
def test_next_to_nothing_is_rounded_away(scale: float) -> None:
    values = np.random.default_rng(0).normal(size=(4, 10_000)) * scale
    numbers, steps = whole(values)
    assert (numbers == np.rint(numbers)).all()
    assert np.abs(numbers * steps[:, None] - values).max() <= 1e-11 * np.abs(values).max()


def test_nothing_stays_nothing() -> None:
    numbers, steps = whole(np.array([[0.0, 0.0], [1e-320, 0.0]]))
    assert not numbers.any() and (steps > 0).all()
