"""Laws that hold for every metric that is a mean over images."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.metric import Memory, Scored
from spectra.metrics.intervals import bootstrap_interval
from spectra.registry import registry
from tests.metrics.cases import CASES, Case

NAMES = sorted(CASES)
cases = pytest.mark.parametrize("name", NAMES)


def shuffled(item: Scored, seed: int) -> Scored:
    order = torch.randperm(len(item.target), generator=torch.Generator().manual_seed(seed))
    return replace(item, prediction=item.prediction[order], target=item.target[order], memory=Memory())


def value(case: Case, item: Scored) -> float:
    found = case.metric().update(item)
    assert found is not None
    return found


@cases
def test_it_is_what_is_registered_under_that_name(name: str) -> None:
    assert registry("metrics").get(name) is CASES[name].kind
    head, *choices, version = CASES[name].metric().signature.split("|")
    assert (head, version) == (name, "v1")
    assert all(choice.count(":") == 1 for choice in choices)
    assert any(choice.startswith("masked:") for choice in choices)
    assert CASES[name].kind.better == CASES[name].better


@cases
def test_the_score_is_the_mean_of_the_images_with_its_interval(name: str) -> None:
    case = CASES[name]
    judge, items = case.metric(), case.items(6)
    found = [value for value in map(judge.update, items) if value is not None]
    score = judge.result()
    assert score.value == pytest.approx(sum(found) / 6, rel=1e-12)
    assert (score.low, score.high) == bootstrap_interval(found, [item.name for item in items])
    assert score.low is not None and score.high is not None and score.value is not None
    assert min(found) <= score.low < score.value < score.high <= max(found)
    assert (score.n, score.better) == (6, case.better)


@cases
@given(seed=st.integers(0, 10_000), noise=st.floats(0.02, 0.5))
@settings(max_examples=12, deadline=None)
def test_identity_symmetry_and_the_order_of_bands(name: str, seed: int, noise: float) -> None:
    case = CASES[name]
    item = case.item(seed, noise)
    forth = value(case, item)
    if case.perfect is not None:
        assert value(case, replace(item, prediction=item.target)) == pytest.approx(case.perfect, abs=1e-9)
    if case.symmetric:
        back = replace(item, prediction=item.target, target=item.prediction, memory=Memory())
        assert value(case, back) == pytest.approx(forth, rel=1e-9)
    if case.bands:
        assert value(case, shuffled(item, seed)) == pytest.approx(forth, rel=1e-9)


@cases
@given(order=st.permutations(range(5)))
@settings(max_examples=8, deadline=None)
def test_the_order_of_images_does_not_matter(name: str, order: list[int]) -> None:
    forward, mixed, items = CASES[name].metric(), CASES[name].metric(), CASES[name].items(5)
    for place in range(5):
        forward.update(items[place])
        mixed.update(items[order[place]])
    assert forward.result() == mixed.result()


@cases
@given(shards=st.lists(st.integers(0, 3), min_size=7, max_size=7), order=st.permutations(range(4)))
@settings(max_examples=10, deadline=None)
def test_shards_of_any_split_merge_into_the_whole(name: str, shards: list[int], order: list[int]) -> None:
    case = CASES[name]
    items = [*case.items(6), replace(case.item(9, 0.1), prediction=case.item(9, 0.1).target * math.nan)]
    whole, parts = case.metric(), [case.metric() for _ in range(4)]
    for item, shard in zip(items, shards, strict=True):
        assert whole.update(item) == parts[shard].update(item)
    merged = case.metric()
    for place in order:
        merged.merge(parts[place])
    assert merged.result() == whole.result()
    assert merged.result().reason.startswith("1 image left out")


@cases
def test_what_is_remembered_of_a_target_changes_no_number(name: str) -> None:
    """Each method has a metric of its own, and all share the memory of the target."""
    case = CASES[name]
    first, second = case.item(3, 0.05), case.item(3, 0.4)
    alone = value(case, replace(second, memory=Memory()))
    shared = Memory()
    assert value(case, replace(first, memory=shared)) != alone or name == "collapse"
    assert value(case, replace(second, memory=shared)) == alone


@cases
def test_no_metric_takes_what_another_remembers_for_its_own(name: str) -> None:
    """Nor what it remembers with other settings, or from an image that was filled."""
    item = CASES[name].item(5, 0.1)
    valid = torch.ones(item.target.shape[1:], dtype=torch.bool)
    valid[0, 0] = False
    item = replace(item, valid=valid)
    alone = value(CASES[name], replace(item, memory=Memory()))
    shared = replace(item, memory=Memory())
    for other in NAMES:
        CASES[other].metric().update(shared)
    assert value(CASES[name], shared) == alone


@cases
def test_nothing_fed_is_no_score(name: str) -> None:
    score = CASES[name].metric().result()
    assert (score.value, score.n, score.reason) == (None, 0, "no image was scored")


@cases
def test_one_image_has_a_score_and_no_interval(name: str) -> None:
    judge = CASES[name].metric()
    alone = judge.update(CASES[name].item(0, 0.1))
    score = judge.result()
    assert (score.value, score.low, score.high, score.n) == (alone, None, None, 1)


@cases
def test_images_without_a_valid_pixel_are_left_out_and_counted(name: str) -> None:
    judge, items = CASES[name].metric(), CASES[name].items(2)
    nothing = torch.zeros(items[0].target.shape[1:], dtype=torch.bool)
    assert judge.update(replace(items[0], valid=nothing)) is None
    alone = judge.update(items[1])
    score = judge.result()
    assert (score.value, score.n) == (alone, 1)
    assert score.reason.startswith("1 image left out: no ")


@cases
def test_a_score_that_is_not_finite_never_reaches_the_mean(name: str) -> None:
    judge, item = CASES[name].metric(), CASES[name].item(0, 0.1)
    broken = item.prediction.clone()
    broken[:, 8, 8] = math.nan
    assert judge.update(replace(item, prediction=broken)) is None
    assert judge.result().reason == "1 image left out: the score is not finite"


@cases
@given(seed=st.integers(0, 1000), under=st.sampled_from([0.0, 7.0, math.nan, math.inf]))
@settings(max_examples=8, deadline=None)
def test_what_lies_where_there_is_no_data_does_not_matter(name: str, seed: int, under: float) -> None:
    item = CASES[name].item(seed, 0.2)
    valid = torch.ones(item.target.shape[1:], dtype=torch.bool)
    valid[:2, :5] = valid[12:, 3:] = False
    plain = value(CASES[name], replace(item, valid=valid))
    hidden = {key: torch.where(valid, getattr(item, key), under) for key in ("prediction", "target", "source")}
    assert value(CASES[name], replace(item, valid=valid, memory=Memory(), **hidden)) == plain


@cases
def test_a_mask_without_gaps_changes_nothing(name: str) -> None:
    item = CASES[name].item(5, 0.1)
    full = torch.ones(item.target.shape[1:], dtype=torch.bool)
    assert value(CASES[name], replace(item, valid=full)) == pytest.approx(value(CASES[name], item), rel=1e-12)


@cases
def test_what_it_is_fed_stays_as_it_was(name: str) -> None:
    item = CASES[name].item(2, 0.1)
    before = [image.clone() for image in (item.prediction, item.target, item.source)]
    CASES[name].metric().update(item)
    assert all(map(torch.equal, before, (item.prediction, item.target, item.source)))
