"""What is seen of a training that goes on: bars with losses for a person, now and then a line for a log file."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from spectra.cli import progress as seen
from spectra.cli.progress import QUIET_SECONDS, Bars
from spectra.training.progress import Progress, Validation


class Clock:
    """Goes on when it is told to."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(seen, "time", found)
    return found


def bars(monkeypatch: pytest.MonkeyPatch, *, terminal: bool, width: int = 130, quiet: bool = False) -> Bars:
    def console(**said: Any) -> Console:
        return Console(file=io.StringIO(), force_terminal=terminal, width=width, color_system=None)

    monkeypatch.setattr(seen, "Console", console)
    return Bars(quiet)


def written(found: Bars) -> str:
    text: str = found.console.file.getvalue()  # type: ignore[attr-defined]
    return text


def step(number: int, *, steps: int = 1000, stage: str = "train", **terms: Any) -> Progress:
    said = terms or {"generator": {"adversarial": 0.25, "l1": 12.5}, "critic": {"real": 0.2, "fake": 0.3}}
    return Progress(stage, number, steps, number, 1.0, said, {}, {}, {}, (), 0.5)


def test_where_nobody_watches_there_is_a_line_a_minute(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    with bars(monkeypatch, terminal=False) as found:
        for number in range(1, 400):
            clock.now += 0.5
            found.told("pix2pixhd: train", number, 1000)
            found.stepped(step(number))
    lines = written(found).splitlines()
    losses = "adversarial 0.25  l1 12.5  real 0.2  fake 0.3"
    assert lines == [
        f"pix2pixhd: train: step {number} of 1000, 2.0/s, {left} left; {losses}"
        for number, left in ((120, "7 min"), (240, "6 min"), (360, "5 min"))
    ]
    assert QUIET_SECONDS == 60


def test_what_tells_no_losses_has_a_line_a_minute_too(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    """A bench whose methods learn in other processes, with its output in a file."""
    with bars(monkeypatch, terminal=False) as found:
        for second in range(181):
            clock.now = 1000.0 + second
            found.told("pix2pixhd: train", second, 500)
        assert written(found).splitlines() == [f"pix2pixhd: train: {done} of 500" for done in (60, 120, 180)]
    with bars(monkeypatch, terminal=False, quiet=True) as silent:
        clock.now += 100
        silent.told("pix2pixhd: train", 1, 500)
        assert written(silent) == ""


def test_a_short_run_says_nothing(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    with bars(monkeypatch, terminal=False) as found:
        for number in range(1, 100):
            found.stepped(step(number, steps=99))
        found.validated(Validation("train", 99, {"psnr": 20.0}, "psnr", True))
    assert written(found) == ""


def test_quiet_is_quiet(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    for terminal in (True, False):
        with bars(monkeypatch, terminal=terminal, quiet=True) as found:
            found.told("fit", 1, 2)
            found.say("Look here.")
            for number in range(1, 400):
                clock.now += 0.5
                found.stepped(step(number))
        assert written(found) == ""


def test_a_bar_shows_losses_beside_what_was_told_last(monkeypatch: pytest.MonkeyPatch) -> None:
    with bars(monkeypatch, terminal=True) as found:
        found.told("fit", 3, 3)
        found.told("pix2pixhd: train", 1000, 1000)
        found.stepped(step(1000))
    last = [line for line in written(found).splitlines() if "1000/1000" in line][-1]
    assert "pix2pixhd: train" in last and "1000/1000" in last and "adversarial 0.25  l1 12.5" in last
    assert len(found.tasks) == 2


def test_without_a_bar_it_makes_one_of_the_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    with bars(monkeypatch, terminal=True) as found:
        found.stepped(step(2, steps=2, stage="global"))
        found.stepped(step(2, steps=2, stage="local"))
    assert list(found.tasks) == ["global", "local"] and "l1 12.5" in written(found)


@pytest.mark.parametrize(("width", "shown"), [(60, 0), (80, 1), (130, 3), (200, 4)])
def test_as_many_losses_as_there_is_room_for(monkeypatch: pytest.MonkeyPatch, width: int, shown: int) -> None:
    with bars(monkeypatch, terminal=True, width=width) as found:
        found.told("pix2pixhd: train", 1000, 1000)
        found.stepped(step(1000))
    last = [line for line in written(found).splitlines() if "1000/1000" in line][-1]
    assert [name for name in ("adversarial", "l1", "real", "fake") if f"{name} " in last] == [
        "adversarial",
        "l1",
        "real",
        "fake",
    ][:shown]


def test_losses_are_evened_out_and_told_apart_by_their_player(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    with bars(monkeypatch, terminal=False) as found:
        found.stepped(step(1, left={"real": 1.0}, right={"real": 0.0}))
        clock.now += 61
        found.stepped(step(2, left={"real": 0.0}, right={"real": 0.0}))
    assert "left.real 0.9  right.real 0" in written(found)


def test_sentences_are_said_with_and_without_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for terminal in (True, False):
        with bars(monkeypatch, terminal=terminal) as found:
            found.say("Step 20: The player 'critic' [has] won.")
            found.resumed(12)
        assert "Step 20: The player 'critic' [has] won.\n" in written(found)
        assert "It goes on after step 12.\n" in written(found)


def test_a_better_score_is_told_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    with bars(monkeypatch, terminal=True) as found:
        found.validated(Validation("train", 10, {"psnr": 20.123}, "psnr", True))
        found.validated(Validation("train", 20, {"psnr": 19.0}, "psnr", False))
        found.validated(Validation("train", 30, {"psnr": None}, "psnr", False))
    assert "Step 10: psnr 20.12, the best so far." in written(found)
    assert "Step 20" not in written(found) and "Step 30" not in written(found)
