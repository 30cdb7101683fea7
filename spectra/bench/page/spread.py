"""How the scores of single images are spread: each a dot, or many a hill; median and middle half."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

import numpy as np
from markupsafe import Markup

from spectra.bench.axes import Axis, axis
from spectra.bench.page.columns import Column
from spectra.bench.page.contents import Row, Scores
from spectra.bench.page.drawing import WIDTH, circle, dots, drawing, line, path, text

MOST_DOTS = 250
"""Images of a method that are drawn one by one."""
LEFT, RIGHT, TOP, BOTTOM = 10, 14, 4, 40
STEP, BAND = 46, 9
"""Height of a method's row, and how far its dots lie about their line."""
HILL_STEPS = 60


@dataclass(frozen=True)
class Spread:
    metric: str
    svg: Markup


def spreads(rows: Sequence[Row], columns: Sequence[Column], scores: Scores, colours: Mapping[str, str]) -> list[Spread]:
    """For each metric that has scores of single images."""
    found = []
    for column in columns:
        by_method = scores.get(column.name, {})
        shown = [row for row in rows if by_method.get(row["method"])]
        if shown:
            found.append(Spread(column.name, _draw(shown, column, by_method, colours)))
    return found


def _draw(
    rows: Sequence[Row], column: Column, by_method: Mapping[str, Sequence[float]], colours: Mapping[str, str]
) -> Markup:
    height = TOP + STEP * len(rows) + BOTTOM
    values = [value for row in rows for value in by_method[row["method"]]]
    room = (max(values) - min(values)) / 40
    x = axis([min(values) - room, max(values) + room], LEFT, WIDTH - RIGHT, snug=True)
    parts = list(_grid(x, height, column))
    for place, row in enumerate(rows):
        parts += _row(row, column, by_method[row["method"]], x, TOP + STEP * place, colours[row["method"]])
    label = f"{column.name} of single images: " + "; ".join(
        f"{row['method']} median {column.text(median(by_method[row['method']]))}" for row in rows
    )
    return drawing(height, label, parts)


def _grid(x: Axis, height: float, column: Column) -> Iterator[str]:
    for value, words in x.ticks:
        yield line(x.place(value), TOP, x.place(value), height - BOTTOM, "grid")
        yield text(x.place(value), height - BOTTOM + 15, words, "tick", "middle")
    yield text(WIDTH - RIGHT, height - 6, column.label, "axis", "end")


def _row(row: Row, column: Column, values: Sequence[float], x: Axis, top: float, colour: str) -> Iterator[str]:
    """The name, below it the dots, the middle half and the median, and the mean with its interval."""
    yield text(LEFT, top + 13, row["method"], "name")
    middle = top + 31
    if len(values) <= MOST_DOTS:
        yield dots(_strewn(values, x, middle), f"dots {colour}")
    else:
        yield path(_hill(values, x, middle + BAND), f"hill {colour}")
    if len(values) > 1:
        low, _, high = quantiles(values, n=4, method="inclusive")
        yield line(x.place(low), middle, x.place(high), middle, f"half {colour}")
    at = x.place(median(values))
    yield line(at, middle - BAND, at, middle + BAND, f"median {colour}")
    score = row["scores"].get(column.name)
    if score and score["mean"] is not None and x.low <= score["mean"] <= x.high:
        yield circle(x.place(score["mean"]), middle, 3.2, f"point {colour}")


def _strewn(values: Sequence[float], x: Axis, middle: float) -> list[tuple[float, float]]:
    """Dots beside each other where their values are alike; the same image at the same height in every row."""
    golden = (math.sqrt(5) - 1) / 2
    return [(x.place(value), middle + BAND * (2 * (place * golden % 1) - 1)) for place, value in enumerate(values)]


def _hill(values: Sequence[float], x: Axis, bottom: float) -> list[tuple[float, float]]:
    """A density of Gaussian kernels, of Silverman's width, as high as the row."""
    known = np.asarray(values)
    width = 1.06 * float(known.std()) * len(values) ** -0.2 or 1.0
    at = np.linspace(known.min(), known.max(), HILL_STEPS + 1)
    density = np.array([np.exp(-(((place - known) / width) ** 2) / 2).mean() for place in at])
    shares = density / density.max()
    hill = [(x.place(float(place)), bottom - 2 * BAND * float(share)) for place, share in zip(at, shares, strict=True)]
    return [(hill[0][0], bottom), *hill, (hill[-1][0], bottom)]
