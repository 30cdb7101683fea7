"""DCNv3 against its formula, written as a loop, and against torchvision's deformable convolution."""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional
from torchvision import ops

from spectra_pix2next.extractors import deformed as module
from spectra_pix2next.extractors.by_bags import AT_ONCE, by_bags
from spectra_pix2next.extractors.by_grid import by_grid
from spectra_pix2next.extractors.dcnv3 import DCNv3
from spectra_pix2next.extractors.deformed import deformed

OPS: Any = ops  # which has no types
Inputs = tuple[Tensor, Tensor, Tensor]
Core = Callable[[Tensor, Tensor, Tensor, float], Tensor]


def moved(offsets: Tensor, scale: float) -> Tensor:
    steps = torch.arange(-1, 2, dtype=offsets.dtype)
    return scale * (torch.cartesian_prod(steps, steps) + offsets)


CORES: dict[str, Core] = {
    "bags": lambda values, offsets, mask, scale: by_bags(values, moved(offsets, scale), mask),
    "grid": lambda values, offsets, mask, scale: by_grid(values, moved(offsets, scale), mask),
    "chosen": deformed,
}
every = pytest.mark.parametrize("core", CORES.values(), ids=CORES)


def drawn(
    n: int = 2, h: int = 5, w: int = 7, groups: int = 2, channels: int = 3, spread: float = 1.5, fine: bool = True
) -> Inputs:
    torch.manual_seed(0)
    kind = torch.float64 if fine else torch.float32
    values = torch.randn(n, h, w, groups * channels, dtype=kind)
    offsets = spread * torch.randn(n, h, w, groups, 9, 2, dtype=kind)
    return values, offsets, torch.randn(n, h, w, groups, 9, dtype=kind).softmax(-1)


def learned(inputs: Inputs, asked: tuple[bool, bool, bool] = (True, True, True)) -> Inputs:
    values, offsets, mask = (it.requires_grad_(on) for it, on in zip(inputs, asked, strict=True))
    return values, offsets, mask


def pixel(values: Tensor, x: int, y: int) -> Tensor:
    inside = 0 <= y < values.shape[0] and 0 <= x < values.shape[1]
    return values[y, x] if inside else torch.zeros_like(values[0, 0])


def bilinear(values: Tensor, x: float, y: float) -> Tensor:
    left, top = floor(x), floor(y)
    across, down = x - left, y - top
    above = (1 - across) * pixel(values, left, top) + across * pixel(values, left + 1, top)
    below = (1 - across) * pixel(values, left, top + 1) + across * pixel(values, left + 1, top + 1)
    return (1 - down) * above + down * below


def by_loop(values: Tensor, offsets: Tensor, mask: Tensor, scale: float) -> Tensor:
    """Sum over k of mask · sample at p + s · (g_k + offset_k), where g_k = (i_x - 1, i_y - 1), k = 3 · i_x + i_y."""
    n, h, w, groups = mask.shape[:4]
    split = values.view(n, h, w, groups, -1)
    result = torch.zeros_like(split)
    for image, y, x, group in torch.cartesian_prod(*(torch.arange(length) for length in (n, h, w, groups))).tolist():
        for k in range(9):
            across, down = offsets[image, y, x, group, k].tolist()
            place = x + scale * (k // 3 - 1 + across), y + scale * (k % 3 - 1 + down)
            sample = bilinear(split[image, :, :, group], *place)
            result[image, y, x, group] += mask[image, y, x, group, k] * sample
    return result.view_as(values)


def by_torchvision(values: Tensor, offsets: Tensor, mask: Tensor, scale: float) -> Tensor:
    """Its points run along y first, its pairs are y, x, and its lattice does not grow with the scale."""
    n, h, w, groups = mask.shape[:4]
    grown = moved(offsets, scale) - moved(torch.zeros_like(offsets), 1.0)
    pairs = grown.view(n, h, w, groups, 3, 3, 2).flip(-1).transpose(4, 5).reshape(n, h, w, -1).permute(0, 3, 1, 2)
    shares = mask.view(n, h, w, groups, 3, 3).transpose(4, 5).reshape(n, h, w, -1).permute(0, 3, 1, 2)
    ones = torch.ones(values.shape[-1], 1, 3, 3, dtype=values.dtype)
    maps = values.permute(0, 3, 1, 2).contiguous()
    result: Tensor = OPS.deform_conv2d(maps, pairs.contiguous(), ones, padding=1, mask=shares.contiguous())
    return result.permute(0, 2, 3, 1)


@every
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize(("h", "w"), [(5, 7), (1, 4), (3, 1)])
def test_it_is_the_formula(core: Core, scale: float, h: int, w: int) -> None:
    inputs = drawn(h=h, w=w)
    found = core(*inputs, scale)
    assert found.dtype == torch.float64
    assert torch.allclose(found, by_loop(*inputs, scale), atol=1e-12)


@every
@pytest.mark.parametrize("scale", [1.0, 2.0])
@pytest.mark.parametrize("spread", [1.5, 40.0])
def test_it_is_a_deformable_convolution_of_ones(core: Core, scale: float, spread: float) -> None:
    inputs = drawn(h=13, w=10, groups=3, channels=4, spread=spread)
    assert torch.allclose(core(*inputs, scale), by_torchvision(*inputs, scale), atol=1e-11)


@every
@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_its_gradients_are_those_of_a_deformable_convolution(core: Core, scale: float) -> None:
    inputs = learned(drawn(h=13, w=24, groups=3, channels=4))
    assert inputs[2].numel() // 9 > AT_ONCE  # several pieces
    gradient = torch.randn_like(inputs[0])
    found = torch.autograd.grad(core(*inputs, scale), inputs, gradient)
    expected = torch.autograd.grad(by_torchvision(*inputs, scale), inputs, gradient)
    for one, other in zip(found, expected, strict=True):
        assert torch.quantile((one - other).abs().flatten(), 0.99) < 1e-10
        assert one.abs().max() > 0.1


def test_its_gradients_are_those_of_small_differences() -> None:
    inputs = learned(drawn(n=1, h=3, w=2, groups=1, channels=2))
    assert torch.autograd.gradcheck(lambda a, b, c: CORES["bags"](a, b, c, 1.0), inputs, eps=1e-7, atol=1e-5)


@pytest.mark.parametrize("asked", [(True, False, False), (False, True, False), (False, False, True)])
def test_only_gradients_that_are_asked_for_are_needed(asked: tuple[bool, bool, bool]) -> None:
    inputs = learned(drawn(), asked)
    wanted = [it for it in inputs if it.requires_grad]
    found, expected = (torch.autograd.grad(CORES[name](*inputs, 1.0).sum(), wanted)[0] for name in ("bags", "grid"))
    assert torch.allclose(found, expected, atol=1e-11)


def test_in_single_precision_both_ways_agree() -> None:
    inputs = drawn(h=31, w=30, fine=False)
    assert torch.allclose(CORES["bags"](*inputs, 1.0), CORES["grid"](*inputs, 1.0), atol=5e-5)


def test_far_away_there_is_nothing_and_no_gradient() -> None:
    values, offsets, mask = learned(drawn(spread=0.0))
    result = deformed(values, offsets + 1e20, mask)
    assert not result.any()
    assert not any(it.any() for it in torch.autograd.grad(result.sum(), [values, offsets, mask]))


def test_what_is_not_a_number_shows_where_it_is_and_breaks_nothing() -> None:
    values, offsets, mask = drawn(groups=3)
    offsets[1, 2, 3, 0, 4] = torch.nan
    broken = deformed(values, offsets, mask).isnan()
    assert broken[1, 2, 3, :3].all() and broken.sum() == 3


@given(st.floats(-3, 3), st.integers(2, 6), st.integers(2, 6), st.integers(0, 9))
@settings(max_examples=25, deadline=None)
def test_a_constant_map_stays_constant_where_all_points_lie_inside(level: float, h: int, w: int, seed: int) -> None:
    drawing = torch.Generator().manual_seed(seed)
    places = torch.rand(1, h, w, 1, 9, 2, generator=drawing, dtype=torch.float64) * torch.tensor([w - 1, h - 1])
    y, x = torch.meshgrid(torch.arange(h), torch.arange(w), indexing="ij")
    offsets = places - torch.stack([x, y], -1)[:, :, None, None] - moved(torch.zeros_like(places), 1.0)
    mask = torch.rand(1, h, w, 1, 9, generator=drawing, dtype=torch.float64).softmax(-1)
    values = torch.full((1, h, w, 2), level, dtype=torch.float64)
    assert torch.allclose(deformed(values, offsets, mask), values, atol=1e-12)


@given(st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))
@settings(max_examples=20, deadline=None)
def test_without_offsets_it_is_an_average_by_the_mask(h: int, w: int, groups: int) -> None:
    values, offsets, mask = drawn(n=1, h=h, w=w, groups=groups, spread=0.0)
    padded = functional.pad(values, (0, 0, 1, 1, 1, 1)).view(1, h + 2, w + 2, groups, -1)
    windows = [padded[:, k % 3 : k % 3 + h, k // 3 : k // 3 + w] * mask[..., k, None] for k in range(9)]
    assert torch.allclose(deformed(values, offsets, mask), torch.stack(windows).sum(0).view_as(values), atol=1e-12)


def layer(channels: int = 6, groups: int = 2, scale: float = 1.0) -> DCNv3:
    torch.manual_seed(0)
    made = DCNv3(channels, groups, scale)
    for part in (made.offset, made.mask):
        torch.nn.init.normal_(part.weight)
    return made


def test_a_fresh_layer_is_a_three_by_three_average() -> None:
    fresh, x = DCNv3(4, 2), torch.randn(1, 5, 4, 4)
    maps = fresh.input_proj(x).permute(0, 3, 1, 2)
    average = functional.avg_pool2d(maps, 3, stride=1, padding=1).permute(0, 2, 3, 1)
    assert torch.allclose(fresh(x), fresh.output_proj(average), atol=1e-6)


def test_the_scale_and_the_groups_change_what_comes_out() -> None:
    x = torch.randn(1, 5, 4, 6)
    assert not torch.allclose(layer()(x), layer(scale=2.0)(x), atol=1e-3)
    assert not torch.allclose(layer()(x), layer(groups=3)(x), atol=1e-3)


def test_under_bfloat16_samples_and_sums_are_in_single_precision(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[torch.dtype] = set()

    def watched(*given: Tensor) -> Tensor:
        result = by_bags(*given)
        seen.update(it.dtype for it in (*given, result))
        return result

    monkeypatch.setattr(module, "by_bags", watched)
    x = torch.randn(1, 6, 5, 6)
    exact = layer()(x)
    with torch.autocast("cpu", torch.bfloat16):
        found = layer()(x)
    assert found.dtype == torch.bfloat16 and seen == {torch.float32}
    assert torch.allclose(found.float(), exact, atol=0.05)


def test_double_precision_stays_double() -> None:
    made, x = layer().double(), torch.randn(1, 4, 3, 6, dtype=torch.float64)
    assert made(x).dtype == torch.float64
    assert (made(x) - layer()(x.float())).abs().max() < 1e-5
