"""DISTS against torchmetrics, with the same random weights in both."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
import torchmetrics

from spectra import weights
from spectra.errors import SpectraError
from spectra.metrics.dists import Dists, dists_scorer
from tests.metrics.deep_items import images, item, metric, reference_dists, use_random_networks, value


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    use_random_networks(monkeypatch)


def theirs(prediction: torch.Tensor, target: torch.Tensor, dtype: torch.dtype = torch.float64) -> float:
    return float(reference_dists(dtype)(prediction[None].to(dtype), target[None].to(dtype)))


@pytest.mark.usefixtures("networks")
@pytest.mark.parametrize(("height", "width"), [(64, 72), (75, 51), (16, 33), (7, 5)])
def test_it_is_the_number_of_torchmetrics_of_any_size(height: int, width: int) -> None:
    prediction, target = images(1, 3, height, width)
    found = value(Dists, item(prediction, target))
    assert found > 0.01
    assert found == pytest.approx(theirs(prediction, target), rel=1e-5)
    assert found == pytest.approx(theirs(prediction, target, torch.float32), rel=1e-4)


@pytest.mark.usefixtures("networks")
def test_images_that_are_nearly_the_same_lose_no_digits() -> None:
    """In float32 the formula of the package leaves two digits of such a distance, or none."""
    _, target = images(2)
    prediction = target + 1e-4 * torch.randn(target.shape, generator=torch.Generator().manual_seed(0))
    expected = theirs(prediction, target)
    assert 0 < expected < 1e-4
    assert value(Dists, item(prediction, target)) == pytest.approx(expected, rel=1e-2)


@pytest.mark.usefixtures("networks")
def test_even_images_without_contrast_have_a_distance() -> None:
    bright, dark = torch.full((3, 40, 40), 0.8), torch.full((3, 40, 40), 0.2)
    assert value(Dists, item(bright, dark)) == pytest.approx(theirs(bright, dark), rel=1e-4)


@pytest.mark.usefixtures("networks")
def test_equal_images_are_at_no_distance_and_order_does_not_matter() -> None:
    prediction, target = images(3)
    assert value(Dists, item(target, target)) == 0
    back = value(Dists, item(target, prediction))
    assert value(Dists, item(prediction, target)) == pytest.approx(back, rel=1e-5)


@pytest.mark.usefixtures("networks")
def test_the_setting_changes_the_number_and_the_signature() -> None:
    scored = item(*images(4))
    assert value(Dists, scored, bands=(2, 1, 0)) != pytest.approx(value(Dists, scored), rel=1e-3)
    assert "|bands:2,1,0|" in metric(Dists, bands=(2, 1, 0)).signature
    judge = metric(Dists)
    judge.update(scored)
    fixed = "net:vgg|range:unit|size:as-it-is|c:1e-06,1e-06"
    tail = "masked:filled-with-target-mean|mean:images|v1"
    assert judge.result().signature == f"dists|{fixed}|bands:all|{tail}"
    assert (judge.better, judge.unit) == ("lower", "")


@pytest.mark.usefixtures("networks")
def test_the_network_is_made_once() -> None:
    value(Dists, item(*images(5)))
    made = dists_scorer("cpu")
    value(Dists, item(*images(6)))
    assert dists_scorer("cpu") is made
    assert not made.network.training and not list(made.network.parameters())


@pytest.mark.usefixtures("networks")
def test_sizes_that_torch_would_broadcast_are_refused() -> None:
    with pytest.raises(SpectraError, match="prediction is 1×40×40 and the target 3×40×40"):
        metric(Dists).update(item(torch.zeros(1, 40, 40), torch.zeros(3, 40, 40)))


def test_the_weights_of_its_authors_come_with_torchmetrics() -> None:
    entry, path = weights.entry("dists"), weights.find("dists")
    assert path is not None and path.is_relative_to(Path(torchmetrics.__file__).parent)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == entry.sha256 and path.stat().st_size == entry.size
    theirs = torch.load(path, weights_only=True)
    state = weights.load("dists")
    assert set(state) == {"alpha", "beta"} and all(torch.equal(state[name], theirs[name]) for name in state)
