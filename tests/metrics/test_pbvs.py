"""The score of MAVIC-T: its terms, its presets, and what it says without weights."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import Tensor

from spectra import weights
from spectra.bench.scoring import metric_of
from spectra.errors import UnknownName
from spectra.metric import Metric, Score, Scored
from spectra.metrics.distribution.inception import inception_passes
from spectra.metrics.fid import Fid
from spectra.metrics.lpips import Lpips
from spectra.metrics.pbvs import Pbvs, task_score
from spectra.metrics.pbvs_combined import TASKS, combined, combined_of
from spectra.metrics.pbvs_pixel import PbvsPixel
from spectra.metrics.pbvs_presets import PRESETS, Choices
from spectra.nn.inception_layers import Convolution
from spectra.nn.inception_parts import parts
from tests.losses.random_weights import random_state
from tests.metrics.deep_items import forget, images, item, use_random_networks

NEEDS = (
    "not scored: needs vgg16 and lpips_vgg and inception_fid; run: spectra weights fetch vgg16 lpips_vgg inception_fid"
)
WHOLE_SET = "no interval: that of a score of a whole set comes from several seeds"


@cache
def random_inception() -> dict[str, Tensor]:
    random = torch.Generator().manual_seed(5)
    found = {}
    for layer in (module for part in parts(2048) for module in part.modules() if isinstance(module, Convolution)):
        shape = layer.weight.shape
        spread = (2 / shape[1:].numel()) ** 0.5
        found[f"{layer.name}.conv.weight"] = spread * torch.randn(shape, generator=random)
        for name, start in {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}.items():
            found[f"{layer.name}.bn.{name}"] = start + 0.1 * torch.rand(layer.out_channels, generator=random)
    return found


@pytest.fixture
def networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Random weights in place of those that were learned."""
    use_random_networks(monkeypatch)
    monkeypatch.setattr(
        weights, "load", lambda name: dict(random_inception() if name == "inception_fid" else random_state(name))
    )
    inception_passes.cache_clear()
    yield
    forget()
    inception_passes.cache_clear()


@pytest.fixture
def no_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find", lambda name: None)


def some(channels: int = 3, count: int = 3) -> list[Scored]:
    return [item(*images(seed, channels, 64, 40 + 8 * seed), name=f"image {seed}") for seed in range(count)]


def fed(metric: type[Metric], items: list[Scored], **said: Any) -> Any:
    judge = metric(metric.Settings(**said))
    for one in items:
        judge.update(one)
    return judge


def pixel_by_loop(items: list[Scored], kind: str) -> float:
    errors = [one.prediction.double().numpy() - one.target.double().numpy() for one in items]
    if kind == "norm_over_sqrtn":
        squares = [float(value) ** 2 for error in errors for value in error.ravel()]
        return math.sqrt(math.fsum(squares)) / math.sqrt(len(squares))
    each = {
        "l1": [math.fsum(abs(error.ravel())) / error.size for error in errors],
        "rmse": [math.sqrt(math.fsum(error.ravel() ** 2) / error.size) for error in errors],
    }[kind]
    return math.fsum(each) / len(each)


@pytest.mark.parametrize("channels", [1, 3])
def test_it_is_the_mean_of_three_terms_of_which_each_is_its_own_metric(networks: None, channels: int) -> None:
    items = some(channels)
    judge = fed(Pbvs, items, fid_feature=64)
    terms = judge.parts()
    lpips, fid = fed(Lpips, items, net="vgg").result(), fed(Fid, items, features=64).result()
    assert list(terms) == ["pixel", "lpips", "fid"]
    assert terms["lpips"] == lpips
    assert terms["fid"] == fid
    assert terms["pixel"].value == pytest.approx(pixel_by_loop(items, "l1"), rel=1e-7)
    expected = (2 * math.atan2(fid.value or 0, 1) / math.pi + (lpips.value or 0) + (terms["pixel"].value or 0)) / 3
    result = judge.result()
    assert result.value == pytest.approx(expected, rel=1e-12)
    assert (result.low, result.high, result.n, result.unit, result.better) == (None, None, 3, "", "lower")
    assert result.reason.startswith(f"{WHOLE_SET}; ")
    assert "fid: 3 images for 64 dimensions: biased upwards, compare only at equal n" in result.reason
    assert result.reason.count(WHOLE_SET) == 1


@pytest.mark.parametrize("kind", ["l1", "rmse", "norm_over_sqrtn"])
def test_the_pixel_term_is_taken_on_the_unit_interval(no_networks: None, kind: str) -> None:
    items = some()
    term = fed(Pbvs, items, pixel=kind).parts()["pixel"]
    assert term.value == pytest.approx(pixel_by_loop(items, kind), rel=1e-7)
    assert term.unit == ""
    assert (term.value or 0) < 1
    kelvin = [replace(one, scale=type(one.scale)(250, 330, "K")) for one in items]
    assert fed(Pbvs, kelvin, pixel=kind).parts()["pixel"].value == term.value


def test_the_pixel_terms_are_three_different_numbers() -> None:
    items = [item(*images(0)), item(torch.zeros(3, 20, 20), torch.full((3, 20, 20), 0.5), name="b")]
    found = {kind: fed(PbvsPixel, items, kind=kind).result() for kind in ("l1", "rmse", "norm_over_sqrtn")}
    assert len({round(score.value, 6) for score in found.values() if score.value}) == 3
    assert len({score.signature for score in found.values()}) == 3
    assert found["norm_over_sqrtn"].low is None
    assert found["norm_over_sqrtn"].reason == WHOLE_SET
    assert found["l1"].low is not None


@pytest.mark.parametrize("kind", ["l1", "rmse", "norm_over_sqrtn"])
@pytest.mark.parametrize("under", [0.0, 9.0, math.nan, math.inf])
def test_pixels_without_data_play_no_part_in_the_pixel_term(kind: str, under: float) -> None:
    prediction, target = images(1, 3, 20, 24)
    valid = torch.ones(20, 24, dtype=torch.bool)
    valid[3:9, 2:20] = False
    expected = fed(PbvsPixel, [item(prediction[:, valid][:, None], target[:, valid][:, None])], kind=kind).result()
    prediction[:, ~valid], target[:, ~valid] = under, -under
    found = fed(PbvsPixel, [item(prediction, target, valid)], kind=kind).result()
    assert found.value == pytest.approx(expected.value or 0, rel=1e-12)


def test_an_image_that_cannot_be_scored_is_left_out_and_said(no_networks: None) -> None:
    bad = torch.full((3, 64, 48), math.nan)
    judge = fed(PbvsPixel, [*some(), item(bad, torch.zeros(3, 64, 48))], kind="norm_over_sqrtn")
    assert judge.result().value == pytest.approx(pixel_by_loop(some(), "norm_over_sqrtn"))
    assert judge.result().reason == f"{WHOLE_SET}; 1 image left out: values that are not finite"
    assert fed(PbvsPixel, [], kind="norm_over_sqrtn").result().reason == "no image was scored"


def test_the_presets_are_those_of_the_facts() -> None:
    assert dict(PRESETS) == {
        "mavic2026": Choices("l1", 2048, 1, "vgg", "sym", 1),
        "mavic2024": Choices("rmse", 2048, 1, "vgg", "sym", 1),
        "compat64": Choices("l1", 64, 1, "vgg", "sym", 1),
    }


@pytest.mark.parametrize("preset", list(PRESETS))
def test_a_preset_fills_what_is_not_set_and_stands_in_the_signature(no_networks: None, preset: str) -> None:
    judge = fed(Pbvs, some(), preset=preset)
    chosen = PRESETS[preset]
    assert judge.choices == chosen
    assert f"|preset:{preset}|" in judge.signature
    assert f"|pixel.kind:{chosen.pixel}|" in judge.signature
    assert f"2015-12-05-{chosen.fid_feature}|" in judge.signature
    assert all(choice.count(":") == 1 for choice in judge.signature.split("|")[1:-1])
    assert judge.parts()["pixel"].value == pytest.approx(pixel_by_loop(some(), chosen.pixel))


def test_every_setting_changes_the_number_and_the_signature(networks: None) -> None:
    changes: list[dict[str, Any]] = [{"pixel": "rmse"}, {"pixel": "norm_over_sqrtn"}, {"fid_feature": 192}]
    changes += [{"fid_gain": 0.01}, {"lpips_net": "squeeze"}, {"lpips_input": "unit"}, {"lpips_gain": 0.5}]
    found = [fed(Pbvs, some(count=2), preset="compat64", **change) for change in ({}, *changes, {"bands": (1, 1, 0)})]
    assert len({round(judge.result().value, 8) for judge in found}) == len(found)
    assert len({judge.result().signature for judge in found}) == len(found)


def test_the_presets_give_three_numbers(networks: None) -> None:
    small = [item(*images(seed, 3, 40, 40), name=f"image {seed}") for seed in range(2)]
    found = {preset: fed(Pbvs, small, preset=preset).result() for preset in PRESETS}
    assert len({round(score.value or 0, 6) for score in found.values()}) == 3
    assert "2 images for 2048 dimensions" in found["mavic2026"].reason


def test_gains_and_the_arctan_follow_the_formula() -> None:
    one = Choices("l1")
    assert task_score(one, pixel=0, lpips=0, fid=1) == pytest.approx(0.5 / 3)
    assert task_score(one, pixel=0.3, lpips=0.6, fid=0) == pytest.approx(0.3)
    assert task_score(one, pixel=1, lpips=1, fid=1e12) == pytest.approx(1)
    assert task_score(replace(one, fid_gain=2, lpips_gain=3), pixel=0, lpips=0.1, fid=0.5) == pytest.approx(0.8 / 3)


def test_the_table_of_arctans_comes_out() -> None:
    """Figures worked out elsewhere: they say how small an FID must be for the scores of the boards."""
    expected = {0.1: 0.064, 0.2: 0.126, 0.4: 0.242, 1: 0.5, 2: 0.705, 5: 0.874, 20: 0.968, 100: 0.994}
    for fid, squashed in expected.items():
        assert 3 * task_score(Choices("l1"), 0, 0, fid) == pytest.approx(squashed, abs=6e-4)
    for score, most in {0.08: 0.42, 0.10: 0.54, 0.12: 0.67, 0.16: 0.98, 0.20: 1.45, 0.27: 3.5}.items():
        assert task_score(Choices("l1"), 0, 0, most) == pytest.approx(score + 0.005, abs=0.003)


def test_pix2pixhd_on_the_pairs_of_unicorn_scores_half_with_the_usual_fid() -> None:
    """FID 106, LPIPS 0.439 and 21.68 dB were published; 0.08 was the winner's score."""
    assert task_score(Choices("rmse"), pixel=10 ** (-21.68 / 20), lpips=0.439, fid=106) == pytest.approx(
        0.505, abs=2e-3
    )


def test_without_weights_the_pixel_term_is_still_there(no_networks: None) -> None:
    judge = fed(Pbvs, some())
    assert judge.result() == Score(None, None, None, 0, "", "lower", judge.signature, NEEDS)
    assert {name: score.value is None for name, score in judge.parts().items()} == {
        "pixel": False,
        "lpips": True,
        "fid": True,
    }
    assert judge.parts()["lpips"].reason.startswith("not scored: needs vgg16 and lpips_vgg; run: ")
    assert judge.parts()["fid"].reason.startswith("not scored: needs inception_fid; run: ")


def test_the_bench_keeps_it_where_weights_are_missing(no_networks: None) -> None:
    """It looks after the weights of its parts, and is not replaced as a whole."""
    assert Pbvs.needs(Pbvs.Settings()) == ()
    judge = metric_of("pbvs", {"preset": "mavic2024"})
    assert isinstance(judge, Pbvs)
    assert judge.choices.pixel == "rmse"


def test_no_network_is_made_before_the_first_image(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "find", Path)
    monkeypatch.setattr(weights, "load", lambda name: pytest.fail(f"{name} was loaded"))
    assert metric_of("pbvs", {}).result().reason.startswith("pixel: no image was scored")


def test_one_band_is_said_to_be_repeated_and_others_have_to_be_chosen(networks: None) -> None:
    grey = fed(Pbvs, some(1), preset="compat64").result()
    assert grey.signature.count("bands:grey-repeated") == 2
    assert grey.value is not None
    five = some(5, 2)
    none = fed(Pbvs, five, preset="compat64")
    assert none.result().value is None
    assert "lpips: 2 images left out: it sees 3 bands, and the image has 5" in none.result().reason
    assert none.parts()["pixel"].value == pytest.approx(pixel_by_loop(five, "l1"))
    assert fed(Pbvs, five, preset="compat64", bands=(4, 0, 2)).result().value is not None


def test_identity_is_nought(networks: None) -> None:
    same = [item(one.target, one.target, name=one.name) for one in some()]
    assert fed(Pbvs, same, preset="compat64").result().value == pytest.approx(0, abs=1e-6)


def test_order_and_shards_do_not_matter(networks: None) -> None:
    items = some(count=4)
    whole = fed(Pbvs, items, preset="compat64")
    back = fed(Pbvs, items[::-1], preset="compat64").result()
    first, second = fed(Pbvs, items[:1], preset="compat64"), fed(Pbvs, items[1:], preset="compat64")
    first.merge(second)
    for other in (back, first.result()):
        assert other.value == pytest.approx(whole.result().value, rel=1e-6)
        assert replace(other, value=None) == replace(whole.result(), value=None)


@given(st.integers(0, 1000), st.integers(0, 3), st.sampled_from(["l1", "rmse", "norm_over_sqrtn"]))
@settings(max_examples=20, deadline=None)
def test_laws_of_the_pixel_term(seed: int, cut: int, kind: str) -> None:
    items = [item(*images(seed + step, 2, 9, 8 + step), name=f"{step}") for step in range(3)]
    swapped = [item(one.target, one.prediction, name=one.name) for one in items]
    whole = fed(PbvsPixel, items, kind=kind).result()
    first = fed(PbvsPixel, items[:cut], kind=kind)
    first.merge(fed(PbvsPixel, items[cut:], kind=kind))
    assert first.result().value == pytest.approx(whole.value or 0, rel=1e-12)
    assert fed(PbvsPixel, swapped, kind=kind).result().value == whole.value
    assert 0 <= (whole.value or 0) <= 1
    assert fed(PbvsPixel, [replace(one, prediction=one.target) for one in items], kind=kind).result().value == 0


def test_terms_go_to_the_device(networks: None) -> None:
    judge = Pbvs(Pbvs.Settings())
    assert judge.to("meta") is judge
    assert [getattr(judge.terms[name], "device", "") for name in ("lpips", "fid")] == ["meta", "meta"]


def test_settings_that_are_none_are_refused() -> None:
    for wrong in ({"preset": "mavic2025"}, {"pixel": "l2"}, {"fid_feature": 100}, {"fid_gain": 0}, {"lpips_gain": -1}):
        with pytest.raises(ValidationError):
            Pbvs.Settings(**wrong)  # type: ignore[arg-type]


@given(st.lists(st.one_of(st.none(), st.floats(0, 1)), min_size=4, max_size=4))
def test_a_missing_task_costs_one_behind_the_mean(scores: list[float | None]) -> None:
    known = [score for score in scores if score is not None]
    told = dict(zip(TASKS, scores, strict=True))
    expected = float(np.sum(known)) / 4 + (4 - len(known))
    assert combined(told) == pytest.approx(expected)
    attempted = {task: score for task, score in told.items() if score is not None}
    assert combined(attempted) == combined(told)


def test_combined_scores_of_other_tasks() -> None:
    assert combined({"a2b": 0.5}, tasks=("a2b", "c2d")) == 1.25
    assert combined({}) == 4
    with pytest.raises(UnknownName, match="sar2eo"):
        combined({"sar2e0": 0.5})


def row(method: str, task: str, mean: float | None, signature: str = "pbvs|a:1|lpips.bands:all|v1") -> dict[str, Any]:
    score = {"pbvs": {"mean": mean, "signature": signature}}
    return {"method": method, "task": task, "kind": "translator", "scores": {"psnr": {"mean": 1.0}, **score}}


def test_a_bench_combines_the_rows_of_each_method() -> None:
    rows = [row("one", task, mean) for task, mean in zip(TASKS, (0.08, 0.55, 0.16, 0.51), strict=True)]
    rows += [row("two", "rgb2ir", 0.4), row("two", "sar2ir", 0.2, "pbvs|a:1|lpips.bands:grey-repeated|v1")]
    rows += [row("three", "rgb2ir", 0.4), row("three", "sar2ir", None)]
    rows += [row("four", "rgb2ir", 0.4), row("four", "sar2ir", 0.4, "pbvs|a:2|lpips.bands:all|v1")]
    rows += [{**row("five", "rgb2ir", 0), "scores": {}}, {**row("paper", "rgb2ir", 0), "kind": "published"}]
    found = combined_of([*rows, row("one", "nir2rgb", 0.9)])
    assert found["one"] == {"value": pytest.approx(0.325), "missing": []}
    assert found["two"] == {"value": pytest.approx(0.15 + 2), "missing": ["sar2eo", "sar2rgb"]}
    assert [found[name]["value"] for name in ("three", "four", "five")] == [None, None, None]
    assert "paper" not in found


def test_a_bench_of_one_task_or_without_the_score_combines_nothing() -> None:
    assert combined_of([row("one", "rgb2ir", 0.1), row("two", "rgb2ir", 0.2)]) == {}
    assert combined_of([{**row("one", task, 0), "scores": {}} for task in TASKS]) == {}
    assert combined_of([]) == {}
