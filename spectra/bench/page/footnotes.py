"""Footnotes of a table: a letter for each thing that is said of some of its cells."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from spectra.bench.results.columns import together

LETTERS = "abcdefghijklmnopqrstuvwxyz"
OF_METRIC = re.compile(
    r"(?P<metric>[^\s:;]+)(?P<how>:| is not scored:| is another measure here:) (?P<text>.+)", re.DOTALL
)
"""Words that are said of a metric."""
OF_MANY = {" is not scored:": " are not scored:", " is another measure here:": " are other measures here:"}


@dataclass
class Footnotes:
    """The same words have the same letter, also where they are said of several metrics: `psnr: 1 image left out`."""

    said: dict[tuple[str, str], dict[str, None]] = field(default_factory=dict)
    """How and what is said, in order, and of which metrics."""

    def mark(self, words: str) -> str:
        """The letter for these words. Remarks on a metric, parted by semicolons, have a letter each: `a b`."""
        found = OF_METRIC.fullmatch(words)
        if found is None:
            return self._letter("", words, "")
        metric, how, text = found["metric"], found["how"], found["text"]
        remarks = text.split("; ") if how == ":" else [text]
        return " ".join(self._letter(how, remark, metric) for remark in remarks)

    def _letter(self, how: str, text: str, metric: str) -> str:
        self.said.setdefault((how, text), {})[metric] = None
        return _letters(list(self.said).index((how, text)))

    @property
    def lines(self) -> list[tuple[str, str]]:
        known = {metric for metrics in self.said.values() for metric in metrics}
        return [
            (_letters(place), _line(how, text, together(metrics, known)))
            for place, ((how, text), metrics) in enumerate(self.said.items())
        ]


def _line(how: str, text: str, names: list[str]) -> str:
    if not how:
        return text
    many = len(names) > 1 or names[0].endswith(" parts")
    return f"{', '.join(names)}{OF_MANY.get(how, how) if many else how} {text}"


def _letters(place: int) -> str:
    """a to z, then aa, ab, ..."""
    more, last = divmod(place, len(LETTERS))
    return (_letters(more - 1) if more else "") + LETTERS[last]
