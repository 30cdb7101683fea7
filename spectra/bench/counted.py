"""Pairs that tell how far they have been gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from spectra.data.pairs import Pair, PairSet

Told = Callable[[str, int, int], None]
"""What a progress bar needs: what is going on, how much is done, of how much."""


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


class Counted:
    """Each time anew."""

    def __init__(self, pairs: PairSet, what: str, told: Told) -> None:
        self.pairs, self.what, self.told = pairs, what, told

    def __iter__(self) -> Iterator[Pair]:
        total = len(self.pairs)
        for place in range(total):
            yield self.pairs[place]
            self.told(self.what, place + 1, total)
