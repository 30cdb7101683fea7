"""Every two methods on the same images: the difference of their means, its interval, and the chance that it is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from markupsafe import Markup

from spectra.bench.axes import Axis, axis
from spectra.bench.page.columns import Column, minus
from spectra.bench.page.contents import Row
from spectra.bench.page.drawing import circle, line, shown
from spectra.bench.statistics.reach import Tested, level, remark

WIDTH, HEIGHT = 150, 18
Pair = Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Turned so that ``a`` is the better one."""

    a: str
    b: str
    difference: str
    between: str
    p: str
    p_holm: str
    apart: bool
    svg: Markup
    sort: tuple[float, float, float]
    """Difference, p, and p after Holm, as numbers."""


@dataclass(frozen=True)
class Comparisons:
    metric: str
    unit: str
    test: str
    n: int
    lines: tuple[Comparison, ...]
    remark: str = ""
    """What so few images could not have shown."""
    explained: tuple[str, ...] = ()
    """What looks strange in these lines, and is not."""


def comparisons(
    pairs: Sequence[Pair], rows: Sequence[Row], columns: Sequence[Column], alpha: float
) -> list[Comparisons]:
    """For each metric that was compared; methods in the order of the table."""
    found = []
    for column in columns:
        own = [_turned(pair, column) for pair in pairs if pair["metric"] == column.name]
        own = [pair for pair in own if pair["difference"] is not None]
        if own:
            order = {row["method"]: place for place, row in enumerate(rows)}
            own.sort(key=lambda pair: (order.get(pair["a"], 0), order.get(pair["b"], 0)))
            found.append(_compared(own, column, alpha))
    return found


def tested(pair: Pair) -> Tested:
    """One of `pairs` of `bench.json`, for the statistics."""
    return cast(Tested, SimpleNamespace(**{"low": None, "high": None, "clusters": None, **pair}))


def _turned(pair: Pair, column: Column) -> Pair:
    """`a` minus `b` as it was computed, or the other way round, so that a is the better."""
    sign = 1 if column.better == "higher" else -1
    if pair["difference"] is None or sign * pair["difference"] >= 0:
        return pair
    low, high = (None if pair[end] is None else -pair[end] for end in ("high", "low"))
    return {**pair, "a": pair["b"], "b": pair["a"], "difference": -pair["difference"], "low": low, "high": high}


def _compared(pairs: Sequence[Pair], column: Column, alpha: float) -> Comparisons:
    ends = [end for pair in pairs for end in (pair["low"], pair["difference"], pair["high"]) if end is not None]
    x = axis([0.0, *ends], 6, WIDTH - 6, snug=True)
    lines = tuple(_line(pair, column, x, alpha) for pair in pairs)
    family = [tested(pair) for pair in pairs]
    shown = next((pair for pair, it in zip(pairs, family, strict=True) if not level(it)), pairs[0])
    explained = tuple(_explained(pairs, family, alpha))
    return Comparisons(column.name, column.unit, shown["test"], shown["n"], lines, remark(family, alpha), explained)


def _explained(pairs: Sequence[Pair], family: Sequence[Tested], alpha: float) -> Iterator[str]:
    if any(_clear_by_interval_alone(pair, alpha) for pair in pairs):
        yield (
            "An interval speaks of its own two methods alone, and p, Holm of all pairs of the table together: where an "
            "interval leaves out 0 and p, Holm is large, the two are not shown to differ. What counts is p, Holm."
        )
    if same := sum(level(it) for it in family):
        yield f"Of the same scores on every image: {same}. There p is 1, and Holm does not count them."


def _clear_by_interval_alone(pair: Pair, alpha: float) -> bool:
    if pair["p_holm"] is None or pair["low"] is None:
        return False
    return bool(pair["p_holm"] >= alpha and (pair["low"] > 0 or pair["high"] < 0))


def _line(pair: Pair, column: Column, x: Axis, alpha: float) -> Comparison:
    apart = pair["p_holm"] is not None and pair["p_holm"] < alpha
    between = "" if pair["low"] is None else f"[{column.text(pair['low'])}, {column.text(pair['high'])}]"
    numbers = tuple(float("inf") if pair[key] is None else float(pair[key]) for key in ("difference", "p", "p_holm"))
    return Comparison(
        pair["a"],
        pair["b"],
        _signed(column.text(pair["difference"])),
        between,
        _chance(pair["p"]),
        _chance(pair["p_holm"]),
        apart,
        Markup("").join(_drawn(pair, x, apart)),
        (numbers[0], numbers[1], numbers[2]),
    )


def _drawn(pair: Pair, x: Axis, apart: bool) -> Iterator[Markup]:
    """The interval on a line that all comparisons share, with a stroke at no difference."""
    kind, middle = "apart" if apart else "alike", HEIGHT / 2
    parts = [line(x.place(0.0), 1, x.place(0.0), HEIGHT - 1, "zero")]
    if pair["low"] is not None:
        parts.append(line(x.place(pair["low"]), middle, x.place(pair["high"]), middle, f"reach {kind}"))
    parts.append(circle(x.place(pair["difference"]), middle, 3.5, f"spot {kind}"))
    yield Markup(f'<svg class="forest" viewBox="0 0 {shown(WIDTH)} {HEIGHT}" aria-hidden="true">{"".join(parts)}</svg>')


def _signed(text: str) -> str:
    return text if text.startswith("−") else f"+{text}"


def _chance(p: float | None) -> str:
    if p is None:
        return "–"
    return "< 0.001" if p < 0.001 else minus(f"{p:.3f}")
