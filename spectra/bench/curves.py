"""How training went, as curves for a page: SVG in the text, no script, from `log.jsonl` alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import fmean

from markupsafe import Markup

from spectra.bench.axes import Axis, axis
from spectra.training.watch.journal import Line, read_journal

MOST_POINTS = 300
COLOURS = ("#4477dd", "#e07b30", "#2f9e77", "#b35bbf", "#c2992b", "#cc4f63", "#5a8fa8", "#8a7a66")
"""Told apart, and legible, on white and on black."""
WIDTH, HEIGHT = 460, 220
LEFT, RIGHT, TOP, BOTTOM = 50, 12, 10, 26
LOG_SPAN = 50.0
"""Values that differ more than so many times are drawn on a logarithmic scale."""


@dataclass(frozen=True)
class Curve:
    """One line of a chart: steps and values, in order."""

    name: str
    points: tuple[tuple[float, float], ...]
    marked: tuple[float, float] | None = None
    """A point to point out, such as the best."""


@dataclass(frozen=True)
class Chart:
    """What a page shows: a title, a drawing, and what its colours mean."""

    title: str
    svg: Markup
    legend: tuple[tuple[str, str], ...]
    """Colour and name."""
    note: str = ""


def training_charts(log: Path) -> list[Chart]:
    """Losses of each player, validation scores, norms and rates; empty where nothing was logged."""
    lines = read_journal(log) if log.is_file() else []
    steps = [line for line in lines if line.get("kind") == "step"]
    if len(steps) < 2:
        return []
    stages = _stages(steps)
    found = [_chart(f"Losses of {player}", curves, stages) for player, curves in _losses(steps).items()]
    found += [_score_chart(name, curve, stages) for name, curve in _scores(lines).items()]
    if norms := _by_player(steps, "norms"):
        found.append(_chart("Gradient norms", norms, stages))
    if rates := _together([curve for curve in _by_player(steps, "rates") if _changes(curve)]):
        found.append(_chart("Learning rates", rates, stages, from_zero=True))
    return found


def warnings_in(log: Path) -> list[str]:
    """What the monitor said, in order."""
    lines = read_journal(log) if log.is_file() else []
    return [f"Step {line['total']}: {line['text']}" for line in lines if line.get("kind") == "warning"]


Stages = Sequence[tuple[str, float]]
"""Name of each stage, and the step at which it ended."""


def _stages(steps: Sequence[Line]) -> Stages:
    return list({line["stage"]: line["total"] for line in steps}.items())


def _losses(steps: Sequence[Line]) -> dict[str, list[Curve]]:
    values: dict[str, dict[str, list[tuple[float, float]]]] = {}
    for line in steps:
        for player, terms in line["terms"].items():
            for term, value in terms.items():
                if value is not None:
                    values.setdefault(player, {}).setdefault(term, []).append((line["total"], value))
    return {player: [_curve(term, points) for term, points in terms.items()] for player, terms in values.items()}


def _by_player(steps: Sequence[Line], word: str) -> list[Curve]:
    values: dict[str, list[tuple[float, float]]] = {}
    for line in steps:
        for player, value in line[word].items():
            if value is not None:
                values.setdefault(player, []).append((line["total"], value))
    return [_curve(player, points) for player, points in values.items() if len(points) > 1]


def _changes(curve: Curve) -> bool:
    return len({value for _, value in curve.points}) > 1


def _together(curves: Sequence[Curve]) -> list[Curve]:
    """Curves that lie on each other as one, with all their names."""
    names: dict[tuple[tuple[float, float], ...], list[str]] = {}
    for curve in curves:
        names.setdefault(curve.points, []).append(curve.name)
    return [Curve(", ".join(alike), points) for points, alike in names.items()]


def _scores(lines: Sequence[Line]) -> dict[str, Curve]:
    """The metric that says what is best, and its best value."""
    looks = [line for line in lines if line.get("kind") == "validation"]
    found = {}
    for name in dict.fromkeys(line["metric"] for line in looks):
        points = [
            (line["total"], line["scores"][name])
            for line in looks
            if line["metric"] == name and line["scores"].get(name) is not None
        ]
        best = [(line["total"], line["scores"][name]) for line in looks if line["metric"] == name and line["best"]]
        if points:
            found[name] = Curve(name, thinned(points), best[-1] if best else None)
    return found


def _curve(name: str, points: Sequence[tuple[float, float]]) -> Curve:
    return Curve(name, thinned(points))


def thinned(points: Sequence[tuple[float, float]], most: int = MOST_POINTS) -> tuple[tuple[float, float], ...]:
    """At most so many: means of neighbours, so that what remains tells of all."""
    size = math.ceil(len(points) / most)
    groups = [points[at : at + size] for at in range(0, len(points), size)] if size > 1 else []
    if not groups:
        return tuple(points)
    return tuple((fmean(x for x, _ in group), fmean(y for _, y in group)) for group in groups)


def _score_chart(name: str, curve: Curve, stages: Stages) -> Chart:
    chart = _chart(f"Validation, {name}", [curve], stages)
    note = "" if curve.marked is None else f"best: {curve.marked[1]:.4g} after step {curve.marked[0]:g}"
    return Chart(chart.title, chart.svg, (), note)


def _chart(title: str, curves: Sequence[Curve], stages: Stages, *, from_zero: bool = False) -> Chart:
    values = [y for curve in curves for _, y in curve.points]
    wide = min(values) > 0 and max(values) > LOG_SPAN * min(values) and not from_zero
    y = axis([*values, *([0.0] if from_zero else [])], HEIGHT - BOTTOM, TOP, logarithmic=wide)
    x = axis([0.0, stages[-1][1]], LEFT, WIDTH - RIGHT, snug=True)
    legend = tuple((COLOURS[place % len(COLOURS)], curve.name) for place, curve in enumerate(curves))
    parts = [*_grid(x, y), *_bounds(x, stages)]
    parts += [part for (colour, _), curve in zip(legend, curves, strict=True) for part in _line(curve, colour, x, y)]
    label = Markup.escape(f"{title}: {', '.join(curve.name for curve in curves)}")
    svg = (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}" font-size="11" '
        f'fill="currentColor" xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )
    return Chart(title, Markup(svg), legend, "logarithmic" if wide else "")


def _grid(x: Axis, y: Axis) -> list[str]:
    found = []
    for value, text in y.ticks:
        at = _shown(y.place(value))
        found.append(f'<path d="M{LEFT} {at}H{WIDTH - RIGHT}" stroke="currentColor" stroke-opacity=".14"/>')
        found.append(_text(LEFT - 6, y.place(value) + 4, text, "end"))
    for value, text in x.ticks:
        found.append(_text(x.place(value), HEIGHT - 8, text, "middle"))
    return found


def _bounds(x: Axis, stages: Stages) -> list[str]:
    """Where one stage ends and the next begins, with its name."""
    found = []
    for (_, end), (name, _) in pairwise(stages):
        at = _shown(x.place(end))
        found.append(
            f'<path d="M{at} {TOP}V{HEIGHT - BOTTOM}" stroke="currentColor" stroke-opacity=".4" stroke-dasharray="3"/>'
        )
        found.append(_text(x.place(end) + 4, TOP + 9, name, "start"))
    return found


def _line(curve: Curve, colour: str, x: Axis, y: Axis) -> list[str]:
    places = [f"{_shown(x.place(step))} {_shown(y.place(value))}" for step, value in curve.points]
    found = [
        f'<path d="M{"L".join(places)}" fill="none" stroke="{colour}" stroke-width="1.6" stroke-linejoin="round"/>'
    ]
    alone = len(curve.points) == 1
    if curve.marked is not None or alone:
        step, value = curve.marked or curve.points[0]
        found.append(f'<circle cx="{_shown(x.place(step))}" cy="{_shown(y.place(value))}" r="4" fill="{colour}"/>')
    return found


def _text(left: float, bottom: float, text: str, anchor: str) -> str:
    place = f'x="{_shown(left)}" y="{_shown(bottom)}" text-anchor="{anchor}"'
    return f'<text {place} fill-opacity=".72">{Markup.escape(text)}</text>'


def _shown(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def logs_in(folder: Path) -> dict[str, Path]:
    """The logs of a run by the names of their rows: one, or one for each row of a matrix."""
    return {"" if path.parent == folder else path.parent.name: path for path in sorted(folder.rglob("log.jsonl"))}
