from __future__ import annotations

from collections.abc import Callable
from math import exp, log1p
from typing import Any

import pytest
import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.losses.adversarial import Adversarial, AdversarialKind

Formula = Callable[[float], float]
FORMULAS: dict[AdversarialKind, dict[str, Formula]] = {
    "least_squares": {"real": lambda x: (x - 1) ** 2, "fake": lambda x: x**2, "generator": lambda x: (x - 1) ** 2},
    "vanilla": {
        "real": lambda x: log1p(exp(-x)),
        "fake": lambda x: log1p(exp(x)),
        "generator": lambda x: log1p(exp(-x)),
    },
    "hinge": {"real": lambda x: max(0, 1 - x), "fake": lambda x: max(0, 1 + x), "generator": lambda x: -x},
}
KINDS = tuple(FORMULAS)


def maps(*shapes: tuple[int, ...]) -> list[Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [2 * torch.randn(shape, dtype=torch.float64, generator=generator) for shape in shapes]


def mean_of(formula: Formula, verdicts: Tensor) -> float:
    values = [formula(float(x)) for x in verdicts.flatten()]
    return sum(values) / len(values)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", ["real", "fake", "generator"])
def test_it_is_the_formula_of_every_verdict_and_their_mean(kind: AdversarialKind, side: str) -> None:
    (verdicts,) = maps((2, 1, 5, 7))
    found = getattr(Adversarial(kind), side)(verdicts)
    assert abs(float(found) - mean_of(FORMULAS[kind][side], verdicts)) < 1e-12


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("side", ["real", "fake", "generator"])
def test_scales_are_added_up_or_averaged_each_with_its_own_mean(kind: AdversarialKind, side: str) -> None:
    fine, coarse = maps((1, 1, 8, 8), (1, 1, 3, 3))
    alone = [mean_of(FORMULAS[kind][side], verdicts) for verdicts in (fine, coarse)]
    assert abs(float(getattr(Adversarial(kind), side)([fine, coarse])) - sum(alone)) < 1e-12
    assert abs(float(getattr(Adversarial(kind, "mean"), side)([fine, coarse])) - sum(alone) / 2) < 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_of_the_maps_of_all_layers_only_the_last_counts(kind: AdversarialKind) -> None:
    feature, verdicts = maps((1, 4, 9, 9), (1, 1, 3, 3))
    loss = Adversarial(kind)
    assert torch.equal(loss.real([[feature, verdicts]]), loss.real(verdicts))
    assert torch.equal(loss.fake([[feature, verdicts], [verdicts]]), 2 * loss.fake(verdicts))


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_is_led_to_where_the_discriminator_calls_it_real(kind: AdversarialKind) -> None:
    (verdicts,) = maps((1, 1, 4, 4))
    loss, leaf = Adversarial(kind), verdicts.abs().clamp(0.1, 0.9).requires_grad_()
    for value, towards in ((loss.generator(leaf), 1), (loss.real(leaf), 1), (loss.fake(leaf), -1)):
        (gradient,) = torch.autograd.grad(value, leaf)
        assert (gradient * towards <= 0).all() and gradient.any()


@pytest.mark.parametrize("kind", KINDS)
def test_in_few_bits_it_is_computed_in_float(kind: AdversarialKind) -> None:
    verdicts = maps((1, 1, 64, 64))[0].bfloat16()
    found = Adversarial(kind).fake(verdicts)
    assert found.dtype == torch.float32
    assert abs(float(found) - float(Adversarial(kind).fake(verdicts.double()))) < 1e-5


def test_huge_verdicts_stay_finite() -> None:
    for kind in KINDS:
        assert Adversarial(kind).fake(torch.full((1, 1, 2, 2), 1e4)).isfinite()


@pytest.mark.parametrize("said", [("wasserstein", "sum"), ("hinge", "all")])
def test_what_it_does_not_know_is_refused(said: Any) -> None:
    with pytest.raises(SpectraError, match=r"knows .*, and not"):
        Adversarial(*said)
