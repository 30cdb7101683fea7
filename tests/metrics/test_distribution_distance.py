"""Fréchet's distance against closed forms, scipy's root of a matrix, and its own laws."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_fidelity import metric_fid

from spectra.metrics.distribution.distance import frechet
from tests.metrics.distribution_reference import Matrix, features, frechet_by_roots, moments

LINALG: Any = scipy.linalg
PACKAGE: Any = metric_fid
SIZES = [(2, 2), (2, 40), (7, 5), (30, 30), (31, 31), (31, 32), (45, 33), (61, 12), (300, 9), (200, 300)]
"""Of both sets: fewer rows than the 30 dimensions, as many, and more, with and without the rows being kept."""


def distance(one: Matrix, other: Matrix) -> float:
    return frechet(moments(one), moments(other))


@pytest.mark.parametrize(("n", "m"), SIZES)
def test_it_is_that_of_symmetric_roots_for_any_numbers_of_images(n: int, m: int) -> None:
    one, other = features(1, n, 30), features(2, m, 30)
    assert distance(one, other) == pytest.approx(frechet_by_roots(one, other), rel=1e-7)


def test_it_is_that_of_the_root_of_scipy_where_covariances_have_full_rank() -> None:
    one, other = features(1, 200, 40), 1.1 * features(2, 150, 40)
    covariances = np.cov(one, rowvar=False), np.cov(other, rowvar=False)
    root = LINALG.sqrtm(covariances[0] @ covariances[1])
    apart = np.square(one.mean(0) - other.mean(0)).sum()
    expected = apart + np.trace(covariances[0]) + np.trace(covariances[1]) - 2 * np.trace(root).real
    assert distance(one, other) == pytest.approx(float(expected), rel=1e-9)


def test_it_is_that_of_torch_fidelity_on_the_same_features() -> None:
    one, other = features(1, 200, 40), 1.1 * features(2, 150, 40)
    statistics = [{"mu": rows.mean(0), "sigma": np.cov(rows, rowvar=False)} for rows in (one, other)]
    expected = PACKAGE.fid_statistics_to_metric(*statistics, False)["frechet_inception_distance"]
    assert distance(one, other) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("n", "m", "ranks"), [(90, 80, (5, 5)), (90, 80, (30, 7)), (90, 20, (7, 30)), (10, 90, (4, 6))]
)
def test_sets_that_do_not_fill_their_space_need_nothing_added(n: int, m: int, ranks: tuple[int, int]) -> None:
    one, other = features(1, n, 30, ranks[0]), features(2, m, 30, ranks[1])
    assert distance(one, other) == pytest.approx(frechet_by_roots(one, other), rel=1e-6)


def test_features_that_are_always_zero_do_no_harm() -> None:
    one, other = features(1, 90, 30), features(2, 100, 30)
    alive = distance(one, other)
    one, other = (np.concatenate([rows, np.zeros((len(rows), 4))], 1) for rows in (one, other))
    assert distance(one, other) == pytest.approx(alive, rel=1e-9)


@pytest.mark.parametrize("n", [2, 9, 30, 61, 200])
def test_of_equal_sets_it_is_nothing(n: int) -> None:
    rows = features(5, n, 30)
    spread = np.trace(np.cov(rows, rowvar=False))
    assert 0 <= distance(rows, rows[::-1]) < 1e-9 * spread


def test_of_diagonal_gaussians_it_is_what_their_deviations_say() -> None:
    """Of corners of a box the covariance is diagonal to the last digit."""
    corners = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 5), -1).reshape(-1, 5)
    one, other = corners * [1, 2, 3, 4, 5], corners * [2, 2, 1, 0.5, 9]
    unbiased = len(corners) / (len(corners) - 1)
    expected = unbiased * ((np.array([1, 2, 3, 4, 5]) - [2, 2, 1, 0.5, 9]) ** 2).sum()
    assert distance(one, other) == pytest.approx(expected, rel=1e-12)
    assert distance(one, corners * [0, 2, 0, 4, 5]) == pytest.approx(unbiased * (1 + 9), rel=1e-12)


@pytest.mark.parametrize("n", [3, 30, 100])
def test_of_a_shifted_set_it_is_the_square_of_the_shift(n: int) -> None:
    rows, shift = features(6, n, 30), np.linspace(1, 3, 30)
    assert distance(rows, rows + shift) == pytest.approx(float(shift @ shift), rel=1e-8)


@pytest.mark.parametrize("decays", [(0.5, 4.0), (4.0, 0.5), (4.0, 4.0)])
def test_covariances_that_are_badly_conditioned_keep_their_digits(decays: tuple[float, float]) -> None:
    one, other = features(1, 300, 60, decay=decays[0]), features(2, 300, 60, decay=decays[1])
    factors = [np.linalg.qr((rows - rows.mean(0)) / np.sqrt(299), mode="r").T for rows in (one, other)]
    root = np.linalg.svd(factors[0].T @ factors[1], compute_uv=False).sum()
    apart = np.square(one.mean(0) - other.mean(0)).sum()
    expected = apart + sum(np.square(factor).sum() for factor in factors) - 2 * root
    assert distance(one, other) == pytest.approx(float(expected), rel=1e-8)


counts = st.sampled_from([2, 3, 6, 8, 9, 20])
seeds = st.integers(0, 1000)


@settings(max_examples=40, deadline=None)
@given(n=counts, m=counts, one=seeds, other=seeds, turn=seeds)
def test_its_laws(n: int, m: int, one: int, other: int, turn: int) -> None:
    a, b = features(one, n, 8), features(other, m, 8)
    found = distance(a, b)
    spread = np.trace(np.cov(a, rowvar=False)) + np.trace(np.cov(b, rowvar=False))
    near = pytest.approx(found, rel=1e-7, abs=1e-9 * float(spread))
    random = np.random.default_rng(turn)
    axes, shift = np.linalg.qr(random.normal(size=(8, 8)))[0], random.normal(size=8)
    assert found >= 0
    assert distance(b, a) == near, "symmetric"
    assert distance(a + shift, b + shift) == near, "blind to a common shift"
    assert distance(a @ axes, b @ axes) == near, "blind to the axes"
    assert distance(3 * a, 3 * b) == pytest.approx(9 * found, rel=1e-7, abs=1e-8 * float(spread)), "a square"
