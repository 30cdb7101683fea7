"""Quantiles of Student's t."""

from __future__ import annotations

import pytest
from scipy import stats

from spectra.bench.statistics.student import quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 9, 10, 30, 101])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95, 0.975, 0.9995])
def test_they_are_those_of_scipy(freedom: int, level: float) -> None:
    assert quantile(level, freedom) == pytest.approx(stats.t.ppf(level, freedom), rel=1e-9, abs=1e-9)
