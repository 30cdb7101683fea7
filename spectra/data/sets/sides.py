"""Which sides of a data set are the source and the target of a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from spectra.data.catalogue import Catalogue, Place
from spectra.data.images import SUFFIXES
from spectra.data.sets.pairing import Sides
from spectra.errors import DataError, did_you_mean
from spectra.modalities import Task
from spectra.recipe.recipe import DataSettings

ANONYMOUS = (("A", "B"), ("input", "target"), ("source", "target"))
"""What layouts call their sides where they do not say what they show."""


@dataclass(frozen=True)
class ChosenSides:
    sides: Sides
    note: str = ""


def chosen_sides(catalogue: Catalogue, task: Task, data: DataSettings) -> ChosenSides:
    """As the recipe says, or as the modalities are called; sides without such names in their own order."""
    said = data.source.folder or task.source.name, data.target.folder or task.target.name
    there = _sides(catalogue)
    if data.source.folder is None and data.target.folder is None and not set(said) & set(there):
        for first, second in ANONYMOUS:
            names = {side.casefold(): side for side in there}
            if first.casefold() in names and second.casefold() in names:
                sides = names[first.casefold()], names[second.casefold()]
                return ChosenSides(sides, f"{sides[0]!r} is taken for {task.source}, {sides[1]!r} for {task.target}")
    return ChosenSides(said)


def require_sides(places: Sequence[Place], chosen: ChosenSides, mask: str | None, where: str) -> None:
    """Every side that is asked for has images in the split."""
    there = sorted({side for place in places for side, files in place.images.items() if files})
    keys = ("data.source.folder", "data.target.folder", "data.mask")
    faults = [
        f"{where} has no {'modality' if key != 'data.mask' else 'masks'} {side!r}.{near(side, there)} It holds: "
        f"{', '.join(there) or 'no images'}. Say with `{key}` which it is, or set another `task`."
        for side, key in zip((*chosen.sides, mask), keys, strict=True)
        if side is not None and side not in there
    ]
    if faults:
        raise DataError("\n".join([*faults, f"Only files with these endings count: {', '.join(sorted(SUFFIXES))}."]))


def near(name: str, others: Sequence[str]) -> str:
    """Upper and lower case do not count: `RGB` is near `rgb`."""
    return did_you_mean(name, others) or next(
        (f" Did you mean {other!r}?" for other in others if other.casefold() == name.casefold()), ""
    )


def _sides(catalogue: Catalogue) -> list[str]:
    return list(dict.fromkeys([*catalogue.sides, *(side for place in catalogue.places for side in place.images)]))
