"""Axes of a chart: where a value lies, and which values are named."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

TICKS = 4
"""About so many intervals between named values."""


@dataclass(frozen=True)
class Axis:
    """From ``low`` at the place ``start`` to ``high`` at ``end``."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool
    ticks: tuple[tuple[float, str], ...]
    """Values and what is written beside them."""

    def place(self, value: float) -> float:
        low, high, value = (_log(one) if self.logarithmic else one for one in (self.low, self.high, value))
        return self.start + (value - low) / (high - low) * (self.end - self.start)


def axis(values: Sequence[float], start: float, end: float, *, logarithmic: bool = False, snug: bool = False) -> Axis:
    """One that holds all values. It ends at round numbers, or where the values do (``snug``)."""
    low, high = min(values), max(values)
    if logarithmic:
        return _logarithmic(low, high, start, end)
    if high == low:
        low, high = (low - abs(low) / 2 - 0.5, high + abs(high) / 2 + 0.5) if not snug else (low, high + 1)
    step = _round_step((high - low) / TICKS)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if snug:
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    ticks = tuple((count * step, _text(count * step, step)) for count in range(first, last + 1))
    return Axis(low if snug else first * step, high if snug else last * step, start, end, False, ticks)


def _logarithmic(low: float, high: float, start: float, end: float) -> Axis:
    """Named are powers of ten, and where there are few of these, twice and five times of them too."""
    first, last = math.floor(_log(low) + 1e-9), math.ceil(_log(high) - 1e-9)
    stride = math.ceil((last - first) / 5)
    ticks = tuple((10.0**power, _power(power)) for power in range(first, last + 1, stride))
    return Axis(10.0**first, 10.0**last, start, end, True, ticks)


def _power(power: int) -> str:
    """Ten to a power, as short as it can be read: thousands and more by their letter."""
    letter = {1: "k", 2: "M", 3: "G", 4: "T"}.get(power // 3, "")
    return f"{10.0 ** (power % 3):g}{letter}" if letter else f"{10.0**power:g}"


def _log(value: float) -> float:
    return math.log10(value)


def _round_step(least: float) -> float:
    """1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(_log(least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _text(value: float, step: float) -> str:
    if not value:
        return "0"
    if step >= 1000:
        return f"{value / 1000:g}k"
    if step < 1e-3 and abs(value) < 0.1:
        mantissa, exponent = f"{value:.2e}".split("e")
        return f"{float(mantissa):g}e{int(exponent)}"
    return f"{value:.{max(0, -math.floor(_log(step)))}f}"
