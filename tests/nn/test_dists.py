"""The parts of DISTS: pooling, moments, strips, and weights of something else."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from spectra import weights
from spectra.errors import ModelError
from spectra.nn.channel_moments import keep, moments_of, together
from spectra.nn.dists import LAYERS, WIDTHS, Dists
from spectra.nn.l2_pool import L2Pool
from spectra.nn.strips import geometry
from tests.metrics.deep_items import REFERENCE, random_shares, reference_dists, use_random_networks


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    use_random_networks(monkeypatch)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (9, 6), (1, 1), (2, 7)])
def test_pooling_is_that_of_torchmetrics(height: int, width: int) -> None:
    x = torch.randn(2, 5, height, width, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    before = x.clone()
    expected = REFERENCE.L2pooling(channels=5).double()(x)
    torch.testing.assert_close(L2Pool(5).double()(x), expected, rtol=1e-12, atol=0)
    assert torch.equal(x, before)


def test_pooling_is_the_root_of_the_weighted_mean_of_squares() -> None:
    x = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]], dtype=torch.float64)
    found = L2Pool(1).double()(x[None, None])[0, 0]
    corner = (4 * 1**2 + 2 * 2**2 + 2 * 4**2 + 5**2) / 16
    assert found[0, 0].item() == pytest.approx(corner**0.5, rel=1e-12)
    assert found.shape == (2, 2)


@pytest.mark.usefixtures("networks")
def test_the_maps_are_those_of_torchmetrics() -> None:
    image = torch.rand(2, 3, 37, 50, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = Dists().double()(image)
    assert tuple(features.shape[1] for features in found) == WIDTHS
    for ours, theirs in zip(found, reference_dists(torch.float64).forward_once(image), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-9, atol=1e-12)


@given(st.integers(0, 1000), st.integers(1, 30), st.integers(0, 30), st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_moments_are_those_of_a_float64_loop_whole_or_in_parts(seed: int, count: int, cut: int, last: int) -> None:
    random = torch.Generator().manual_seed(seed)
    one, other = 5 + torch.randn(2, count, 4, generator=random)
    edges = sorted({0, min(cut, count), min(last, count), count})
    pieces = [(one[a:b], other[a:b]) for a, b in pairwise(edges)] + [(one[:0], other[:0])]
    found = together([moments_of(a, keep(b)) for a, b in pieces])
    assert found.count == count
    for place, values in enumerate((one.double(), other.double(), one.double() - other.double())):
        torch.testing.assert_close(found.means[place], values.mean(0), rtol=1e-5, atol=1e-6)
        torch.testing.assert_close(found.variances[place], values.var(0, unbiased=False), rtol=1e-5, atol=1e-6)


def test_geometry_knows_strides_and_how_far_a_pixel_of_a_map_sees() -> None:
    layers = [nn.Conv2d(1, 1, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(1, 1, 5, stride=2, padding=0)]
    found = geometry(layers, [1, 3], image=True)
    assert found.strides == (1, 1, 4)
    assert found.reach == 1 + 1 + 2 * 4


@pytest.mark.parametrize(("height", "most"), [(100, 10_000), (1000, 6_000), (1003, 4_500)])
def test_strips_own_every_row_once_and_see_their_neighbours(height: int, most: int) -> None:
    found = geometry([nn.Conv2d(1, 1, 7, padding=3), nn.MaxPool2d(4)], [0, 1])
    strips = found.strips(height, 10, most)
    assert [row for strip in strips for row in range(strip.top, strip.bottom)] == list(range(height))
    for strip in strips:
        assert strip.top % 4 == strip.first % 4 == 0
        assert strip.first == 0 or strip.top - strip.first >= found.reach
        assert strip.last == height or strip.last - strip.bottom >= found.reach
        assert (strip.last - strip.first) * 10 <= most
    assert (len(strips) == 1) == (height * 10 <= most)


@pytest.mark.usefixtures("networks")
def test_alpha_and_beta_sum_to_one_together_and_train_mode_learns_nothing() -> None:
    network = Dists().train()
    assert float(network.alpha.sum() + network.beta.sum()) == pytest.approx(1, rel=1e-12)
    assert float(network.beta.sum()) > 2 * float(network.alpha.sum())
    assert not list(network.parameters()) and not network.state_dict()
    assert network.backbone.least_side == 1 and len(LAYERS) == 5


@pytest.mark.parametrize("fault", ["missing", "short"])
@pytest.mark.usefixtures("networks")
def test_weights_of_something_else_are_refused(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    load = weights.load
    wrong = {"alpha": random_shares()["alpha"]} | ({} if fault == "missing" else {"beta": torch.zeros(1, 1472, 1, 1)})
    monkeypatch.setattr(weights, "load", lambda name: wrong if name == "dists" else load(name))
    with pytest.raises(ModelError, match="'dists' are not those of DISTS: beta"):
        Dists()
