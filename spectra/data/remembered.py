"""Pairs kept in memory up to a limit, for those who go through them more than once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import Tensor

from spectra.data.pairs import Pair, PairSet, Picture, sizes_of


class Remembered:
    """The first pairs asked for stay, as long as they fit; the others are read again each time."""

    def __init__(self, pairs: PairSet, megabytes: int = 512) -> None:
        self.pairs = pairs
        self.left = megabytes * 2**20
        self.kept: dict[int, Pair] = {}

    @property
    def names(self) -> Sequence[str]:
        return self.pairs.names

    @property
    def sizes(self) -> Sequence[tuple[int, int]]:
        return sizes_of(self.pairs)

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> Pair:
        if place in self.kept:
            return self.kept[place]
        pair = self.pairs[place]
        size = sum(tensor.nbytes for picture in (pair.source, pair.target) for tensor in _tensors(picture))
        if size <= self.left:
            self.left -= size
            self.kept[place] = pair
        return pair

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def identity(self) -> str:
        return self.pairs.identity()


def _tensors(picture: Picture) -> list[Tensor]:
    return [picture.pixels] if picture.valid is None else [picture.pixels, picture.valid]
