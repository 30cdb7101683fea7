"""Pixels without data in losses: against loops in float64, and whatever values they hold."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.losses.l1 import L1
from spectra.losses.mse import Mse
from spectra.masks import compared, filled, mask_for, resized
from spectra.settings import Config


class Structure(Loss):
    """Knows nothing of masks, and looks at neighbours."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        blurred = functional.avg_pool2d(prediction - target, 3, 1, 1)
        return blurred.square().mean() + (prediction.std() - target.std()).abs()


class Windows(Loss):
    """Leaves out each window of 3×3 that touches an invalid pixel."""

    masked: ClassVar = "windows"

    def forward(self, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> Tensor:
        error = functional.avg_pool2d(prediction - target, 3, 1).square()
        if valid is None:
            return error.mean()
        kept = functional.max_pool2d((~valid).to(error.dtype), 3, 1) == 0
        # What is invalid must not even be averaged with a weight of 0, as NaN times 0 is NaN.
        clean = functional.avg_pool2d(torch.where(valid, prediction - target, 0), 3, 1).square()
        return torch.where(kept, clean, 0).sum() / (kept.sum() * error.shape[1]).clamp(min=1)


LOSSES = [kind(Config()) for kind in (L1, Mse, Structure, Windows)]


def images(seed: int = 0, size: tuple[int, int] = (7, 9)) -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(seed)
    shape = (3, 2, *size)
    prediction = torch.randn(shape, generator=random, dtype=torch.float64)
    target = torch.rand(shape, generator=random, dtype=torch.float64)
    valid = torch.rand(3, 1, *size, generator=random) > 0.3
    valid[1] = True
    return prediction, target, valid


@pytest.mark.parametrize("kind", [L1, Mse])
def test_value_and_gradient_are_those_of_a_loop_over_valid_pixels(kind: type[Loss]) -> None:
    prediction, target, valid = images()
    errors: list[float] = []
    for n in range(3):
        for c in range(2):
            for y in range(7):
                for x in range(9):
                    if valid[n, 0, y, x]:
                        errors.append(float(prediction[n, c, y, x]) - float(target[n, c, y, x]))
    expected = math.fsum(abs(e) if kind is L1 else e * e for e in errors) / len(errors)
    leaf = prediction.clone().requires_grad_()
    value = kind(Config())(leaf, target, valid)
    value.backward()
    assert value.item() == pytest.approx(expected, rel=1e-12)
    error = (prediction - target).numpy() * valid.numpy()
    slope = (np.sign(error) if kind is L1 else 2 * error) / len(errors)
    assert leaf.grad is not None
    np.testing.assert_allclose(leaf.grad.numpy(), slope, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
@pytest.mark.parametrize("value", [0.0, 1e6, float("nan"), float("inf")])
def test_what_invalid_pixels_hold_changes_neither_value_nor_gradient(loss: Loss, value: float) -> None:
    prediction, target, valid = images(1)
    found = []
    for held in (0.5, value):
        leaf = torch.where(valid, prediction, held).requires_grad_()
        cost = compared(loss, leaf, torch.where(valid, target, held), valid)
        cost.backward()
        assert leaf.grad is not None and not leaf.grad[(~valid).expand_as(leaf)].any()
        assert leaf.grad[valid.expand_as(leaf)].any()
        found.append((cost.detach(), leaf.grad))
    (cost, slope), (other_cost, other_slope) = found
    assert torch.equal(cost, other_cost) and torch.equal(slope, other_slope) and bool(cost.isfinite())


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_where_nothing_is_valid_the_loss_is_0_and_where_all_is_it_is_as_without_a_mask(loss: Loss) -> None:
    prediction, target, valid = images(2)
    leaf = prediction.requires_grad_()
    nothing = compared(loss, leaf, target, torch.zeros_like(valid))
    nothing.backward()
    assert nothing.item() == 0 and leaf.grad is not None and not leaf.grad.nan_to_num(1).any()
    everything = compared(loss, leaf, target, torch.ones_like(valid))
    torch.testing.assert_close(everything, compared(loss, leaf, target, None), rtol=1e-12, atol=0)


def test_images_are_filled_with_the_targets_mean_of_each_image_and_channel() -> None:
    prediction, target, valid = images(3)
    for image in (prediction, target):
        found = filled(image, target, valid).numpy()
        for n in range(3):
            for c in range(2):
                mask = valid[n, 0].numpy()
                mean = math.fsum(target[n, c].numpy()[mask]) / mask.sum()
                np.testing.assert_allclose(found[n, c][~mask], mean, rtol=1e-12)
                assert np.array_equal(found[n, c][mask], image[n, c].numpy()[mask])
    assert filled(prediction, target, None) is prediction


@given(st.integers(1, 12), st.integers(1, 12), st.integers(1, 12), st.integers(1, 12), st.integers(0, 2**16))
@settings(max_examples=40, deadline=None)
def test_a_pixel_of_a_smaller_mask_is_valid_where_no_invalid_pixel_weighs_in_it(
    height: int, width: int, new_height: int, new_width: int, seed: int
) -> None:
    """By the formula, in whole fractions: torch itself is wrong for images that are made one pixel wide."""
    valid = torch.from_numpy(np.random.default_rng(seed).random((1, 1, height, width)) > 0.2)
    size = (min(height, new_height), min(width, new_width))
    rows, columns = weighing(height, size[0]), weighing(width, size[1])
    expected = [[bool(valid[0, 0][row][:, column].all()) for column in columns] for row in rows]
    assert resized(valid, size)[0, 0].tolist() == expected


def weighing(old: int, new: int) -> list[list[int]]:
    """For each pixel of a smaller axis those of the larger one that are within the reach of an antialiased triangle."""
    step = Fraction(old, new)
    centres = [(place + Fraction(1, 2)) * step for place in range(new)]
    return [[place for place in range(old) if abs(place + Fraction(1, 2) - centre) < step] for centre in centres]


def test_what_weighs_in_a_smaller_pixel_is_what_torch_lets_weigh() -> None:
    for old in range(1, 13):
        for new in range(1, old + 1):
            alone = torch.eye(old, dtype=torch.float64)[:, None, :, None].expand(-1, -1, -1, 2)
            shares = functional.interpolate(alone, (new, 2), mode="bilinear", antialias=True, align_corners=False)
            found = [[place for place in range(old) if shares[place, 0, row, 0] > 1e-12] for row in range(new)]
            assert found == weighing(old, new)


def test_a_smaller_mask_also_covers_what_means_over_areas_look_at() -> None:
    valid = images(4, (16, 20))[2]
    for pooled in (functional.avg_pool2d, lambda x, *_: functional.avg_pool2d(x, 3, 2, 1, count_include_pad=False)):
        touched = pooled((~valid).double(), 2) > 0
        small = resized(valid, (touched.shape[2], touched.shape[3]))
        assert not (small & touched).any() and small.any()


def test_a_mask_of_the_size_of_the_target_is_not_touched() -> None:
    _, target, valid = images()
    assert mask_for(target, valid) is valid and mask_for(target, None) is None


@pytest.mark.parametrize(
    "wrong", [torch.ones(2, 1, 7, 9, dtype=torch.bool), torch.ones(3, 7, 9, dtype=torch.bool), torch.ones(3, 1, 7, 9)]
)
def test_a_mask_that_is_not_of_these_images_is_refused(wrong: Tensor) -> None:
    with pytest.raises(SpectraError, match=r"does not fit a target of \(3, 2, 7, 9\)"):
        mask_for(images()[1], wrong)


def test_shapes_that_torch_would_broadcast_are_refused() -> None:
    prediction, target, valid = images()
    for loss in LOSSES[:2]:
        with pytest.raises(SpectraError, match="A mask of"):
            loss(prediction, target, valid[:1])
    with pytest.raises(SpectraError, match="cannot be filled"):
        filled(prediction, target[:, :1], valid)
