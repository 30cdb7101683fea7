"""LPIPS against the package, with the same random weights in both."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError

from spectra.errors import SpectraError
from spectra.metrics.lpips import Lpips, lpips_scorer
from spectra.metrics.papers.pix2next_lpips import Pix2NextLpips
from tests.losses.test_lpips import NEEDS, package
from tests.metrics.deep_items import images, item, metric, use_random_networks, value

NETS = tuple(NEEDS)


@pytest.fixture(autouse=True)
def networks(monkeypatch: pytest.MonkeyPatch) -> None:
    use_random_networks(monkeypatch)


def theirs(prediction: torch.Tensor, target: torch.Tensor, net: str, range: str = "sym") -> float:
    network = package(net).double()
    with torch.inference_mode():
        return float(network(prediction[None].double(), target[None].double(), normalize=range == "sym"))


@pytest.mark.parametrize("net", NETS)
@pytest.mark.parametrize("range", ["sym", "unit"])
@pytest.mark.parametrize(("height", "width"), [(64, 72), (75, 51)])
def test_it_is_the_number_of_the_package(net: str, range: str, height: int, width: int) -> None:
    prediction, target = images(1, 3, height, width)
    expected = theirs(prediction, target, net, range)
    assert expected > 0.01
    assert value(Lpips, item(prediction, target), net=net, range=range) == pytest.approx(expected, rel=1e-5)


def test_that_of_pix2next_sees_blue_green_red_on_the_unit_interval() -> None:
    prediction, target = images(2)
    expected = theirs(prediction.flip(0), target.flip(0), "alex", "unit")
    assert value(Pix2NextLpips, item(prediction, target)) == pytest.approx(expected, rel=1e-5)
    assert value(Lpips, item(prediction, target), range="unit") != pytest.approx(expected, rel=1e-3)
    assert value(Lpips, item(prediction, target), range="unit", bands=(2, 1, 0)) == pytest.approx(expected, rel=1e-6)


def test_for_one_band_that_of_pix2next_differs_by_the_range_alone() -> None:
    grey = item(*images(3, 1))
    assert value(Pix2NextLpips, grey) == value(Lpips, grey, range="unit") != value(Lpips, grey)
    assert "order:bgr|bands:grey-repeated" in scored_signature(Pix2NextLpips, grey)


def scored_signature(kind: Any, scored: Any, **settings: Any) -> str:
    judge = metric(kind, **settings)
    judge.update(scored)
    return judge.result().signature


def test_every_setting_changes_the_number_and_the_signature() -> None:
    scored = item(*images(4))
    ways: list[dict[str, Any]] = [{}, {"net": "vgg"}, {"net": "squeeze"}, {"range": "unit"}, {"bands": (1, 1, 0)}]
    numbers = [value(Lpips, scored, **way) for way in ways]
    assert len({round(number, 5) for number in numbers}) == len(ways)
    assert len({metric(Lpips, **way).signature for way in ways}) == len(ways)
    with pytest.raises(ValidationError):
        metric(Lpips, bands=(0, 1, -1))


@pytest.mark.parametrize("net", NETS)
def test_equal_images_are_at_no_distance_and_order_does_not_matter(net: str) -> None:
    prediction, target = images(5)
    assert value(Lpips, item(target, target), net=net) == 0
    back = value(Lpips, item(target, prediction), net=net)
    assert value(Lpips, item(prediction, target), net=net) == pytest.approx(back, rel=1e-6)


def test_the_signature_tells_net_range_bands_and_what_is_filled() -> None:
    judge = metric(Lpips)
    tail = "masked:filled-with-target-mean|mean:images|v1"
    assert judge.signature == f"lpips|version:0.1|net:alex|range:sym|bands:grey-repeated+all|{tail}"
    judge.update(item(*images(6, 1)))
    assert judge.result().signature == f"lpips|version:0.1|net:alex|range:sym|bands:grey-repeated|{tail}"
    assert "|bands:3,1,0|" in metric(Lpips, bands=(3, 1, 0)).signature
    assert (judge.better, judge.unit) == ("lower", "")


@pytest.mark.parametrize("net", NETS)
def test_images_that_the_network_cannot_see_are_left_out_with_the_least_size(net: str) -> None:
    least = lpips_scorer(net, "cpu").least_side  # type: ignore[arg-type]
    judge = metric(Lpips, net=net)
    assert judge.update(item(*images(7, 3, least - 1, 40))) is None
    assert judge.result().reason.startswith(f"1 image left out: smaller than {least}×{least} pixels")
    assert judge.update(item(*images(7, 3, least, 40))) is not None


def test_sizes_that_torch_would_broadcast_are_refused() -> None:
    with pytest.raises(SpectraError, match="prediction is 1×40×40 and the target 3×40×40"):
        metric(Lpips).update(item(torch.zeros(1, 40, 40), torch.zeros(3, 40, 40)))


def test_the_network_is_made_once_and_forgotten_when_asked_to() -> None:
    made = lpips_scorer("alex", "cpu")
    value(Lpips, item(*images(8)))
    value(Pix2NextLpips, item(*images(8)))
    assert lpips_scorer("alex", "cpu") is made and lpips_scorer("squeeze", "cpu") is not made
    lpips_scorer.cache_clear()
    assert lpips_scorer("alex", "cpu") is not made
    assert not made.network.training and not list(made.network.parameters())
