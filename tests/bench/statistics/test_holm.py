"""Holm's correction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.bench.statistics.holm import holm

SHARES = st.lists(st.floats(0, 1), max_size=12)


def test_the_example_of_the_textbooks() -> None:
    """0.01 by 4, 0.03 by 3, 0.04 by 2, which would come out below, and 0.005 first."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_none_comes_out_below_one_that_was_smaller() -> None:
    assert holm([0.01, 0.011, 0.012]) == pytest.approx([0.03, 0.03, 0.03])


def test_none_is_above_one_and_one_alone_stays_as_it_is() -> None:
    assert holm([0.4, 0.9]) == pytest.approx([0.8, 0.9])
    assert holm([0.6, 0.9]) == [1.0, 1.0]
    assert holm([0.04]) == [0.04]
    assert holm([]) == []


def test_what_was_not_tested_is_no_part_of_the_family() -> None:
    assert holm([None, 0.02, None, 0.03]) == [None, 0.04, None, 0.04]


@given(SHARES)
def test_it_rejects_what_the_step_down_procedure_rejects(p_values: list[float]) -> None:
    rejected = set()
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        if (len(p_values) - rank) * p_values[place] > 0.05:
            break
        rejected.add(place)
    assert {place for place, p in enumerate(holm(p_values)) if p is not None and p <= 0.05} == rejected


@given(SHARES)
def test_the_order_of_the_tests_does_not_matter(p_values: list[float]) -> None:
    assert holm(p_values[::-1]) == holm(p_values)[::-1]
