"""The sample of images that is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.metrics.distribution.reservoir import SLACK, Reservoir

NAMES = [f"image{number:04d}" for number in range(200)]


def filled(names: list[str], limit: int = 30, seed: int = 0) -> Reservoir:
    found = Reservoir(limit, seed)
    for name in names:
        number = float(name[-4:])
        found.add(name, np.array([number]), np.array([number + 0.5]))
    return found


def numbers(reservoir: Reservoir) -> list[float]:
    predictions, targets = (np.stack(rows) for rows in reservoir.content())
    np.testing.assert_array_equal(predictions + 0.5, targets)
    return [float(value) for value in predictions[:, 0]]


def test_up_to_its_limit_it_keeps_all_in_the_order_of_names() -> None:
    assert numbers(filled(NAMES[29::-1])) == list(range(30))
    assert len(filled(NAMES[:7])) == 7


@settings(max_examples=25, deadline=None)
@given(order=st.permutations(NAMES), cut=st.integers(0, 200))
def test_neither_order_nor_shards_change_what_is_kept(order: list[str], cut: int) -> None:
    whole = filled(NAMES)
    assert numbers(filled(order)) == numbers(whole)
    merged = filled(order[:cut])
    merged.merge(filled(order[cut:]))
    assert numbers(merged) == numbers(whole)
    assert merged.seen == 200 and len(merged) == 30


def test_it_never_holds_many_more_than_its_limit() -> None:
    found = Reservoir(30)
    for name in NAMES * 5:
        found.add(name, np.zeros(1), np.zeros(1))
        assert len(found._kept) <= 30 + SLACK
        assert len(found._rows.blocks) <= 2


def test_the_sample_is_fair_and_the_seed_draws_another() -> None:
    hits = np.zeros(200)
    for seed in range(400):
        hits[[int(number) for number in numbers(filled(NAMES, 50, seed))]] += 1
    assert hits.mean() == pytest.approx(100)
    assert np.abs(hits - 100).max() < 5 * np.sqrt(100 * 0.75)
    assert numbers(filled(NAMES, seed=1)) != numbers(filled(NAMES, seed=2))
