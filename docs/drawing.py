"""Drawings of networks as SVG: boxes, arrows and words, on a card that is readable on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Literal

Point = tuple[float, float]
Kind = Literal["image", "convolution", "attention", "extractor", "loss"]
FILLS: dict[Kind, str] = {
    "image": "#f4f4f2",
    "convolution": "#d9e8f6",
    "attention": "#fbe3c0",
    "extractor": "#dcefd9",
    "loss": "#f6dcdc",
}
INK, FAINT = "#22303c", "#5c6b78"
FONT = "font-family='Helvetica, Arial, sans-serif'"


@dataclass(frozen=True)
class Box:
    """A box around a point, with a line of words and fainter ones below it."""

    x: float
    y: float
    title: str
    notes: tuple[str, ...] = ()
    kind: Kind = "convolution"
    width: float = 132
    height: float = 46

    @property
    def left(self) -> Point:
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        return self.x, self.y - self.height / 2

    @property
    def bottom(self) -> Point:
        return self.x, self.y + self.height / 2

    def svg(self) -> str:
        x, y = self.x - self.width / 2, self.y - self.height / 2
        lines = [
            f"<rect x='{x:g}' y='{y:g}' width='{self.width:g}' height='{self.height:g}' rx='6' "
            f"fill='{FILLS[self.kind]}' stroke='{INK}' stroke-width='1'/>"
        ]
        first = self.y + 4.5 - 7 * len(self.notes)
        lines.append(words(self.x, first, self.title, size=13))
        lines += [words(self.x, first + 14 * (i + 1), note, size=10.5, ink=FAINT) for i, note in enumerate(self.notes)]
        return "\n".join(lines)


def words(x: float, y: float, text: str, size: float = 12, ink: str = INK, anchor: str = "middle") -> str:
    place = f"x='{x:g}' y='{y:g}' font-size='{size:g}' fill='{ink}' text-anchor='{anchor}'"
    return f"<text {place} {FONT}>{escape(text)}</text>"


@dataclass
class Drawing:
    """What is drawn later lies above what was drawn before."""

    title: str
    width: int
    height: int
    parts: list[str] = field(default_factory=list)

    def box(self, box: Box) -> Box:
        self.parts.append(box.svg())
        return box

    def arrow(self, *points: Point, label: str = "", dashed: bool = False, at: Point | None = None) -> None:
        """Through all points, with its head at the last; the label stands at the middle of the first stretch."""
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = " stroke-dasharray='5 4'" if dashed else ""
        self.parts.append(
            f"<polyline points='{path}' fill='none' stroke='{INK}' stroke-width='1.3'{dash} marker-end='url(#head)'/>"
        )
        if label:
            (x, y), (u, v) = points[0], points[1]
            x, y = at or ((x + u) / 2, (y + v) / 2 - 5)
            self.parts.append(words(x, y, label, size=10.5, ink=FAINT))

    def say(self, x: float, y: float, text: str, size: float = 12, anchor: str = "middle") -> None:
        self.parts.append(words(x, y, text, size, anchor=anchor))

    def legend(self, x: float, y: float, entries: Sequence[tuple[Kind, str]]) -> None:
        for place, (kind, text) in enumerate(entries):
            top = y + 20 * place
            self.parts.append(
                f"<rect x='{x:g}' y='{top - 10:g}' width='16' height='12' rx='3' fill='{FILLS[kind]}' stroke='{INK}'/>"
            )
            self.parts.append(words(x + 24, top, text, size=11, anchor="start"))

    def svg(self) -> str:
        head = (
            "<defs><marker id='head' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' "
            f"orient='auto'><path d='M0,0 L8,4 L0,8 z' fill='{INK}'/></marker></defs>"
        )
        return (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {self.width} {self.height}' role='img' "
            f"aria-label='{escape(self.title, quote=True)}'>\n<title>{escape(self.title)}</title>\n{head}\n"
            f"<rect width='{self.width}' height='{self.height}' rx='10' fill='#ffffff'/>\n"
            + "\n".join(self.parts)
            + "\n</svg>\n"
        )
