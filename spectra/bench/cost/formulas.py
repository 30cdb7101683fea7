"""Multiply-adds of torch's operators, from the shapes of what they take and give."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from torch import Tensor

Formula = Callable[[Sequence[Any], Any], int]
"""Takes the arguments of an operator and its first result."""


def _convolution(arguments: Sequence[Any], result: Any) -> int:
    """Each weight meets each pixel of the result; of a transposed convolution, each pixel of the source."""
    source, weight = arguments[:2]
    pixels = source if arguments[6] else result
    return int(weight.numel() * len(pixels) * prod(pixels.shape[2:]))


def _deformable(arguments: Sequence[Any], result: Any) -> int:
    return int(arguments[1].numel() * len(result) * prod(result.shape[2:]))


def _product(place: int) -> Formula:
    """Of the matrices at ``place`` and behind it, single or in batches."""
    return lambda arguments, result: int(arguments[place].numel() * arguments[place + 1].shape[-1])


def _vectors(place: int) -> Formula:
    """Of a matrix or vector at ``place`` with the vector behind it."""
    return lambda arguments, result: int(arguments[place].numel())


def _linear(arguments: Sequence[Any], result: Any) -> int:
    source, weight = arguments[:2]
    return int(weight.numel() * prod(source.shape[:-1]))


def _attention(arguments: Sequence[Any], result: Any) -> int:
    """Query by key and weights by value, of every pair of places: whatever a mask leaves out."""
    query, key, value = arguments[:3]
    return int(prod(result.shape[:-1]) * key.shape[-2] * (query.shape[-1] + value.shape[-1]))


def _recurrent(arguments: Sequence[Any], result: Any) -> int:
    """Each weight meets each moment of each sequence. Biases are vectors."""
    moments = prod(arguments[0].shape[:-1])
    given = arguments[1] if isinstance(arguments[1], list | tuple) else arguments[1:5]
    return int(moments * sum(it.numel() for it in given if isinstance(it, Tensor) and it.ndim == 2))


FORMULAS: Mapping[str, Formula] = {
    "aten::convolution": _convolution,
    "aten::_convolution": _convolution,
    "aten::convolution_overrideable": _convolution,
    "torchvision::deform_conv2d": _deformable,
    "aten::linear": _linear,
    "aten::mm": _product(0),
    "aten::bmm": _product(0),
    "aten::_int_mm": _product(0),
    "aten::_scaled_mm": _product(0),
    "aten::addmm": _product(1),
    "aten::_addmm_activation": _product(1),
    "aten::addbmm": _product(1),
    "aten::baddbmm": _product(1),
    "aten::mv": _vectors(0),
    "aten::dot": _vectors(0),
    "aten::vdot": _vectors(0),
    "aten::addmv": _vectors(1),
    "aten::scaled_dot_product_attention": _attention,
    "aten::_scaled_dot_product_flash_attention": _attention,
    "aten::_scaled_dot_product_flash_attention_for_cpu": _attention,
    "aten::_scaled_dot_product_efficient_attention": _attention,
    "aten::_scaled_dot_product_cudnn_attention": _attention,
    "aten::_scaled_dot_product_fused_attention_overrideable": _attention,
    "aten::mkldnn_rnn_layer": _recurrent,
    "aten::_cudnn_rnn": _recurrent,
    "aten::miopen_rnn": _recurrent,
}
