"""The layers of Pix2Next's U-Net, against the formulas written out with torch's plain functions and with loops."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as some
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from spectra_pix2next.activated import activated_convolution
from spectra_pix2next.head import Head, OutputBlock, StandardisedConvolution
from spectra_pix2next.residual import Residual, group_norm
from spectra_pix2next.sampling import Down, Up
from tests.plugins.redrawn import drawn, redrawn


def normed(x: Tensor, groups: int, eps: float) -> Tensor:
    """Each group of channels of each image at mean 0 and variance 1."""
    out = torch.empty_like(x)
    size = x.shape[1] // groups
    for n in range(len(x)):
        for group in range(groups):
            part = x[n, group * size : (group + 1) * size]
            variance = ((part - part.mean()) ** 2).mean()
            out[n, group * size : (group + 1) * size] = (part - part.mean()) / (variance + eps).sqrt()
    return out


def silu(x: Tensor) -> Tensor:
    return x / (1 + (-x).exp())


def plain(x: Tensor, groups: int, eps: float, affine: tuple[Tensor, Tensor] | None, *convolution: Tensor) -> Tensor:
    """What `activated_convolution` is to compute, out of parts that autograd knows."""
    gamma, beta = affine or (None, None)
    return functional.conv2d(
        functional.silu(functional.group_norm(x, groups, gamma, beta, eps)), *convolution, padding=1
    )


def gradients(answer: Tensor, given: list[Tensor]) -> list[Tensor | None]:
    return list(torch.autograd.grad((answer * drawn(*answer.shape, seed=9)).sum(), given, allow_unused=True))


@pytest.mark.parametrize(("source", "target"), [(8, 8), (8, 12)])
def test_a_residual_block_is_its_formula(source: int, target: int) -> None:
    block, x = redrawn(Residual(source, target, groups=4)), drawn(2, source, 5, 7)

    def branch(x: Tensor, norm: nn.GroupNorm, convolution: nn.Conv2d) -> Tensor:
        a = normed(x, 4, 1e-5) * norm.weight[:, None, None] + norm.bias[:, None, None]
        return functional.conv2d(silu(a), convolution.weight, convolution.bias, padding=1)

    expected = branch(branch(x, block.norm, block.conv_feature), block.norm_merged, block.conv_merged)
    if source == target:
        expected = expected + x
    else:
        kernel = block.residual_layer.weight[:, :, 0, 0]
        expected = expected + torch.einsum("oc,nchw->nohw", kernel, x) + block.residual_layer.bias[:, None, None]
    torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-10)
    with torch.no_grad():
        torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-10)


def test_a_residual_block_leaves_what_it_is_given_as_it_is() -> None:
    block, x = redrawn(Residual(8, 8, groups=4)), drawn(1, 8, 4, 4)
    before = x.clone()
    with torch.inference_mode():
        block(x)
    assert torch.equal(x, before)


@given(some.integers(1, 64), some.integers(1, 256))
@settings(max_examples=60, deadline=None)
def test_groups_are_the_greatest_number_that_divides_the_channels(most: int, channels: int) -> None:
    divisors = [n for n in range(1, most + 1) if channels % n == 0]
    assert group_norm(most, channels).num_groups == max(divisors)


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("fixed", ["", "x", "norm", "kernel"])
def test_an_activated_convolution_has_the_gradients_of_its_parts(affine: bool, fixed: str) -> None:
    x, kernel, bias = drawn(2, 6, 5, 4), drawn(4, 6, 3, 3, seed=2), drawn(4, seed=3)
    norm = (drawn(6, seed=4), drawn(6, seed=5)) if affine else None
    learnt = {"x": [x], "kernel": [kernel, bias], "norm": [*(norm or ())]}
    leaves = [t.requires_grad_() for name, tensors in learnt.items() for t in tensors if name != fixed]
    for groups in (2, 6):
        own = activated_convolution(x, groups, 1e-3, norm, kernel, bias)
        expected = plain(x, groups, 1e-3, norm, kernel, bias)
        torch.testing.assert_close(own, expected, rtol=0, atol=1e-12)
        for found, right in zip(gradients(own, leaves), gradients(expected, leaves), strict=True):
            torch.testing.assert_close(found, right, rtol=1e-9, atol=1e-10)


def test_an_activated_convolution_keeps_one_map_for_the_way_back() -> None:
    x, kernel, bias = drawn(1, 8, 16, 16), drawn(8, 8, 3, 3), drawn(8)
    affine = drawn(8), drawn(8)

    def kept(convolve: Callable[..., Tensor]) -> int:
        maps: dict[int, int] = {}

        def pack(tensor: Tensor) -> Tensor:
            maps[tensor.data_ptr()] = tensor.numel() // x.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
            convolve(x.clone().requires_grad_(), 4, 1e-5, affine, kernel.requires_grad_(), bias)
        return sum(maps.values())

    assert (kept(activated_convolution), kept(plain)) == (1, 3)


def test_a_compiled_block_is_the_same() -> None:
    block, x = redrawn(Residual(8, 8, groups=4)), drawn(1, 8, 6, 6)
    compiled, learnt = torch.compile(block, backend="eager"), list(block.parameters())
    torch.testing.assert_close(compiled(x), block(x), rtol=0, atol=1e-11)
    for found, right in zip(gradients(compiled(x), learnt), gradients(block(x), learnt), strict=True):
        torch.testing.assert_close(found, right, rtol=1e-9, atol=1e-9)


def test_an_activated_convolution_may_be_computed_again_in_whole() -> None:
    block, x = redrawn(Residual(8, 8, groups=4)), drawn(1, 8, 6, 6)
    learnt = list(block.parameters())
    for found, right in zip(
        gradients(checkpoint(block, x, use_reentrant=False), learnt), gradients(block(x), learnt), strict=True
    ):
        torch.testing.assert_close(found, right, rtol=0, atol=0)


def test_in_bf16_an_activated_convolution_is_near_and_its_gradients_are_those_of_float_parameters() -> None:
    block, x = redrawn(Residual(16, 16, groups=4)), drawn(1, 16, 12, 12)
    learnt = list(block.parameters())
    exact, right = block(x), gradients(block(x), learnt)
    block.float()
    with torch.autocast("cpu", torch.bfloat16):
        answer = block(x.bfloat16())
    assert answer.dtype == torch.bfloat16
    assert (answer - exact).norm() < 0.02 * exact.norm()
    for found, other in zip(gradients(answer, list(block.parameters())), right, strict=True):
        assert found is not None and other is not None
        assert found.dtype == torch.float32
        assert (found - other).norm() < 0.05 * other.norm()


@pytest.mark.parametrize("size", [(2, 2), (4, 6), (10, 2)])
def test_down_puts_pixels_into_channels_and_convolves(size: tuple[int, int]) -> None:
    layer, x = redrawn(Down(3)), drawn(2, 3, *size)
    deep = torch.empty(2, 12, size[0] // 2, size[1] // 2, dtype=torch.float64)
    for c in range(3):
        for dy in (0, 1):
            for dx in (0, 1):
                deep[:, 4 * c + 2 * dy + dx] = x[:, c, dy::2, dx::2]
    convolution = layer.downsample_conv
    expected = functional.conv2d(deep, convolution.weight, convolution.bias, padding=1)
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (3, 2), (5, 7)])
@pytest.mark.parametrize("format", [torch.contiguous_format, torch.channels_last])
def test_up_is_each_pixel_four_times_and_a_convolution(size: tuple[int, int], format: torch.memory_format) -> None:
    layer, x = redrawn(Up(3)), drawn(2, 3, *size).contiguous(memory_format=format).requires_grad_()
    convolution, learnt = layer.upsample_conv, [x, *layer.parameters()]
    doubled = x.repeat_interleave(2, -1).repeat_interleave(2, -2)
    expected = functional.conv2d(doubled, convolution.weight, convolution.bias, padding=1)
    torch.testing.assert_close(layer(x), expected, rtol=0, atol=1e-12)
    for found, right in zip(gradients(layer(x), learnt), gradients(expected, learnt), strict=True):
        torch.testing.assert_close(found, right, rtol=0, atol=1e-11)


def test_up_sums_its_kernels_in_float() -> None:
    layer = Up(4)
    with torch.no_grad():
        layer.upsample_conv.weight.fill_(1 / 3)
    with torch.autocast("cpu", torch.bfloat16):
        inner = layer(torch.ones(1, 4, 6, 6)).float()[:, :, 2:-2, 2:-2] - layer.upsample_conv.bias[:, None, None]
    assert (inner - 12).abs().max() < 12 * 2**-7  # four sums of weights, each rounded once


def standardised(kernel: Tensor) -> Tensor:
    out = torch.empty_like(kernel)
    for place, one in enumerate(kernel):
        deviation = (((one - one.mean()) ** 2).sum() / (one.numel() - 1)).sqrt()
        out[place] = (one - one.mean()) / (deviation + 1e-5)
    return out


@pytest.mark.parametrize("learns", [True, False])
def test_the_output_block_is_its_formula(learns: bool) -> None:
    block, x = redrawn(OutputBlock(6, 4)), drawn(2, 6, 5, 7)
    h = x
    for half in (block.block1, block.block2):
        h = functional.conv2d(h, standardised(half.proj.weight), half.proj.bias, padding=1)
        h = silu(normed(h, 4, 1e-5))
    expected = h + functional.conv2d(x, block.residual_layer.weight, block.residual_layer.bias)
    with torch.set_grad_enabled(learns):
        torch.testing.assert_close(block(x), expected, rtol=0, atol=1e-11)


def test_a_kernel_is_standardised_in_float_under_bf16() -> None:
    layer = StandardisedConvolution(4, 4)
    expected = standardised(layer.weight.detach().double())
    with torch.autocast("cpu", torch.bfloat16):
        found = layer.standardised()
    assert found.dtype == torch.float32
    assert (found - expected).abs().max() < 1e-5
    low = layer.to(torch.bfloat16).standardised()
    assert low.dtype == torch.float32
    assert (low - standardised(layer.weight.detach().double())).abs().max() < 1e-5


@pytest.mark.parametrize("output", ["linear", "tanh"])
def test_the_image_is_float_and_finer_than_bf16(output: str) -> None:
    head = Head(8, 3, output)  # type: ignore[arg-type]
    x, stem = drawn(1, 8, 8, 8).bfloat16(), drawn(1, 8, 8, 8, seed=2).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        image = head(x, stem)
    assert image.dtype == torch.float32
    assert (image != image.bfloat16()).float().mean() > 0.9


def test_the_head_sees_the_last_features_first_then_those_of_the_stem() -> None:
    head = redrawn(Head(4, 2, "linear"))
    x, stem = drawn(1, 4, 6, 6), drawn(1, 4, 6, 6, seed=2)
    features = head.block(torch.cat([x, stem], 1))
    expected = functional.conv2d(features, head.conv.weight, head.conv.bias, padding=1)
    torch.testing.assert_close(head(x, stem), expected, rtol=0, atol=1e-12)
    bounded = Head(4, 2, "tanh").double()
    bounded.load_state_dict(head.state_dict())
    torch.testing.assert_close(bounded(x, stem), expected.tanh(), rtol=0, atol=1e-12)
