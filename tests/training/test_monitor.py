"""The monitor of players: it speaks when something goes wrong, and only then."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor

from spectra.training.watch.collapse import Collapse
from spectra.training.watch.monitor import COOL_DOWN, RECENT, Monitor

Curve = Callable[[int], float]


def noise(spread: float) -> float:
    """A factor with the heavy tail that losses and norms of small batches have."""
    return math.exp(random.gauss(0.0, spread))


def line(place: int, terms: dict[str, dict[str, float | None]], norms: dict[str, float | None], **said: Any) -> Any:
    rates = dict.fromkeys(terms, 2e-4)
    return {"kind": "step", "stage": "train", "total": place, "terms": terms, "norms": norms, "rates": rates, **said}


def gan(
    *,
    adversarial: Curve = lambda place: 0.35,
    real: Curve = lambda place: 0.25,
    fake: Curve = lambda place: 0.25,
    norm: Curve = lambda place: 5.0,
    lines: int = 400,
    spread: float = 0.4,
    **said: Any,
) -> Iterator[Any]:
    """A GAN's lines, with noise."""
    for place in range(lines):
        terms: dict[str, dict[str, float | None]] = {
            "generator": {"adversarial": adversarial(place) * noise(spread), "l1": 3 * noise(0.2)},
            "critic": {"real": real(place) * noise(spread), "fake": fake(place) * noise(spread)},
        }
        norms: dict[str, float | None] = {"generator": norm(place) * noise(2 * spread), "critic": noise(2 * spread)}
        yield line(place, terms, norms, **said)


def said_of(lines: Iterator[Any]) -> list[tuple[int, str]]:
    monitor = Monitor()
    return [(place, text) for place, one in enumerate(lines) for text in monitor.heard(one)]


@pytest.fixture(autouse=True)
def seeded() -> None:
    random.seed(3)


@pytest.mark.parametrize("seed", range(5))
def test_healthy_runs_are_left_in_peace(seed: int) -> None:
    """Least squares and vanilla; a discriminator that is strong but no stronger; norms with heavy tails and trends."""
    random.seed(seed)
    ways: list[dict[str, Any]] = [
        {"spread": 0.5},
        {"real": lambda place: 0.06, "fake": lambda place: 0.05, "adversarial": lambda place: 0.4 + place / 500},
        {"real": lambda place: 0.01, "fake": lambda place: 0.01},  # near zero, and the generator keeps up
        {"adversarial": lambda place: 0.7 + place / 100, "real": lambda place: 0.69, "fake": lambda place: 0.69},
        {"norm": lambda place: 50 * math.exp(-place / 60) + 0.5},
        {"norm": lambda place: 0.5 + place / 20},
    ]
    for way in ways:
        assert said_of(gan(lines=800, **way)) == []


def test_spikes_and_norms_that_were_not_measured_are_nothing_to_tell() -> None:
    lines = list(gan())
    for place in (50, 90, 91, 200):
        lines[place]["norms"]["generator"] = 1e6
    for place in (120, 121, 122, 123, 124):
        lines[place]["norms"]["generator"] = None
        lines[place]["terms"]["generator"]["l1"] = None
    assert said_of(iter(lines)) == []


def test_a_loss_that_falls_to_nothing_and_short_runs_are_nothing_to_tell() -> None:
    falling = (line(p, {"net": {"l1": math.exp(-p / 30)}}, {"net": math.exp(-p / 100)}) for p in range(300))
    assert said_of(falling) == []
    assert said_of(gan(lines=RECENT - 1, real=lambda place: 0.0, fake=lambda place: 0.0)) == []


def test_a_discriminator_that_has_won_is_named_with_what_to_do() -> None:
    found = said_of(
        gan(
            real=lambda place: 0.25 * math.exp(-place / 30) + 1e-3,
            fake=lambda place: 0.25 * math.exp(-place / 30) + 1e-3,
            adversarial=lambda place: 1 - 0.65 * math.exp(-place / 60),
        )
    )
    assert len(found) == 1
    place, text = found[0]
    assert 60 < place < 200
    assert "'critic' has won over 'generator'" in text and "`train.players.critic.lr`" in text


def test_an_adversarial_term_below_zero_can_grow_too() -> None:
    """A hinge: the generator's term is minus the verdict."""
    found = said_of(
        gan(
            real=lambda place: 0.001,
            fake=lambda place: 0.001,
            adversarial=lambda place: -0.5 if place < 50 else 4.0,
            spread=0.1,
        )
    )
    assert [text.startswith("The player 'critic' has won") for _, text in found] == [True]


@pytest.mark.parametrize("growth", [1.5, 10.0])
def test_a_gradient_that_explodes_is_told_before_it_is_infinite(growth: float) -> None:
    found = said_of(gan(norm=lambda place: 5.0 * growth ** min(max(0, place - 100), 20), lines=130))
    assert len(found) == 1 and 100 < found[0][0] < 125
    assert "the player 'generator' explodes" in found[0][1] and "`train.clip: 1`" in found[0][1]


def test_a_gradient_that_vanishes_is_told() -> None:
    found = said_of(gan(norm=lambda place: 5.0 if place < 150 else 1e-6))
    assert len(found) == 1 and 150 < found[0][0] < 170
    assert "the player 'generator' vanishes" in found[0][1]


def test_losses_that_do_not_change_are_told_unless_the_rate_is_zero() -> None:
    def lines(rate: float) -> Iterator[Any]:
        for place in range(60):
            terms = {"critic": {"real": 0.25 * (1 + place * 1e-8), "fake": 0.25}, "net": {"l1": noise(0.1)}}
            yield line(place, terms, {}, rates={"critic": rate, "net": rate})

    found = said_of(lines(1e-4))
    assert found == [(RECENT - 1, found[0][1])] and "'critic' has changed" in found[0][1]
    assert said_of(lines(0.0)) == []


def test_one_cause_is_told_once_and_again_only_when_it_had_been_gone_for_long() -> None:
    def exploding(after: int, *again: int) -> Curve:
        return lambda place: 500.0 if any(start <= place < start + 15 for start in (after, *again)) else 5.0

    assert len(said_of(gan(norm=exploding(100)))) == 1
    assert len(said_of(gan(norm=exploding(100, 190)))) == 1
    assert len(said_of(gan(norm=exploding(100, 130 + COOL_DOWN + 20)))) == 2


def test_a_new_stage_is_looked_at_anew() -> None:
    first, second = list(gan(lines=100)), list(gan(lines=100, norm=lambda place: 5000.0, stage="next"))
    assert said_of(iter([*first, *second])) == []
    won = {"real": lambda place: 1e-3, "fake": lambda place: 1e-3, "adversarial": lambda place: 0.4 + place / 50}
    twice = [*gan(lines=100, **won), *gan(lines=100, stage="next", **won)]
    assert [place // 100 for place, _ in said_of(iter(twice))] == [0, 1]


def validated(**signs: float | None) -> Any:
    return {"kind": "validation", "stage": "train", "total": 1, "signs": signs}


def test_a_collapse_is_told_when_two_validations_in_a_row_show_it() -> None:
    found = said_of(iter([validated(copy=0.1), validated(copy=0.9), validated(copy=0.1), validated(copy=0.1)]))
    assert [place for place, _ in found] == [3] and "copies of their sources" in found[0][1]
    steps = list(gan(lines=COOL_DOWN + 1))
    assert len(said_of(iter([validated(copy=0.1), validated(copy=0.1), *steps, validated(copy=0.1)]))) == 1
    found = said_of(iter([validated(contrast=0.01, copy=0.1)] * 3))
    assert [place for place, _ in found] == [1] and "nearly constant" in found[0][1]
    assert (
        said_of(iter([validated(copy=0.4, contrast=0.3), validated(copy=None, contrast=None), validated()] * 3)) == []
    )


def image(channels: int, seed: int, size: int = 24) -> Tensor:
    return torch.rand(channels, size, size, generator=torch.Generator().manual_seed(seed))


def signs(source: Tensor, prediction: Tensor, target: Tensor, valid: Tensor | None = None) -> dict[str, float | None]:
    collapse = Collapse()
    collapse.take(source, prediction, target, valid)
    return collapse.signs()


def test_the_sign_of_a_copy_is_how_much_nearer_a_prediction_is_to_its_source() -> None:
    source, target = image(1, 1), image(1, 2)
    assert signs(source, source, target)["copy"] == 0
    assert signs(source, 0.75 * source + 0.25 * target, target)["copy"] == pytest.approx(1 / 3, rel=1e-4)
    assert signs(source, (source + target) / 2, target)["copy"] == pytest.approx(1.0, rel=1e-4)
    assert signs(source, target, target)["copy"] is None  # nothing to divide by: it is as it should be


def test_colour_is_compared_by_its_luminance_and_other_bands_only_among_themselves() -> None:
    rgb, grey = image(3, 1), image(1, 2)
    luminance = 0.299 * rgb[:1] + 0.587 * rgb[1:2] + 0.114 * rgb[2:]
    assert signs(rgb, luminance, grey)["copy"] == pytest.approx(0.0, abs=1e-6)
    assert signs(grey, grey.expand(3, -1, -1), rgb)["copy"] == pytest.approx(0.0, abs=1e-6)
    assert signs(image(2, 1), image(1, 3), image(1, 2))["copy"] is None
    assert signs(image(5, 1), image(5, 1), image(5, 2))["copy"] == 0


def test_a_source_of_another_size_is_brought_to_that_of_the_prediction() -> None:
    source, target = torch.full((1, 12, 12), 0.25), image(1, 2)
    assert signs(source, torch.full((1, 24, 24), 0.25), target)["copy"] == pytest.approx(0.0, abs=1e-6)


def test_the_sign_of_a_constant_is_contrast_within_images() -> None:
    source, target = image(1, 1), image(1, 2)
    assert signs(source, torch.full_like(target, 0.4), target)["contrast"] == pytest.approx(0.0, abs=1e-6)
    assert signs(source, 0.5 * target + 0.1, target)["contrast"] == pytest.approx(0.5, rel=1e-4)
    assert signs(source, target, torch.zeros_like(target))["contrast"] is None
    flat = torch.tensor([0.1, 0.5, 0.9])[:, None, None].expand(3, 24, 24)  # of three bands, each constant
    assert signs(image(3, 1), flat, image(3, 2))["contrast"] == pytest.approx(0.0, abs=1e-6)


def test_pixels_without_data_play_no_part() -> None:
    source, target, valid = image(1, 1), image(1, 2), torch.zeros(24, 24, dtype=torch.bool)
    valid[:, :12] = True
    prediction = torch.where(valid, source, target)
    assert signs(source, prediction, target, valid)["copy"] == 0
    half = torch.where(valid, torch.full_like(target, 0.5), target)
    assert signs(source, half, target, valid)["contrast"] == pytest.approx(0.0, abs=1e-6)


def test_without_images_there_is_no_sign() -> None:
    assert Collapse().signs() == {"copy": None, "contrast": None}
