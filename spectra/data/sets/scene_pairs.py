"""Pairs from the built-in scenes: what every recipe runs on where no data is given."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spectra.data.pairs import Pair
from spectra.data.pictures import to_picture
from spectra.data.scenes import BANDS, scene
from spectra.errors import DataError
from spectra.modalities import Modality, Task

MOST = 1_000_000
FIRST_OF_SPLIT = {"train": 0, "test": MOST, "validation": 2 * MOST}
OWN_DATA = "Give your own pairs with --data DIR."


class ScenePairs:
    """Scenes of one split, drawn when they are asked for. The splits share no scene."""

    def __init__(self, task: Task, split: str, count: int, *, view: str, size: int, bits: int, seed: int) -> None:
        if count > MOST:
            raise DataError(f"{count} {split} scenes are too many: there are at most {MOST} in a split.")
        self.task, self.count, self.first = task, count, FIRST_OF_SPLIT[split]
        self.view, self.size, self.bits, self.seed = view, size, bits, seed
        for modality in (task.source, task.target):
            _require_shown(modality)

    @property
    def names(self) -> Sequence[str]:
        return [self._name(place) for place in range(self.count)]

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of each pair."""
        return [(self.size, self.size)] * self.count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, place: int) -> Pair:
        if not 0 <= place < self.count:
            raise IndexError(place)
        shown = scene(self.seed, self.first + place, self.size, self.view)
        source, target = (
            to_picture(shown.image(modality.name, self.bits), modality.scale)
            for modality in (self.task.source, self.task.target)
        )
        return Pair(self._name(place), shown.group, source, target)

    def __iter__(self) -> Iterator[Pair]:
        return (self[place] for place in range(len(self)))

    def _name(self, place: int) -> str:
        return f"{self.view}_{self.first + place:07d}"

    def identity(self) -> str:
        drawn = f"seed:{self.seed}|first:{self.first}|count:{self.count}"
        return f"scenes|{self.task}|{self.view}|{drawn}|size:{self.size}|bits:{self.bits}"


def _require_shown(modality: Modality) -> None:
    name = modality.name
    if name not in BANDS:
        raise DataError(f"The built-in scenes do not show {name!r}, only {', '.join(BANDS)}. {OWN_DATA}")
    shown = Modality.parse(name)
    if modality.channels != shown.channels:
        raise DataError(
            f"The built-in scenes show {name!r} in {shown.channels} channel{'s' * (shown.channels != 1)}, "
            f"not {modality.channels}. {OWN_DATA}"
        )
    if modality.scale != shown.scale:
        raise DataError(
            f"The built-in scenes have the scale `{shown.scale}`, and {name!r} cannot be read as `{modality.scale}`: "
            "scales are for data of your own. Leave the scale out, or give such data with --data DIR."
        )
