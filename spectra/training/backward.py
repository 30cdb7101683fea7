"""Backward into one player's parameters, through the cuts that lead to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.stage import Cut, sources

Ready = Callable[[Tensor], None]
_STALE = ("modified by an inplace operation", "backward through the graph a second time")


class StaleGraph(SpectraError):
    """A term holds values of parameters that have changed since."""

    def __init__(self) -> None:
        super().__init__(
            "passes through a player that has stepped since it was computed: compute it after that player's yield. "
            "A term that is written as a function waits until its own player's turn."
        )


def backward(
    terms: Tensor | Sequence[Tensor],
    parameters: Sequence[Tensor],
    cuts: Sequence[Cut],
    others: Sequence[Tensor] = (),
    ready: Ready | None = None,
) -> None:
    """Add the gradient of the sum of ``terms`` to ``parameters``, and to nothing else.

    Every graph on the way, that of the terms and that behind each cut, is gone through once and freed, unless it also
    leads to ``others``: the parameters of the other players. Terms that do not lead there are freed before the graph
    behind the cuts is gone through. ``ready`` is told of each parameter once its gradient is complete.
    """
    ours, theirs = leading_to(parameters, cuts), _ids(others, leading_to(others, cuts))
    inputs = [*parameters, *(cut.leaf for cut in ours)]
    waiting = [cut.sources for cut in ours]
    kept, freed = _apart([terms] if isinstance(terms, Tensor) else terms, theirs)
    with _telling(parameters, waiting, ready):
        if kept:  # first: what both have in common is still there for the others
            waiting.append(frozenset().union(*map(sources, freed)))
            _run(kept, None, inputs, retain=True)
            waiting.pop()
        if freed:
            _run(freed, None, inputs, retain=False)
        for cut in reversed(ours):
            inputs.pop()
            waiting.pop()
            gradient, cut.leaf.grad = cut.leaf.grad, None
            if gradient is not None:
                _run([cut.original], [gradient], inputs, retain=not theirs.isdisjoint(cut.sources))


def _apart(terms: Sequence[Tensor], theirs: set[int]) -> tuple[list[Tensor], list[Tensor]]:
    """Terms that also lead to the others, and those that do not."""
    kept: list[Tensor] = []
    freed: list[Tensor] = []
    for term in terms:
        (freed if theirs.isdisjoint(sources(term)) else kept).append(term)
    return kept, freed


@contextmanager
def _telling(parameters: Sequence[Tensor], waiting: Sequence[frozenset[int]], ready: Ready | None) -> Iterator[None]:
    """Tell of a parameter that has its gradient, unless a graph that is still waiting leads to it as well."""

    def tell(parameter: Tensor) -> None:
        if ready is not None and not any(id(parameter) in found for found in waiting):
            ready(parameter)

    hooks = [p.register_post_accumulate_grad_hook(tell) for p in parameters] if ready else []  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def fault_of(value: object, parameters: Sequence[Tensor], cuts: Sequence[Cut], trace: bool = True) -> str | None:
    """Why a term cannot be learnt from, or None. With ``trace``, its graph must lead to the parameters."""
    if not isinstance(value, Tensor):
        return f"is not a tensor but {type(value).__name__}: return what torch can differentiate, without `.item()`."
    if value.ndim:
        return f"is not one number but has the shape {tuple(value.shape)}: take its mean."
    if value.requires_grad and not (
        trace and sources(value).isdisjoint(_ids(parameters, leading_to(parameters, cuts)))
    ):
        return None
    return "has no gradient for that player: it is constant, detached, or made by others. Mend it, or give it weight 0."


def number_fault(number: float) -> str | None:
    """Why the number that a term has cannot be learnt from, or None."""
    if math.isfinite(number):
        return None
    return (
        f"became {number}: lower `train.lr` or the term's weight. Checkpoints that were written before are untouched."
    )


def leading_to(parameters: Sequence[Tensor], cuts: Sequence[Cut]) -> list[Cut]:
    """The cuts whose graph starts from one of the parameters, directly or through an earlier cut."""
    found: list[Cut] = []
    wanted = _ids(parameters, ())
    for cut in cuts:
        if not wanted.isdisjoint(cut.sources):
            found.append(cut)
            wanted.add(id(cut.leaf))
    return found


def _ids(parameters: Iterable[Tensor], cuts: Iterable[Cut]) -> set[int]:
    return {id(parameter) for parameter in parameters} | {id(cut.leaf) for cut in cuts}


def _run(roots: Sequence[Tensor], gradients: Sequence[Tensor] | None, inputs: Sequence[Tensor], retain: bool) -> None:
    try:
        torch.autograd.backward(roots, gradients, inputs=inputs, retain_graph=retain)
    except RuntimeError as why:
        if any(sign in str(why) for sign in _STALE):
            raise StaleGraph from why
        raise
