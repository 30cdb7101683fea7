"""The columns of scores: what is measured, which way is better, and how many places are shown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spectra.bench.page.contents import Row
from spectra.bench.results.columns import IN_UNIT
from spectra.bench.table import places_of


@dataclass(frozen=True)
class Column:
    """A metric, as all rows of a task report it."""

    name: str
    better: str
    unit: str
    places: int
    model: Row
    """The score whose signature most rows have; others are marked."""
    count: int | None
    """Images behind each mean, where it is the same in all rows that were computed here."""
    bare: bool = False
    """A best is marked, and there is neither an interval nor a tie: no test is behind it."""

    @property
    def signature(self) -> str:
        return str(self.model["signature"])

    @property
    def in_unit(self) -> bool:
        """Whether it is in the unit of the target."""
        return IN_UNIT in self.signature.split("|")

    @property
    def arrow(self) -> str:
        return "↑" if self.better == "higher" else "↓"

    @property
    def label(self) -> str:
        """Such as `psnr ↑ dB`."""
        return f"{self.name} {self.arrow} {self.unit}".rstrip()

    def text(self, value: float) -> str:
        return minus(f"{value:.{self.places}f}")


def columns_of(rows: Sequence[Row]) -> list[Column]:
    """In the order in which the rows name them; what was only published elsewhere has none."""
    own = [row for row in rows if row["kind"] != "published"]
    names = dict.fromkeys(name for row in own or rows for name in row["scores"])
    return [_column(name, [row for row in rows if name in row["scores"]]) for name in names]


def alike(signature: str) -> tuple[str, ...]:
    """What two signatures share if they say the same, in whatever order."""
    return tuple(sorted(signature.split("|")))


def _column(name: str, rows: Sequence[Row]) -> Column:
    own = [row for row in rows if row["kind"] != "published"] or list(rows)
    scores = [row["scores"][name] for row in own]
    means = [score["mean"] for score in scores]
    counts = {score["n"] for score in scores if score["mean"] is not None}
    signatures = Counter(alike(score["signature"]) for score in scores)
    most = signatures.most_common(1)[0][0]
    first: Any = scores[0]
    return Column(
        name,
        first["better"],
        first["unit"],
        places_of(means),
        next(score for score in scores if alike(score["signature"]) == most),
        counts.pop() if len(counts) == 1 else None,
        _is_bare(scores),
    )


def _is_bare(scores: Sequence[Row]) -> bool:
    marked = any(score.get("best") for score in scores) and not any(score.get("tied") for score in scores)
    return marked and all(score.get("low") is None for score in scores)


def minus(text: str) -> str:
    """With the sign that is as wide as a figure; zero has none."""
    if text.startswith("-") and not text.strip("-0."):
        return text[1:]
    return text.replace("-", "−", 1) if text.startswith("-") else text
