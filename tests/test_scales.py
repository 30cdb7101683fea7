"""A prediction on several scales, in paired losses."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional

from spectra.bench.teaching import losses_of
from spectra.errors import SpectraError
from spectra.losses.l1 import L1
from spectra.losses.mse import Mse
from spectra.recipe.recipe import Recipe
from spectra.scales import at_scales, finest
from spectra.settings import Config
from spectra.stage import Batch, Stage


class Nothing(Stage):
    def step(self, batch: Batch) -> Any:
        yield from ()


def scales() -> tuple[list[Tensor], Tensor]:
    random = torch.Generator().manual_seed(0)
    sizes = [(4, 6), (16, 24), (8, 12)]
    found = [torch.rand(2, 3, *size, generator=random, dtype=torch.float64) for size in sizes]
    return found, torch.rand(2, 3, 16, 24, generator=random, dtype=torch.float64)


def loss(which: str) -> L1:
    made = L1(Config())
    made.scales = which  # type: ignore[assignment]
    return made


def test_the_finest_is_the_largest_wherever_it_stands() -> None:
    predictions, target = scales()
    assert finest(predictions) is predictions[1] and finest(target) is target
    expected = (predictions[1] - target).abs().mean()
    for order in (predictions, predictions[::-1]):
        torch.testing.assert_close(at_scales(loss("finest"), order, target, None), expected)
    torch.testing.assert_close(at_scales(loss("all"), predictions[1], target, None), expected)


def test_all_scales_are_summed_each_against_means_over_areas_of_the_target() -> None:
    predictions, target = scales()
    leaves = [image.clone().requires_grad_() for image in predictions]
    value = at_scales(loss("all"), leaves, target, None)
    value.backward()
    expected = 0.0
    for image in predictions:
        block = 16 // image.shape[2]
        small = target.unflatten(3, (-1, block)).unflatten(2, (-1, block)).mean((3, 5))
        expected += float((image - small).abs().mean())
    assert value.item() == pytest.approx(expected, rel=1e-12)
    assert all(leaf.grad is not None and bool(leaf.grad.any()) for leaf in leaves)


def test_what_lacks_data_plays_no_part_on_any_scale() -> None:
    predictions, target = scales()
    valid = torch.ones(2, 1, 16, 24, dtype=torch.bool)
    valid[:, :, :5, 7:] = False
    found = []
    for held in (0.5, float("nan")):
        leaves = [image.clone().requires_grad_() for image in predictions]
        value = at_scales(loss("all"), leaves, torch.where(valid, target, held), valid)
        value.backward()
        assert not any(bool(leaf.grad[:, :, 0, -1].any()) for leaf in leaves if leaf.grad is not None)
        found.append(value.detach())
    assert torch.equal(*found) and bool(found[0].isfinite())


def test_sides_that_do_not_divide_are_taken_too_and_larger_ones_refused() -> None:
    _, target = scales()
    small = torch.zeros(2, 3, 7, 10, dtype=torch.float64)
    expected = functional.adaptive_avg_pool2d(target, (7, 10)).abs().mean()
    torch.testing.assert_close(at_scales(loss("finest"), [small], target, None), expected)
    with pytest.raises(SpectraError, match="larger than its target"):
        at_scales(loss("all"), [torch.zeros(2, 3, 17, 24)], target, None)
    with pytest.raises(SpectraError, match="is empty"):
        at_scales(loss("all"), [], target, None)


def test_a_stage_takes_a_list_and_each_loss_its_own_scales() -> None:
    predictions, target = scales()
    stage = Nothing()
    stage.losses = {"fine": (loss("finest"), 1.0), "all": (loss("all"), 2.0)}
    terms = stage.pairwise(predictions, target)
    fine, all_scales = (terms[name].compute() for name in ("fine", "all"))
    assert fine < all_scales and terms["all"].weight == 2.0


@pytest.mark.parametrize(("said", "expected"), [(1, "finest"), ({"weight": 1}, "finest"), ({"scales": "all"}, "all")])
def test_a_recipe_says_the_scales_beside_the_weight(said: Any, expected: str) -> None:
    recipe = Recipe(task="rgb2ir", translator="graydef", losses={"l1": said, "mse": 1})
    losses = losses_of(recipe, "cpu")
    assert losses["l1"][0].scales == expected and losses["mse"][0].scales == "finest"
    assert Mse.scales == L1.scales == "finest"
