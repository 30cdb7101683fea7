"""Two benches or runs against each other, method by method, on the same images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.bench.statistics.compared import TEST, Compared, compared
from spectra.bench.statistics.folders import ScoresFolder, TaskScores, read_folder
from spectra.bench.statistics.reach import remarks
from spectra.errors import SpectraError, refuse_unknown

BY_NAME = "If images of the same name show the same all the same, say so: --by-name."
Names = tuple[str, str]
"""A method of A and one of B."""


@dataclass(frozen=True)
class Comparison:
    """All that two folders say of each other."""

    a: ScoresFolder
    b: ScoresFolder
    rows: Sequence[Compared]
    notes: Sequence[str]

    @property
    def any(self) -> bool:
        """Whether anything could be compared."""
        return any(row.difference is not None for row in self.rows)

    def described(self) -> dict[str, Any]:
        sides = {"a": str(self.a.path), "b": str(self.b.path)}
        return {**sides, "test": TEST, "rows": [row.described() for row in self.rows], "notes": list(self.notes)}


def compare(
    a: Path, b: Path, *, metrics: Sequence[str] = (), methods: Sequence[str] = (), by_name: bool = False
) -> Comparison:
    """Every method that both have, or each of ``methods`` (`NAME`, or `NAME=NAME` of A and of B), in every metric that
    both have.

    What must not be compared, because signatures or data differ, is refused and says why. ``by_name``: whoever asks
    answers for it that images of the same name are the same.
    """
    one, other = read_folder(a), read_folder(b)
    tasks = [task for task in one.tasks if task in other.tasks]
    if not tasks:
        raise SpectraError(
            f"There is no task that both have: A has {_listed(one.tasks)}, B has {_listed(other.tasks)}."
        )
    refuse_unknown("metric of both", metrics, _metrics(one) & _metrics(other))
    asked = [_names(said, _methods(one), _methods(other)) for said in methods]
    rows: list[Compared] = []
    notes = [*_alone("task", one.tasks, other.tasks)]
    for task in tasks:
        sides = one.tasks[task], other.tasks[task]
        found = list(_rows(task, *sides, asked, metrics, _refusal(*sides, by_name)))
        rows += found
        notes += [f"{task}: {said}" for said in remarks([row.pair for row in found if row.pair is not None])]
        notes += _notes(task, *sides, bool(asked), by_name)
    return Comparison(one, other, rows, notes)


def _names(said: str, ours: set[str], theirs: set[str]) -> Names:
    """What `NAME` or `NAME=NAME` means; names of methods may themselves hold the sign."""
    if said in ours and said in theirs:
        return said, said
    parts = said.split("=")
    splits = [("=".join(parts[:place]), "=".join(parts[place:])) for place in range(1, len(parts))]
    for one, other in splits:
        if one in ours and other in theirs:
            return one, other
    one, other = splits[0] if splits else (said, said)
    refuse_unknown("method of A", [one], ours)
    refuse_unknown("method of B", [other], theirs)
    return one, other


def _rows(
    task: str, one: TaskScores, other: TaskScores, asked: Sequence[Names], metrics: Sequence[str], refused: str
) -> Iterator[Compared]:
    names = asked or [(name, name) for name in one.methods]
    couples = [
        ((ours, theirs), one.methods[ours], other.methods[theirs])
        for ours, theirs in names
        if ours in one.methods and theirs in other.methods
    ]
    groups = {**_groups(other), **_groups(one)}
    for metric in dict.fromkeys(name for _, ours, _ in couples for name in ours.scores):
        if not metrics or metric in metrics:
            yield from compared(task, metric, couples, groups, refused)


def _refusal(one: TaskScores, other: TaskScores, by_name: bool) -> str:
    """Why no metric of the task may be compared; empty where they may."""
    if one.scale != other.scale:
        return f"the scale of the target is {one.scale!r} in A and {other.scale!r} in B"
    if None not in (one.identity, other.identity) and one.identity != other.identity and not by_name:
        return f"the test data differs. {BY_NAME}"
    return ""


def _notes(task: str, one: TaskScores, other: TaskScores, asked: bool, by_name: bool) -> Iterator[str]:
    if not asked:
        yield from _alone("method", one.methods, other.methods, f" of {task}")
    if by_name and one.identity != other.identity:
        yield f"{task}: the test data differs; images of the same name are taken for the same, as --by-name says."
    elif None in (one.identity, other.identity):
        yield f"{task}: the test data of one side is not known; images are paired by name alone."
    ours, theirs = _groups(one), _groups(other)
    if torn := sum(ours[name] != theirs[name] for name in ours if name in theirs):
        yield f"{task}: {torn} images are of other groups in B; those of A are taken."
    if not ours and not theirs:
        yield f"{task}: runs know no groups. If images belong together, the intervals are too narrow."


def _groups(side: TaskScores) -> dict[str, str]:
    """Of each image its group; a run knows none."""
    return {name: group for it in side.methods.values() for name, group in it.groups.items() if group}


def _metrics(folder: ScoresFolder) -> set[str]:
    return {name for task in folder.tasks.values() for method in task.methods.values() for name in method.scores}


def _methods(folder: ScoresFolder) -> set[str]:
    return {name for task in folder.tasks.values() for name in task.methods}


def _alone(what: str, ours: Mapping[str, Any], theirs: Mapping[str, Any], where: str = "") -> Iterator[str]:
    """What only one of the two has."""
    for side, has, lacks in (("A", ours, theirs), ("B", theirs, ours)):
        if names := [name for name in has if name not in lacks]:
            yield f"Only in {side}: the {what}{'s' * (len(names) > 1)} {_listed(names)}{where}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"
