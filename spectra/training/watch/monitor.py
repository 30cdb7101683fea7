"""The monitor of players: it reads the lines of a journal, and says in a sentence when something goes wrong."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice
from statistics import median
from typing import Any

from spectra.training.watch.collapse import signs_of_collapse

RECENT = 20
"""Lines that must agree before a loss is said to be won, or not to change."""
BEFORE = 50
"""Lines that a running median is taken over; that of a norm may have fewer, at least RECENT."""
WON = 0.02
"""A discriminator's terms are near zero below this; undecided, they are 0.25 (least squares), 0.69 or 1."""
GROWN = 1.75
"""How many times its lowest running median a generator's adversarial term has grown to; a median nearer to 0 than LEAST
counts as that."""
LEAST = 0.1
EXPLODED = ((3, 100.0), (10, 10.0))
"""So many lines in a row with a norm of so many times the running median. Norms of small batches have heavy tails: a
single large one means nothing."""
VANISHED = (10, 1e-4)
"""So many lines in a row with a norm below this share of the median of the stage's first RECENT."""
CONSTANT = 1e-5
"""A term whose last RECENT values differ by less than this share does not change."""
COLLAPSED = 2
"""Validations in a row that must show a collapse."""
COOL_DOWN = 100
"""Lines without a sign of a cause before it may be told once more."""

Line = Mapping[str, Any]
Fault = tuple[str, str]
"""A cause, which is told once, and what to say of it."""


class Monitor:
    """What it says depends on the lines alone. Each cause is told once."""

    def __init__(self) -> None:
        self.stage: _Stage | None = None
        self.signs: dict[str, int] = {}
        """Validations in a row that showed each."""
        self.told: dict[tuple[str, str], int] = {}
        """When each cause of a stage was last seen, in lines."""
        self.failed: set[str] = set()
        """Metrics that have raised in a validation."""
        self.lines = 0

    def heard(self, line: Line) -> list[str]:
        """What there is to say after one more line of the journal."""
        if line.get("kind") == "step":
            self.lines += 1
            if self.stage is None or self.stage.name != line["stage"]:
                self.stage = _Stage(line["stage"])
            self.stage.take(line)
            return self._new(line["stage"], self.stage.faults())
        if line.get("kind") == "validation":
            return [*self._failures(line), *self._collapses(line)]
        return []

    def _new(self, stage: str, faults: Iterator[Fault]) -> list[str]:
        found = []
        for cause, text in faults:
            last = self.told.get((stage, cause))
            self.told[stage, cause] = self.lines
            if last is None or self.lines - last > COOL_DOWN:
                found.append(text)
        return found

    def _failures(self, line: Line) -> list[str]:
        """Each metric once, however often it fails."""
        new = {name: why for name, why in line.get("failed", {}).items() if name not in self.failed}
        self.failed |= new.keys()
        return [f"The metric {name!r} failed in validation and has no score there: {why}" for name, why in new.items()]

    def _collapses(self, line: Line) -> list[str]:
        """Told once for as long as validations show it without a break."""
        shown = dict(signs_of_collapse(line.get("signs", {})))
        self.signs = {cause: self.signs.get(cause, 0) + 1 for cause in shown}
        return [text for cause, text in shown.items() if self.signs[cause] == COLLAPSED]


class _Series:
    """The values of one number over the lines of a stage, as many as are needed."""

    def __init__(self) -> None:
        self.first: list[float] = []
        self.values: deque[float] = deque(maxlen=BEFORE + EXPLODED[-1][0])
        self.lowest = float("inf")
        """Of the medians of BEFORE values."""

    def take(self, value: float) -> None:
        self.values.append(value)
        if len(self.first) < RECENT:
            self.first.append(value)
        if len(self.values) >= BEFORE:
            self.lowest = min(self.lowest, median(self.last(BEFORE)))

    @property
    def level(self) -> float:
        return median(self.last(RECENT))

    @property
    def has_grown(self) -> bool:
        if len(self.values) < BEFORE:
            return False
        return median(self.last(BEFORE)) - self.lowest > (GROWN - 1) * max(abs(self.lowest), LEAST)

    def last(self, count: int) -> list[float]:
        return list(islice(self.values, max(0, len(self.values) - count), None))

    def before(self, count: int) -> list[float]:
        """Those before the last so many."""
        return list(islice(self.values, max(0, len(self.values) - count - BEFORE), max(0, len(self.values) - count)))


class _Stage:
    """What is known of the players in a stage."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.terms: dict[str, dict[str, _Series]] = {}
        self.norms: dict[str, _Series] = {}
        self.rates: Mapping[str, float | None] = {}

    def take(self, line: Line) -> None:
        for player, terms in line["terms"].items():
            for term, value in terms.items():
                if value is not None:
                    self.terms.setdefault(player, {}).setdefault(term, _Series()).take(value)
        for player, norm in line["norms"].items():
            if norm is not None:
                self.norms.setdefault(player, _Series()).take(norm)
        self.rates = line["rates"]

    def faults(self) -> Iterator[Fault]:
        yield from self._won()
        for player, norms in self.norms.items():
            yield from _norm_faults(player, norms)
        yield from self._constant()

    def _won(self) -> Iterator[Fault]:
        """A player with terms of `real` and `fake` is taken for a discriminator."""
        rising = [
            player
            for player, terms in self.terms.items()
            for term, series in terms.items()
            if "adversarial" in term and series.has_grown
        ]
        for player, terms in self.terms.items():
            judged = [series for term, series in terms.items() if "real" in term or "fake" in term]
            if rising and len(judged) > 1 and all(_known(series) and series.level < WON for series in judged):
                yield (
                    f"won:{player}",
                    f"The player {player!r} has won over {rising[0]!r}: its terms are near 0, and the adversarial term "
                    f"of {rising[0]!r} grows. There is little left to learn from it: lower its rate "
                    f"(`train.players.{player}.lr`).",
                )

    def _constant(self) -> Iterator[Fault]:
        for player, terms in self.terms.items():
            if self.rates.get(player) and terms and all(_unchanging(series) for series in terms.values()):
                yield (
                    f"constant:{player}",
                    f"No term of the player {player!r} has changed over {RECENT} lines of the log: it does not learn. "
                    "Look at its rate and at the weights of its terms.",
                )


def _norm_faults(player: str, norms: _Series) -> Iterator[Fault]:
    for count, factor in EXPLODED:
        before = norms.before(count)
        if len(before) >= RECENT and min(norms.last(count)) > factor * median(before) > 0:
            yield (
                f"explodes:{player}",
                f"The gradient of the player {player!r} explodes: its norm is over {factor:g} times its usual "
                f"{median(before):.3g}. Lower its rate (`train.players.{player}.lr`), or set `train.clip: 1`.",
            )
            break
    count, share = VANISHED
    if len(norms.values) >= RECENT + count and max(norms.last(count)) < share * median(norms.first):
        yield (
            f"vanishes:{player}",
            f"The gradient of the player {player!r} vanishes: its norm is below {share:g} of the "
            f"{median(norms.first):.3g} that it began with. It learns next to nothing.",
        )


def _known(series: _Series) -> bool:
    return len(series.values) >= RECENT


def _unchanging(series: _Series) -> bool:
    values = series.last(RECENT)
    return _known(series) and max(values) - min(values) <= CONSTANT * max(map(abs, values))
