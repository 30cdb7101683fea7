"""Splits that Spectra makes: into parts or folds, by group, written to a file and used in place of the data's own."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, Literal

from pydantic import Field, ValidationError

from spectra.data.atomic import write_text
from spectra.data.catalogue import Catalogue, Place
from spectra.data.sets.pairing import listed
from spectra.errors import DataError
from spectra.settings import Config

By = Literal["group", "name"]
TRAIN, TEST = "train", "test"
LARGEST = 2**28
"""Bytes of a file that are read: some millions of names."""
ATTEMPTS = 64
"""Orders in which groups are dealt out; the one that meets the shares best is taken."""


@dataclass(frozen=True)
class Split:
    """Which places are in which part. Either parts with names, or folds."""

    layout: str
    """As which layout the data was read: it makes the names."""
    by: By
    seed: int
    parts: Mapping[str, tuple[str, ...]]
    """Keys of places by the name of the part, sorted."""
    folds: tuple[tuple[str, ...], ...] = ()
    """Keys of places by fold, sorted; each fold is the test split once, and the others are learned from."""


def make_split(
    catalogue: Catalogue,
    shares: Mapping[str, float] | None = None,
    *,
    folds: int = 0,
    seed: int = 0,
    by: By = "group",
) -> Split:
    """Parts of these shares of the places (`test` and others; `train` is the rest), or folds of one size.

    Places of one group stay together, so shares are met only as well as whole groups allow. The same places and the
    same seed give the same split, in whatever order the places come. Who knows better groups than the layout gives a
    catalogue whose places bear them.
    """
    wanted = _wanted(shares or {}, folds)
    groups = _groups(catalogue, by)
    if len(groups) < len(wanted):
        by_name = by == "group" and len(keyed(catalogue)) >= len(wanted)
        raise DataError(
            f"{len(groups)} group{'s' * (len(groups) != 1)} cannot fill {len(wanted)} {'folds' if folds else 'splits'}"
            ", as none is torn apart." + (" Choose fewer, or split by name (with `--by name`)." if by_name else "")
        )
    total = sum(map(len, groups.values()))
    dealt = _dealt(groups, [share * total for share in wanted.values()], seed)
    parts = [tuple(sorted(key for group in part for key in groups[group])) for part in dealt]
    if folds:
        return Split(catalogue.layout, by, seed, {}, tuple(parts))
    return Split(catalogue.layout, by, seed, dict(zip(wanted, parts, strict=True)))


def apply(catalogue: Catalogue, split: Split, fold: int | None = None) -> Catalogue:
    """The same places in the parts that the split says; of folds, one is `test` and the others are `train`.

    Images that stand alone are in no part, and may be learned from.
    """
    parts = {key: part for part, keys in _parts(split, fold).items() for key in keys}
    places = keyed(catalogue)
    if unknown := sorted(parts.keys() - places.keys()):
        read_as = f", which was made of the layout {split.layout!r}," if split.layout != catalogue.layout else ""
        raise DataError(
            f"The split{read_as} names {len(unknown)} places that {str(catalogue.root)!r} (read as "
            f"{catalogue.layout!r}) does not have: {listed(unknown)}. Was it made of other data?"
        )
    twice = {name for name, count in Counter(place.name for place in places.values()).items() if count > 1}
    found = [
        replace(place, split=parts[key], name=key if place.name in twice else place.name)
        for key, place in places.items()
        if key in parts
    ]
    alone = [replace(place, split="") for place in catalogue.places if place.alone]
    missing = sorted(places.keys() - parts.keys())
    notes = [f"{len(missing)} places are not in the split and are left out: {listed(missing)}."] if missing else []
    ordered = sorted(found + alone, key=lambda place: (place.split, place.name))
    return replace(catalogue, places=ordered, notes=[*catalogue.notes, *notes])


def keyed(catalogue: Catalogue) -> dict[str, Place]:
    """The places by what tells them apart in all splits: `split/name`, the name where the data states no split."""
    found: dict[str, Place] = {}
    for place in catalogue.places:
        if place.alone:
            continue
        key = f"{place.split}/{place.name}" if place.split else place.name
        if key in found:
            raise DataError(f"Two places of {str(catalogue.root)!r} would have the name {key!r} in a split.")
        found[key] = place
    return found


def write_split(path: Path, split: Split) -> None:
    """Whole or not at all; a file that is there stays as it is."""
    require_new(path)
    try:
        write_text(path, split_text(split))
    except OSError as why:
        raise DataError(f"The split {str(path)!r} cannot be written: {why.strerror or why}.") from None


def require_new(path: Path) -> None:
    """Raises where a split could not be written to `path`."""
    if os.path.lexists(path):
        raise DataError(f"{str(path)!r} exists already, and a split is never written over. Choose another name.")
    if not path.parent.is_dir():
        raise DataError(f"The folder {str(path.parent)!r} does not exist: create it first.")


def split_text(split: Split) -> str:
    """The split as its file holds it."""
    held = {"folds": [list(keys) for keys in split.folds]} if split.folds else {
        "splits": {name: list(keys) for name, keys in split.parts.items()}
    }  # fmt: skip
    said = {"spectra_split": 1, "layout": split.layout, "by": split.by, "seed": split.seed, **held}
    return json.dumps(said, indent=1, ensure_ascii=False) + "\n"


def read_split(path: Path) -> Split:
    """A split as `write_split` wrote it, or as a person did in its form; every fault is an error."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as why:
        raise DataError(f"The split {str(path)!r} cannot be read: {why.strerror or why}.") from None
    try:
        if len(data) > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        said = _SplitFile.model_validate(
            json.loads(data, object_pairs_hook=_once, parse_constant=_refused), strict=True
        )
        return _sound(said)
    except ValidationError as why:
        first = why.errors(include_url=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise DataError(f"{str(path)!r} is no split: {where}: {first['msg'].lower()}.") from None
    except RecursionError:
        raise DataError(f"{str(path)!r} is no split: it is nested too deeply.") from None
    except ValueError as why:  # of JSON and of UTF-8 too
        raise DataError(f"{str(path)!r} is no split: {why}.") from None


class _SplitFile(Config):
    spectra_split: Literal[1]
    layout: str
    by: By
    seed: int = Field(ge=0)
    splits: dict[str, list[str]] | None = None
    folds: list[list[str]] | None = None


def _sound(said: _SplitFile) -> Split:
    if (said.splits is None) == (said.folds is None):
        raise ValueError("it needs either `splits` or `folds`")
    held = list(said.splits.values()) if said.splits is not None else said.folds or []
    if not held or not all(held) or "" in (said.splits or {}):
        raise ValueError("a part without a name or without places is in it")
    if said.folds is not None and len(said.folds) < 2:
        raise ValueError("there must be two folds at least")
    names = [name for part in held for name in part]
    if twice := sorted(name for name, count in Counter(names).items() if count > 1):
        raise ValueError(f"{len(twice)} places are in it twice: {listed(twice)}")
    parts = {part: tuple(sorted(keys)) for part, keys in (said.splits or {}).items()}
    return Split(said.layout, said.by, said.seed, parts, tuple(tuple(sorted(keys)) for keys in said.folds or ()))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key stands in it twice")
    return found


def _refused(constant: str) -> Any:
    raise ValueError(f"{constant} is not a number")


def _parts(split: Split, fold: int | None) -> Mapping[str, Sequence[str]]:
    if not split.folds:
        if fold is not None:
            raise DataError("The split holds no folds: leave `data.split.fold` out.")
        return split.parts
    if fold is None or not 0 <= fold < len(split.folds):
        raise DataError(
            f"The split holds {len(split.folds)} folds: say with `data.split.fold` which is the test split, "
            f"0 to {len(split.folds) - 1}."
        )
    others = [key for number, keys in enumerate(split.folds) if number != fold for key in keys]
    return {TRAIN: others, TEST: split.folds[fold]}


def _wanted(shares: Mapping[str, float], folds: int) -> dict[str, float]:
    """The share of each part; `train` is what is left."""
    if folds:
        if shares:
            raise DataError("A split has shares or folds, not both.")
        if folds < 2:
            raise DataError(f"There must be two folds at least, not {folds}.")
        return {f"fold {number}": 1 / folds for number in range(folds)}
    if (
        not shares
        or TRAIN in shares
        or not all(0 < share < 1 for share in shares.values())
        or sum(shares.values()) >= 1
    ):
        raise DataError(
            "Shares lie between 0 and 1 and leave something to learn from, such as 0.2 for `test` and 0.1 for `val`; "
            f"not {', '.join(f'{name}: {share:g}' for name, share in shares.items()) or 'none'}."
        )
    return {TRAIN: 1 - sum(shares.values()), **shares}


def _groups(catalogue: Catalogue, by: By) -> dict[str, list[str]]:
    """Keys of places by group. A place that is its own group is so in the whole catalogue."""
    found: dict[str, list[str]] = {}
    for key, place in keyed(catalogue).items():
        alone = by == "name" or place.group == place.name
        found.setdefault(f"place {key}" if alone else f"group {place.group}", []).append(key)
    return found


def _dealt(groups: Mapping[str, Sequence[str]], targets: Sequence[float], seed: int) -> list[list[str]]:
    """Groups for each target, as near to it as the best of many random orders comes; none is left empty."""
    best, least = _one_each(groups, targets), float("inf")
    for order in _orders(groups, seed):
        parts = _filled([[] for _ in targets], order, groups, targets)
        sizes = [sum(len(groups[group]) for group in part) for part in parts]
        missed = sum(abs(size - target) for size, target in zip(sizes, targets, strict=True))
        if missed < least and all(parts):
            best, least = parts, missed
        if least < len(targets):  # less than one place in each: no order does much better
            break
    return best


def _orders(groups: Mapping[str, Sequence[str]], seed: int) -> Iterator[list[str]]:
    for attempt in range(ATTEMPTS):
        order = sorted(groups)
        Random(f"{seed}/{attempt}").shuffle(order)
        yield order
    yield _largest_first(groups)


def _largest_first(groups: Mapping[str, Sequence[str]]) -> list[str]:
    return sorted(groups, key=lambda group: (-len(groups[group]), group))


def _filled(
    parts: list[list[str]], order: Sequence[str], groups: Mapping[str, Sequence[str]], targets: Sequence[float]
) -> list[list[str]]:
    """Each group added to the part that lacks most."""
    lacks = [target - sum(len(groups[it]) for it in part) for target, part in zip(targets, parts, strict=True)]
    for group in order:
        place = lacks.index(max(lacks))
        parts[place].append(group)
        lacks[place] -= len(groups[group])
    return parts


def _one_each(groups: Mapping[str, Sequence[str]], targets: Sequence[float]) -> list[list[str]]:
    """The largest groups to the largest targets, one each, and the others where most is lacking."""
    order = _largest_first(groups)
    ranks = sorted(range(len(targets)), key=lambda place: -targets[place])
    parts = [[order[ranks.index(place)]] for place in range(len(targets))]
    return _filled(parts, order[len(targets) :], groups, targets)
