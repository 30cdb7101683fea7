"""Drawings in SVG, put into the page as text: shapes whose colours are classes of the page's style."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

WIDTH = 480
"""Of every chart; pages scale it to the room there is."""
SERIES = 8
"""Colours that are told apart; further methods begin anew."""


def drawing(height: float, label: str, parts: Iterable[str], kind: str = "") -> Markup:
    """The whole picture; ``label`` is what it is to those who cannot see it."""
    return Markup(
        f'<svg class="chart {kind}" viewBox="0 0 {WIDTH} {shown(height)}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{shown(x)}" y="{shown(y)}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def line(x0: float, y0: float, x1: float, y1: float, kind: str) -> str:
    return f'<path class="{kind}" d="M{shown(x0)} {shown(y0)}L{shown(x1)} {shown(y1)}"/>'


def path(points: Sequence[tuple[float, float]], kind: str) -> str:
    return f'<path class="{kind}" d="M{"L".join(f"{shown(x)} {shown(y)}" for x, y in points)}"/>'


def dots(points: Iterable[tuple[float, float]], kind: str) -> str:
    """One shape for all of them: lines of no length, whose round ends are the dots."""
    return f'<path class="{kind}" d="{"".join(f"M{shown(x)} {shown(y)}h0" for x, y in points)}"/>'


def circle(x: float, y: float, radius: float, kind: str) -> str:
    return f'<circle class="{kind}" cx="{shown(x)}" cy="{shown(y)}" r="{shown(radius)}"/>'


def shown(number: float) -> str:
    """A tenth of a point is finer than a screen; no minus before a zero."""
    return f"{round(number, 1) + 0.0:.1f}".removesuffix(".0")


def series(methods: Sequence[tuple[str, str]]) -> dict[str, str]:
    """The class of each method's colour, by name and kind: floors and published rows are grey."""
    found, own = {}, 0
    for method, kind in methods:
        found[method] = kind if kind in ("floor", "published") else f"series{own % SERIES}"
        own += found[method].startswith("series")
    return found
