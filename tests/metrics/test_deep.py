"""What LPIPS and DISTS have in common: bands, masks, what is kept of a target, large images, missing weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra import weights
from spectra.masks import filled
from spectra.metric import Memory, Metric
from spectra.metrics.dists import Dists
from spectra.metrics.lpips import Lpips
from spectra.metrics.papers.pix2next_lpips import Pix2NextLpips
from spectra.nn import strips
from spectra.nn.backbones.backbone import Backbone
from tests.metrics.deep_items import forget, images, item, metric, use_random_networks, value

KINDS: tuple[type[Metric], ...] = (Lpips, Dists, Pix2NextLpips)


@pytest.fixture(autouse=True, scope="module")
def networks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        use_random_networks(patch)
        yield
    forget()


@pytest.mark.parametrize("kind", KINDS)
def test_one_band_is_the_same_as_three_equal_ones_and_the_signature_says_so(kind: type[Metric]) -> None:
    prediction, target = images(1, 1)
    judge = metric(kind)
    found = judge.update(item(prediction, target))
    assert found == value(kind, item(prediction.repeat(3, 1, 1), target.repeat(3, 1, 1)))
    assert "|bands:grey-repeated|" in judge.result().signature


@pytest.mark.parametrize("kind", KINDS)
def test_of_many_bands_three_are_chosen_or_none_are_scored(kind: type[Metric]) -> None:
    prediction, target = images(2, 5)
    chosen = value(kind, item(prediction, target), bands=(4, 0, 2))
    assert chosen == value(kind, item(prediction[[4, 0, 2]], target[[4, 0, 2]]))
    judge = metric(kind)
    assert judge.update(item(prediction, target)) is None
    assert judge.result().reason == (
        "1 image left out: it sees 3 bands, and the image has 5: say which, such as `bands: [2, 1, 0]`"
    )
    judge = metric(kind, bands=(4, 0, 5))
    assert judge.update(item(prediction, target)) is None
    assert judge.result().reason == "1 image left out: it is to see the bands [4, 0, 5], and the image has 5"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("under", [0.0, 9.0, math.nan, math.inf])
def test_where_there_is_no_data_both_show_the_mean_of_the_target(kind: type[Metric], under: float) -> None:
    prediction, target = images(3)
    valid = torch.ones(target.shape[1:], dtype=torch.bool)
    valid[:20, 10:30] = valid[-1] = False
    first, second = (filled(image[None], target[None], valid[None, None])[0] for image in (prediction, target))
    expected = value(kind, item(first, second))
    prediction[:, ~valid], target[:, ~valid] = under, -under
    assert value(kind, item(prediction, target, valid)) == expected
    assert value(kind, item(first, second, torch.ones_like(valid))) == expected


@pytest.mark.parametrize("kind", KINDS)
def test_images_without_data_or_with_numbers_that_are_none_are_left_out(kind: type[Metric]) -> None:
    prediction, target = images(4)
    judge = metric(kind)
    assert judge.update(item(prediction, target, torch.zeros(64, 72, dtype=torch.bool))) is None
    assert judge.update(item(prediction * math.nan, target)) is None
    assert judge.result().reason == "1 image left out: no valid pixel; 1 image left out: the score is not finite"


@pytest.mark.parametrize("kind", KINDS)
def test_the_target_passes_the_network_once_for_three_methods(
    kind: type[Metric], monkeypatch: pytest.MonkeyPatch
) -> None:
    value(kind, item(*images(0)))  # the network is made
    passes: list[torch.Tensor] = []
    forward = Backbone.forward

    def counted(self: Backbone, image: torch.Tensor) -> list[torch.Tensor]:
        passes.append(image)
        return forward(self, image)

    monkeypatch.setattr(Backbone, "forward", counted)
    memory, target = Memory(), images(5)[1]
    predictions = [images(seed)[0] for seed in (5, 6, 7)]
    found = [value(kind, item(prediction, target, memory=memory)) for prediction in predictions]
    assert len(passes) == 4
    assert found == [value(kind, item(prediction, target)) for prediction in predictions]
    assert len(set(found)) == 3


def test_what_is_kept_for_one_is_not_taken_by_another() -> None:
    prediction, target = images(8)
    ways: list[tuple[type[Metric], dict[str, Any]]] = [
        (Lpips, {}),
        (Lpips, {"range": "unit"}),
        (Lpips, {"net": "squeeze"}),
        (Lpips, {"bands": (2, 1, 0)}),
        (Lpips, {"net": "vgg"}),
        (Pix2NextLpips, {}),
        (Dists, {}),
        (Dists, {"bands": (2, 1, 0)}),
    ]
    memory = Memory()
    for kind, said in ways:
        together = value(kind, item(prediction, target, memory=memory), **said)
        assert together == value(kind, item(prediction, target), **said), (kind, said)


LARGE: list[tuple[type[Metric], dict[str, Any]]] = [
    (Lpips, {"net": "alex"}),
    (Lpips, {"net": "squeeze"}),
    (Lpips, {"net": "vgg"}),
    (Dists, {}),
]


@pytest.mark.parametrize(("kind", "said"), LARGE)
@pytest.mark.parametrize("height", [600, 611])
def test_large_images_in_strips_have_the_same_number(
    kind: type[Metric], said: dict[str, Any], height: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    prediction, target = images(9, 3, height, 43)
    whole = value(kind, item(prediction, target), **said)
    monkeypatch.setattr(strips, "MOST_PIXELS", 43 * 330)
    seen: list[int] = []
    forward = Backbone.forward
    monkeypatch.setattr(Backbone, "forward", lambda self, image: seen.append(image.shape[2]) or forward(self, image))
    assert value(kind, item(prediction, target), **said) == pytest.approx(whole, rel=1e-6)
    assert len(seen) >= 4 and max(seen) <= 330


@cache
def small(seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    return images(seed, 3, 35, 36)


@pytest.mark.parametrize("kind", KINDS)
@given(st.permutations(range(5)), st.integers(0, 5))
@settings(max_examples=5, deadline=None)
def test_order_and_parts_do_not_change_the_mean(kind: type[Metric], order: list[int], cut: int) -> None:
    parts = metric(kind), metric(kind)
    for place, seed in enumerate(order):
        parts[place >= cut].update(item(*small(seed), name=str(seed), group="ab"[seed % 2]))
    parts[0].merge(parts[1])
    alone = metric(kind)
    for seed in range(5):
        alone.update(item(*small(seed), name=str(seed), group="ab"[seed % 2]))
    one, other = parts[0].result(), alone.result()
    assert one.value == pytest.approx(other.value, rel=1e-12) and one.n == other.n == 5
    assert one.signature == other.signature and "|bands:all|" in one.signature


@pytest.mark.parametrize("kind", KINDS)
def test_without_weights_it_can_be_made_and_says_what_it_needs(
    kind: type[Metric], monkeypatch: pytest.MonkeyPatch
) -> None:
    forget()
    monkeypatch.setattr(weights, "load", lambda name: pytest.fail(f"{name} was loaded"))
    judge = metric(kind).to("cpu")
    assert "masked:filled-with-target-mean" in judge.signature
    assert judge.result().reason == "no image was scored"
    trunk, top = {Dists: ("vgg16", "dists")}.get(kind, ("alexnet", "lpips_alex"))
    assert kind.needs(kind.Settings()) == (trunk, top)


def test_gradients_are_not_taken_and_what_is_given_stays_as_it_is() -> None:
    prediction, target = images(10)
    prediction.requires_grad_()
    before = prediction.detach().clone(), target.clone()
    for kind in KINDS:
        value(kind, item(prediction, target))
    assert torch.equal(prediction, before[0]) and torch.equal(target, before[1])
    assert torch.is_grad_enabled() and not torch.is_inference_mode_enabled()
