"""Floating-point operations, against formulas by hand, torch's own counter, and what torchvision has published."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

from spectra.bench.cost.count import ELEMENTWISE, counted

rand = torch.rand
IMAGE = (2, 8, 16, 20)


def attended(queries: int, keys: int, width: int, given: int, **said: bool | Tensor) -> Tensor:
    shapes = (2, 4, queries, width), (2, 4, keys, width), (2, 4, keys, given)
    return functional.scaled_dot_product_attention(*map(rand, shapes), **said)  # type: ignore[arg-type]


# Each with the number of its multiply-adds: results × what is summed for each of them.
BY_HAND: dict[str, tuple[Callable[[], object], int]] = {
    "convolution": (lambda: functional.conv2d(rand(IMAGE), rand(12, 8, 3, 3)), 2 * 12 * 14 * 18 * 8 * 9),
    "with a bias": (lambda: functional.conv2d(rand(IMAGE), rand(12, 8, 3, 3), rand(12)), 2 * 12 * 14 * 18 * 8 * 9),
    "grouped": (lambda: functional.conv2d(rand(IMAGE), rand(12, 2, 3, 3), groups=4), 2 * 12 * 14 * 18 * 2 * 9),
    "depthwise": (lambda: functional.conv2d(rand(IMAGE), rand(8, 1, 3, 3), groups=8), 2 * 8 * 14 * 18 * 9),
    "dilated": (lambda: functional.conv2d(rand(IMAGE), rand(12, 8, 3, 3), dilation=2), 2 * 12 * 12 * 16 * 8 * 9),
    "strided": (lambda: functional.conv2d(rand(IMAGE), rand(12, 8, 3, 3), stride=2), 2 * 12 * 7 * 9 * 8 * 9),
    "padded": (
        lambda: functional.conv2d(rand(IMAGE), rand(12, 8, 3, 5), padding="same"),
        2 * 12 * 16 * 20 * 8 * 15,
    ),
    "without a batch": (lambda: functional.conv2d(rand(IMAGE[1:]), rand(12, 8, 3, 3)), 12 * 14 * 18 * 8 * 9),
    "of one dimension": (lambda: functional.conv1d(rand(2, 8, 16), rand(12, 8, 3)), 2 * 12 * 14 * 8 * 3),
    "of three dimensions": (
        lambda: functional.conv3d(rand(2, 4, 6, 7, 8), rand(5, 4, 3, 3, 3)),
        2 * 5 * (4 * 5 * 6) * 4 * 27,
    ),
    "transposed": (
        lambda: functional.conv_transpose2d(rand(IMAGE), rand(8, 12, 3, 3), stride=2, padding=1, output_padding=1),
        2 * 8 * 16 * 20 * 12 * 9,
    ),
    "transposed, grouped, dilated": (
        lambda: functional.conv_transpose2d(rand(IMAGE), rand(8, 3, 3, 3), stride=2, groups=4, dilation=2),
        2 * 8 * 16 * 20 * 3 * 9,
    ),
    "deformable": (
        lambda: torchvision.ops.deform_conv2d(rand(IMAGE), rand(2, 18, 14, 18), rand(12, 8, 3, 3)),
        2 * 12 * 14 * 18 * 8 * 9,
    ),
    "as a product": (lambda: rand(12, 72) @ functional.unfold(rand(IMAGE), 3), 2 * 12 * 14 * 18 * 8 * 9),
    "in half": (
        lambda: functional.conv2d(rand(IMAGE).bfloat16(), rand(12, 8, 3, 3).bfloat16()),
        2 * 12 * 14 * 18 * 8 * 9,
    ),
    "linear": (lambda: functional.linear(rand(5, 7, 11), rand(13, 11), rand(13)), 35 * 13 * 11),
    "linear of a vector": (lambda: functional.linear(rand(11), rand(13, 11)), 13 * 11),
    "product": (lambda: rand(5, 6) @ rand(6, 7), 5 * 7 * 6),
    "product in place": (lambda: rand(5, 7).addmm_(rand(5, 6), rand(6, 7)), 5 * 7 * 6),
    "products": (lambda: rand(2, 3, 5, 6) @ rand(2, 3, 6, 7), 6 * 5 * 7 * 6),
    "products, broadcast": (lambda: rand(2, 3, 5, 6) @ rand(6, 7), 6 * 5 * 7 * 6),
    "bmm": (lambda: torch.bmm(rand(4, 5, 6), rand(4, 6, 7)), 4 * 5 * 7 * 6),
    "baddbmm": (lambda: torch.baddbmm(rand(4, 5, 7), rand(4, 5, 6), rand(4, 6, 7)), 4 * 5 * 7 * 6),
    "addbmm": (lambda: torch.addbmm(rand(5, 7), rand(4, 5, 6), rand(4, 6, 7)), 4 * 5 * 7 * 6),
    "matrix by vector": (lambda: rand(5, 6) @ rand(6), 5 * 6),
    "addmv": (lambda: torch.addmv(rand(5), rand(5, 6), rand(6)), 5 * 6),
    "vector by vector": (lambda: rand(6) @ rand(6), 6),
    "einsum": (lambda: torch.einsum("bchw,bkhw->bck", rand(2, 3, 4, 5), rand(2, 6, 4, 5)), 2 * 3 * 6 * 20),
    "tensordot": (lambda: torch.tensordot(rand(3, 4, 5), rand(4, 5, 6), dims=2), 3 * 6 * 20),
    "complex": (lambda: rand(5, 6).cfloat() @ rand(6, 7).cfloat(), 4 * 5 * 7 * 6),
    "attention": (lambda: attended(9, 11, 8, 8), 2 * 4 * 9 * 11 * (8 + 8)),
    "attention to other values": (lambda: attended(9, 11, 8, 6), 2 * 4 * 9 * 11 * (8 + 6)),
    "attention with a mask": (lambda: attended(9, 11, 8, 8, attn_mask=rand(9, 11)), 2 * 4 * 9 * 11 * (8 + 8)),
    "causal attention": (lambda: attended(9, 9, 8, 8, is_causal=True), 2 * 4 * 9 * 9 * (8 + 8)),
    "gru": (lambda: nn.GRU(8, 6)(rand(5, 2, 8)), 5 * 2 * 3 * 6 * (8 + 6)),
    "lstm": (lambda: nn.LSTM(8, 6, bidirectional=True)(rand(5, 2, 8)), 2 * 5 * 2 * 4 * 6 * (8 + 6)),
    "lstm of two layers": (lambda: nn.LSTM(8, 6, 2)(rand(5, 2, 8)), 5 * 2 * 4 * 6 * (8 + 6 + 6 + 6)),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_each_multiply_add_is_two_operations(name: str) -> None:
    work, multiply_adds = BY_HAND[name]
    assert counted(work).operations == 2 * multiply_adds


# What torch's counter has no formula for, or counts as if it were real.
ALONE = {
    "addbmm",
    "addmv",
    "complex",
    "deformable",
    "lstm",
    "lstm of two layers",
    "matrix by vector",
    "product in place",
    "vector by vector",
}


@pytest.mark.parametrize("name", sorted(BY_HAND.keys() - ALONE))
def test_counts_are_those_of_torch(name: str) -> None:
    work, _ = BY_HAND[name]
    with FlopCounterMode(display=False) as theirs:
        work()
    assert counted(work).operations == theirs.get_total_flops()


@pytest.mark.parametrize("mode", [True, False])
@pytest.mark.parametrize("weights", [True, False])
def test_the_attention_of_torch_is_counted_in_its_fused_form_too(mode: bool, weights: bool) -> None:
    layer = nn.MultiheadAttention(8, 2, batch_first=True).train(mode)
    found = counted(lambda: layer(*[rand(2, 9, 8)] * 3, need_weights=weights))
    assert found.operations == 2 * (2 * 9 * 8 * 8 * 4 + 2 * 9 * 9 * (8 + 8))
    assert torch.backends.mha.get_fastpath_enabled()


def test_a_transformer_layer_is_counted_in_eval_mode() -> None:
    layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval()
    products = 2 * 9 * 8 * 8 * 4 + 2 * 9 * 9 * (8 + 8) + 2 * 9 * 8 * 16 * 2
    assert counted(lambda: layer(rand(2, 9, 8))).operations == 2 * products


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16", "densenet121", "mobilenet_v2", "vit_b_16", "swin_t"])
def test_networks_of_torchvision_have_their_published_cost(name: str) -> None:
    """It publishes multiply-adds, in thousand millions, rounded to three places."""
    published = torchvision.models.get_model_weights(name).DEFAULT.meta
    with torch.device("meta"):
        network = torchvision.models.get_model(name).eval()
        found = counted(lambda: network(rand(1, 3, 224, 224)))
    assert sum(it.numel() for it in network.parameters()) == published["num_params"]
    assert found.operations / 2e9 == pytest.approx(published["_ops"], abs=6e-4)


def test_the_count_grows_with_the_batch_and_not_with_the_images() -> None:
    layer = nn.Conv2d(3, 4, 3)
    one, three = (counted(lambda n=n: layer(rand(n, 3, 9, 9))).operations for n in (1, 3))  # type: ignore[misc]
    assert three == 3 * one
    assert counted(lambda: layer(torch.zeros(1, 3, 9, 9))).operations == one


NOT_COUNTED: dict[str, tuple[Callable[[], object], set[str]]] = {
    "elementwise": (lambda: torch.relu(rand(3) * 2), {ELEMENTWISE}),
    "group norm": (lambda: functional.group_norm(rand(1, 4, 8, 8), 2), {"norms"}),
    "batch norm": (lambda: nn.BatchNorm2d(4).eval()(rand(1, 4, 8, 8)), {"norms"}),
    "instance norm": (lambda: functional.instance_norm(rand(1, 4, 8, 8)), {"norms"}),
    "layer norm": (lambda: functional.layer_norm(rand(3, 4), (4,)), {"norms"}),
    "interpolate": (
        lambda: functional.interpolate(rand(1, 3, 8, 8), (9, 9), mode="bilinear", antialias=True),
        {"resampling"},
    ),
    "max pool": (lambda: functional.max_pool2d(rand(1, 3, 8, 8), 2), {"pooling"}),
    "softmax": (lambda: functional.softmax(rand(3, 3), -1), {"softmax"}),
    "fft": (lambda: torch.fft.rfft2(rand(3, 8, 8)), {"Fourier transforms"}),
    "inverse": (lambda: torch.linalg.inv(torch.eye(3)), {"linear algebra"}),
    "bilinear": (lambda: functional.bilinear(rand(5, 3), rand(5, 4), rand(6, 3, 4)), {"_trilinear"}),
    "distances": (lambda: torch.cdist(rand(40, 4), rand(30, 4)), {"_euclidean_dist"}),
}


@pytest.mark.parametrize("name", NOT_COUNTED)
def test_what_is_not_counted_is_named(name: str) -> None:
    work, words = NOT_COUNTED[name]
    found = counted(work)
    assert found.operations == 0
    assert set(found.left_out) == words


def test_sampling_is_not_counted_and_named() -> None:
    """Of what torch makes of elementwise operators, both are told."""
    places = torch.zeros(1, 8, 8, 2)
    found = counted(lambda: functional.grid_sample(rand(1, 3, 8, 8), places, align_corners=False))
    assert found.operations == 0 and "grid_sample" in found.left_out
    found = counted(lambda: functional.interpolate(rand(1, 3, 8, 8), (9, 9), mode="bilinear"))
    assert found.operations == 0 and "resampling" in found.left_out


def test_an_operator_of_a_stranger_is_named() -> None:
    torch.library.define("stranger::mix", "(Tensor x) -> Tensor")
    torch.library.impl("stranger::mix", "CPU", lambda x: x + 1)
    found = counted(lambda: torch.ops.stranger.mix(rand(3)))
    assert "stranger::mix" in found.left_out


def test_a_fault_while_counting_leaves_torch_as_it_was() -> None:
    def work() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        counted(work)
    assert torch.backends.mha.get_fastpath_enabled()
    assert not torch.is_inference_mode_enabled()
