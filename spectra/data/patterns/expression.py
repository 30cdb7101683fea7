"""Regular expressions in patterns: only those whose time cannot grow beyond measure, whatever they are matched with."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass, field

ATOM = re.compile(r"\\[^1-9gG]|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\\[\](){}|*+?^$]", re.DOTALL)
REPEAT = re.compile(r"(\?|\*|\+|\{\d{1,3}\}|\{\d{0,3},\d{0,3}\})")
GROUP = re.compile(r"\((?:\?:|(?!\?))")
WAYS = 64


class BadPattern(ValueError):
    """What is wrong with a pattern, as the end of a sentence that names it."""


@dataclass(frozen=True)
class Expression:
    """`{name:REGEX}`: characters, classes, groups and alternatives; only single characters and classes may repeat."""

    name: str
    source: str
    open: int = field(init=False)
    """How many of its pieces have an open end."""

    def __post_init__(self) -> None:
        try:
            with warnings.catch_warnings(action="error"):
                re.compile(self.source)
        except (re.error, RecursionError, OverflowError, FutureWarning, DeprecationWarning) as why:
            raise BadPattern(f"has the expression {self.source!r}, which cannot be read: {why}") from None
        opened, ways = _measured(self.source)
        if opened > 2 or ways > WAYS:
            raise BadPattern(f"has the expression {self.source!r}, which can be read in too many ways")
        object.__setattr__(self, "open", opened)

    def stops_at(self, char: str) -> bool:
        """Whether it is one repeated class that this character (none: the end) is no part of: then its end is plain."""
        match = ATOM.match(self.source)
        if match is None or not REPEAT.fullmatch(self.source, match.end()):
            return False
        return not char or not re.fullmatch(match[0], char, re.IGNORECASE | re.DOTALL)


def _measured(source: str) -> tuple[int, int]:
    """The pieces with an open end, and the ways in which what is left can be read."""
    place, opened, ways = 0, 0, 1
    branches = [1]
    single = False  # whether a single character or class stands before
    while place < len(source):
        if repeat := REPEAT.match(source, place):
            if not single and repeat[0] != "?":
                raise BadPattern(f"has the expression {source!r}: only single characters and classes may repeat")
            opened += repeat[0] != "?" and _varies(repeat[0])
            ways *= 2 if repeat[0] == "?" else 1
            place, single = repeat.end(), False
            place += source[place : place + 1] in ("?", "+")  # lazy or possessive
        elif group := GROUP.match(source, place):
            branches.append(1)
            place, single = group.end(), False
        elif source[place] == ")" and len(branches) > 1:
            ways *= branches.pop()
            place, single = place + 1, False
        elif source[place] == "|":
            branches[-1] += 1
            place, single = place + 1, False
        elif atom := ATOM.match(source, place):
            place, single = atom.end(), True
        else:
            raise BadPattern(f"has the expression {source!r}: {source[place:]!r} is none of what may stand here")
    return opened, ways * branches[0]


def _varies(repeat: str) -> bool:
    least, comma, most = repeat.strip("{}").partition(",")
    return repeat in "*+" or (bool(comma) and (least != most or not most))
