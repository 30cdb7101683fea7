"""The discrepancy under a polynomial kernel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch_fidelity import metric_kid
from torchmetrics.image import kid

from spectra.metrics.distribution import kernel
from spectra.metrics.distribution.kernel import mmd2
from tests.metrics.distribution_reference import features, mmd2_by_loop

PACKAGES: Any = (metric_kid, kid)


@pytest.mark.parametrize(("n", "m"), [(2, 2), (2, 7), (9, 8), (14, 30)])
def test_it_is_that_of_a_loop_over_pairs(n: int, m: int) -> None:
    one, other = features(1, n, 6), features(2, m, 6)
    assert mmd2(one, other) == pytest.approx(mmd2_by_loop(one, other), rel=1e-10)


def test_it_is_that_of_torch_fidelity_and_of_torchmetrics() -> None:
    one, other = features(1, 50, 20), features(2, 50, 20)
    first, second = PACKAGES
    assert mmd2(one, other) == pytest.approx(float(first.kernel_mmd(one, other)), rel=1e-9)
    theirs = second.poly_mmd(torch.from_numpy(one), torch.from_numpy(other))
    assert mmd2(one, other) == pytest.approx(float(theirs), rel=1e-9)


@pytest.mark.parametrize("block", [1, 2, 7, 30, 31, 64])
def test_blocks_change_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = features(1, 31, 6), features(2, 22, 6)
    expected = mmd2_by_loop(one, other)
    monkeypatch.setattr(kernel, "_BLOCK", block)
    assert mmd2(one, other) == pytest.approx(expected, rel=1e-10)


def test_of_halves_of_one_set_it_is_zero_on_the_average_and_below_it_at_times() -> None:
    rows = features(3, 40, 4)
    random = np.random.default_rng(0)
    found = []
    for _ in range(400):
        order = random.permutation(40)
        found.append(mmd2(rows[order[:20]], rows[order[20:]]))
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < 4 * np.std(found) / 20, "a diagonal that is counted makes a bias far beyond this"


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 12), m=st.integers(2, 12), seed=st.integers(0, 99))
def test_its_laws(n: int, m: int, seed: int) -> None:
    one, other = features(seed, n, 5), features(seed + 1, m, 5)
    axes = np.linalg.qr(np.random.default_rng(seed).normal(size=(5, 5)))[0]
    found = mmd2(one, other)
    near = pytest.approx(found, rel=1e-8, abs=1e-9)
    assert mmd2(other, one) == near
    assert mmd2(one[::-1], other) == near
    assert mmd2(one @ axes, other @ axes) == near
