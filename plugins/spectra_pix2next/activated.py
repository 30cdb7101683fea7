"""Group norm, SiLU and a convolution as one step, of which only the input is kept for the way back."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional

from spectra_pix2next.precision import chosen, without_autocast

Affine = tuple[Tensor, Tensor] | None
"""Factor and summand of a norm, for each channel."""


def activated_convolution(x: Tensor, groups: int, eps: float, affine: Affine, kernel: Tensor, bias: Tensor) -> Tensor:
    """A convolution, padded to the same size, of the SiLU of the group norm of ``x``.

    What stands between is computed again on the way back: of the three maps that autograd would keep, one is left. In
    autocast all is in its low precision, with the norm's sums in float.
    """
    learns = torch.is_grad_enabled() and any(t.requires_grad for t in (x, kernel, bias, *(affine or ())))
    if learns and not torch.compiler.is_compiling():  # a compiler decides by itself what to keep
        answer: Tensor = _Activated.apply(x, kernel, bias, *(affine or (None, None)), groups, eps)
        return answer
    low = x.to(chosen(x))
    with without_autocast(x):
        return _convolved(_activated(low, affine, groups, eps), kernel, bias)


class _Activated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, kernel: Tensor, bias: Tensor, *norm: Any) -> Tensor:
        gamma, beta, ctx.groups, ctx.eps = norm
        ctx.precision = chosen(x)
        ctx.save_for_backward(x, gamma, beta, kernel)
        with without_autocast(x):
            a = _activated(x.to(ctx.precision), _affine(gamma, beta), ctx.groups, ctx.eps)
            return _convolved(a, kernel, bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        *given, kernel = ctx.saved_tensors
        leaves: list[Any] = [t if t is None else t.detach().requires_grad_(t.requires_grad) for t in given]
        x, gamma, beta = leaves
        learnt = [leaf for leaf in leaves if leaf is not None and leaf.requires_grad]
        with without_autocast(gradient):
            with torch.enable_grad():
                a = _activated(x.to(ctx.precision), _affine(gamma, beta), ctx.groups, ctx.eps)
            of_a, of_kernel, of_bias = _backward(gradient, a.detach(), kernel, bool(learnt), ctx.needs_input_grad)
            found = iter(torch.autograd.grad(a, learnt, of_a) if learnt else ())
        of_x, of_gamma, of_beta = (next(found) if leaf is not None and leaf.requires_grad else None for leaf in leaves)
        return of_x, of_kernel, of_bias, of_gamma, of_beta, None, None


def _affine(gamma: Tensor | None, beta: Tensor | None) -> Affine:
    return None if gamma is None or beta is None else (gamma, beta)


def _activated(x: Tensor, affine: Affine, groups: int, eps: float) -> Tensor:
    gamma, beta = affine or (None, None)
    if gamma is not None and beta is not None and x.device.type != "cpu":  # only there may their types differ
        gamma, beta = gamma.to(x.dtype), beta.to(x.dtype)
    return functional.silu(functional.group_norm(x, groups, gamma, beta, eps), inplace=not torch.is_grad_enabled())


def _convolved(x: Tensor, kernel: Tensor, bias: Tensor) -> Tensor:
    return functional.conv2d(x, kernel.to(x.dtype), bias.to(x.dtype), padding=kernel.shape[-1] // 2)


def _backward(
    gradient: Tensor, a: Tensor, kernel: Tensor, inward: bool, wanted: tuple[bool, ...]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Of the convolution: the gradients of what it was given, ``a`` only if it is to go ``inward``."""
    pad = [kernel.shape[-1] // 2] * 2
    of_a, of_kernel, of_bias = torch.ops.aten.convolution_backward(
        gradient, a, kernel.to(a.dtype), [len(kernel)], [1, 1], pad, [1, 1], False, [0, 0], 1, [inward, *wanted[1:3]]
    )
    return of_a, *(None if t is None else t.to(kernel.dtype) for t in (of_kernel, of_bias))
