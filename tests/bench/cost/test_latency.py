"""How calls are timed: with a clock that the tests move, as no test may wait for a real one."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from spectra.bench.cost.latency import Patience, Stopwatch, percentile, timed

CPU = torch.device("cpu")
QUICK = Patience(seconds=5, calls=20, least=5, warm_calls=3, warm_seconds=0.5)


class Clock:
    """Stands still, but for what a call takes."""

    def __init__(self, *taken: float, then: float) -> None:
        self.now, self.calls = 100.0, 0
        self.taken, self.then = taken, then

    def __call__(self) -> float:
        return self.now

    def work(self) -> None:
        self.now += self.taken[self.calls] if self.calls < len(self.taken) else self.then
        self.calls += 1


def run(clock: Clock, patience: Patience = QUICK) -> list[float]:
    return timed(clock.work, Stopwatch(CPU, clock), patience)


def test_first_calls_that_are_slow_are_not_counted() -> None:
    clock = Clock(9.0, 8.0, 7.0, then=0.1)
    assert run(clock) == pytest.approx([0.1] * 20)


def test_the_warm_up_has_three_calls_of_a_slow_model() -> None:
    clock = Clock(then=2.0)
    assert len(run(clock)) == clock.calls - 3


def test_the_warm_up_has_half_a_second_of_a_fast_model() -> None:
    clock = Clock(then=0.015625)
    assert len(run(clock)) == clock.calls - 32


def test_twenty_calls_are_timed() -> None:
    assert len(run(Clock(then=0.1))) == 20


def test_a_slow_model_is_timed_for_five_seconds() -> None:
    assert len(run(Clock(then=0.5))) == 10


def test_a_very_slow_model_is_timed_five_times() -> None:
    assert len(run(Clock(then=60.0))) == 5


def test_a_fast_model_is_timed_for_a_tenth_of_the_seconds() -> None:
    assert len(run(Clock(then=0.001953125))) == 256


def test_seconds_are_heeded() -> None:
    assert len(run(Clock(then=0.5), Patience(seconds=8))) == 16


def test_each_call_is_timed_by_itself() -> None:
    assert run(Clock(1, 1, 1, 0.1, 0.9, 0.3, 0.2, 0.4, then=5)) == pytest.approx([0.1, 0.9, 0.3, 0.2, 0.4, 5])


def test_on_a_gpu_the_clock_is_read_when_all_is_done(monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up device: a call only queues its work, and waiting for it takes the time."""
    clock, queued = Clock(then=0.0), [0.7]

    def wait(device: torch.device) -> None:
        assert device == torch.device("cuda:1")
        clock.now += queued.pop() if queued else 0.0

    monkeypatch.setattr(torch.cuda, "synchronize", wait)
    watch = Stopwatch(torch.device("cuda:1"), clock)
    assert watch.time(lambda: queued.append(0.25)) == pytest.approx(0.25)  # and not the 0.7 that were queued before
    assert watch.time(lambda: None) == 0


def reference(values: list[float], percent: float) -> float:
    """Straight lines between the values in order, the first at 0 and the last at 100."""
    ordered, place = sorted(values), percent / 100 * (len(values) - 1)
    low = math.floor(place)
    high = min(low + 1, len(values) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


@given(some.lists(some.floats(0, 1e3), min_size=1, max_size=60))
def test_the_percentile_is_that_of_its_formula(values: list[float]) -> None:
    assert percentile(values, 95) == pytest.approx(reference(values, 95), rel=1e-9, abs=1e-9)


def test_the_95th_percentile_of_1_to_21_is_20() -> None:
    assert percentile([float(value) for value in range(21, 0, -1)], 95) == 20
