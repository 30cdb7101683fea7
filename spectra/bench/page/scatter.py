"""Quality against cost: a point for each method, with its interval, and the line of those that none beats in both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from spectra.bench.axes import Axis, axis
from spectra.bench.page.columns import Column
from spectra.bench.page.contents import Row
from spectra.bench.page.costs import AXES, Cost
from spectra.bench.page.drawing import WIDTH, circle, drawing, line, path, text

HEIGHT = 310
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 34, 44
LETTER, LINE = 8.5, 20
"""About the width of a letter of a label, and the height of a label, on a phone: elsewhere they are smaller."""
LOG_SPAN = 20.0
"""Costs that differ more than so many times are drawn on a logarithmic axis."""
ZERO_ROOM = 34
"""Left of a logarithmic axis, for methods that cost nothing."""


@dataclass(frozen=True)
class Point:
    method: str
    cost: float
    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Scatter:
    """One drawing of many: this metric against this cost."""

    metric: str
    cost: str
    svg: Markup


@dataclass(frozen=True)
class Box:
    """Room that is taken, in points of the drawing."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )


def scatters(rows: Sequence[Row], columns: Sequence[Column], colours: Mapping[str, str]) -> list[Scatter]:
    """For each metric and each cost that at least two methods have."""
    found = []
    for column in columns:
        for cost in AXES:
            points = _points(rows, column, cost)
            if len(points) > 1:
                found.append(Scatter(column.name, cost.key, _draw(points, column, cost, colours)))
    return found


def _points(rows: Sequence[Row], column: Column, cost: Cost) -> list[Point]:
    found = []
    for row in rows:
        score, value = row["scores"].get(column.name), cost.of(row)
        if score is not None and score["mean"] is not None and value is not None:
            low, high = (score["mean"] if score[end] is None else score[end] for end in ("low", "high"))
            found.append(Point(row["method"], value, score["mean"], low, high))
    return found


def _draw(points: Sequence[Point], column: Column, cost: Cost, colours: Mapping[str, str]) -> Markup:
    x, y = _cost_axis([point.cost for point in points]), _score_axis(points)
    parts = [*_grid(x, y, points), *_names(column, cost), *_front(points, column, x, y)]
    for point in points:
        colour = colours[point.method]
        left, top = _place(x, point.cost), y.place(point.mean)
        parts.append(line(left, y.place(point.low), left, y.place(point.high), f"whisker {colour}"))
        parts.append(circle(left, top, 5, f"point {colour}"))
    parts += _labels(points, x, y)
    label = f"{column.name} against {cost.label}: " + "; ".join(
        f"{point.method} {column.text(point.mean)} at {point.cost:.3g}" for point in points
    )
    return drawing(HEIGHT, label, parts)


def _cost_axis(costs: Sequence[float]) -> Axis:
    """Logarithmic over wide spans; those that cost nothing then stand at its left."""
    positive = [cost for cost in costs if cost > 0]
    wide = bool(positive) and max(positive) > LOG_SPAN * min(positive)
    if not wide:
        return axis([0.0, *costs], LEFT, WIDTH - RIGHT)
    return axis(positive, LEFT + ZERO_ROOM * (len(positive) < len(costs)), WIDTH - RIGHT, logarithmic=True)


def _place(x: Axis, cost: float) -> float:
    return LEFT + ZERO_ROOM / 2 if x.logarithmic and cost <= 0 else x.place(cost)


def _score_axis(points: Sequence[Point]) -> Axis:
    return axis([end for point in points for end in (point.low, point.high)], HEIGHT - BOTTOM, TOP)


def _grid(x: Axis, y: Axis, points: Sequence[Point]) -> Iterator[str]:
    for value, words in y.ticks:
        yield line(LEFT, y.place(value), WIDTH - RIGHT, y.place(value), "grid")
        yield text(LEFT - 7, y.place(value) + 4, words, "tick", "end")
    ticks = [(x.place(value), words) for value, words in x.ticks]
    if x.logarithmic and any(point.cost <= 0 for point in points):
        ticks.append((LEFT + ZERO_ROOM / 2, "0"))
    for left, words in ticks:
        yield line(left, HEIGHT - BOTTOM, left, HEIGHT - BOTTOM + 4, "grid")
        yield text(left, HEIGHT - BOTTOM + 17, words, "tick", "middle")


def _names(column: Column, cost: Cost) -> Iterator[str]:
    yield text(WIDTH - RIGHT, HEIGHT - 8, f"{cost.label} →", "axis", "end")
    yield text(4, 14, column.label, "axis")


def _front(points: Sequence[Point], column: Column, x: Axis, y: Axis) -> Iterator[str]:
    """From cheap to dear, the methods than which none is both cheaper and better."""
    sign = 1 if column.better == "higher" else -1
    best: list[Point] = []
    for point in sorted(points, key=lambda one: (one.cost, -sign * one.mean)):
        if not best or sign * point.mean > sign * best[-1].mean:
            best.append(point)
    if len(best) > 1:
        yield path([(_place(x, point.cost), y.place(point.mean)) for point in best], "front")


def _labels(points: Sequence[Point], x: Axis, y: Axis) -> Iterator[str]:
    """Each beside its point, where it meets no other point and no other label, if there is such a place."""
    places = [(_place(x, point.cost), y.place(point.mean)) for point in points]
    taken = [Box(left - 6, top - 6, left + 6, top + 6) for left, top in places]
    for point, (left, top) in zip(points, places, strict=True):
        words = point.method if len(point.method) <= 28 else f"{point.method[:27]}…"
        box = _room(len(words) * LETTER, left, top, taken)
        taken.append(box)
        yield _label(words, box, left)


def _label(words: str, box: Box, point: float) -> str:
    """It touches its point whatever the size of letters: on the left of it, it ends there."""
    base = box.bottom - 5
    if box.right <= point:
        return text(box.right, base, words, "name", "end")
    if box.left >= point:
        return text(box.left, base, words, "name")
    return text((box.left + box.right) / 2, base, words, "name", "middle")


def _room(width: float, left: float, top: float, taken: Sequence[Box]) -> Box:
    corners = [
        (left + 9, top - LINE / 2),
        (left - 9 - width, top - LINE / 2),
        (left - width / 2, top - LINE - 9),
        (left - width / 2, top + 9),
    ]
    above, below = top - LINE - 8, top + 8
    corners += [(left + 7, above), (left + 7, below), (left - 7 - width, above), (left - 7 - width, below)]
    boxes = [Box(at, start, at + width, start + LINE) for at, start in corners]
    inside = [
        box for box in boxes if box.left >= 2 and box.right <= WIDTH and box.top >= 18 and box.bottom < HEIGHT - 22
    ]
    free = [box for box in inside if not any(box.meets(other) for other in taken)]
    return (free or inside or boxes)[0]
