"""Sentences of a page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from spectra.bench.page.board import Board
from spectra.bench.page.contents import Contents, Row
from spectra.bench.page.paired import Pair, tested
from spectra.bench.statistics.reach import reach

SHORT = {"floor", "published"}


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def title(contents: Contents) -> str:
    own = own_methods(contents.rows)
    tasks = [task_title(task) for task in contents.tasks]
    if len(own) <= 3 and len(tasks) <= 2:
        return f"{listed(own) or 'Floors'} on {listed(tasks)}"
    return f"{counted(len(own), 'method')} on {counted(len(tasks), 'task')}"


def task_title(task: str) -> str:
    """`rgb2nir` as people say it; a name that is not of two parts stays as it is."""
    source, _, target = task.partition("2")
    return f"{source} → {target}" if target and "2" not in target else task


def own_methods(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["method"] for row in rows if row["kind"] not in SHORT))


def asked(contents: Contents) -> str:
    """What was asked, in a few words that anyone can follow."""
    protocol, own = contents.protocol, own_methods(contents.rows)
    preset = f"the preset {protocol['preset']}" if protocol["preset"] else ""
    budget = f"a budget of {protocol['budget']} for each that learns" if protocol["budget"] else ""
    how = listed(
        [
            part
            for part in (
                preset,
                budget,
                _seeds(protocol["seeds"] if any(row.get("seeds") for row in contents.rows) else []),
            )
            if part
        ]
    )
    beside = "beside the floors that each must beat" if any(row["kind"] == "floor" for row in contents.rows) else ""
    return (
        ", ".join(part for part in (listed(own), beside, f"with {how}" if how else "") if part)
        + f"; judged by {listed(_judges(protocol))}, all on the same test images."
    )


def _judges(protocol: Mapping[str, Any]) -> list[str]:
    """The metrics of any task: one that not all have is shown in that task's table alone."""
    own = [name for task in (protocol.get("tasks") or {}).values() for name in task.get("metrics") or ()]
    return list(dict.fromkeys([*protocol["metrics"], *own]))


def _seeds(seeds: Sequence[int]) -> str:
    if not seeds:
        return ""
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds ({', '.join(map(str, seeds))})"


def verdict(rows: Sequence[Row], board: Board, pairs: Sequence[Pair], alpha: float) -> str:
    """Who leads by the first metric, and whether it beats the floors: no more than the comparisons bear."""
    column = board.leading
    if column is None:
        return ""
    at = board.columns.index(column)
    kinds = {row["method"]: row["kind"] for row in rows}
    scored = [line for line in board.lines if line.cells and line.cells[at].value is not None]
    rivals = [line for line in scored if kinds[line.method] not in SHORT]
    floor = next((line for line in scored if kinds[line.method] == "floor"), None)
    if not rivals:
        return ""
    own, score = rivals[0].method, rivals[0].cells[at]
    ahead = floor is None or not _better(floor.cells[at].value, score.value, column.better)
    level = [line.method for line in rivals if line.cells[at].value == score.value]
    lead = _lead(level, len(rivals), ahead, f"{score.text} {column.unit}".rstrip(), column.name)
    if tied := [line.method for line in scored if line.cells[at].tied and line is not floor and score.best]:
        lead += f", not to be told apart from {listed(tied)}"
    if floor is None:
        return f"{lead}."
    bound, told = floor.cells[at], _told(pairs, column.name, {own, floor.method}, alpha)
    if bound.value == score.value:
        return f"{lead}, level with the best floor, {floor.method}."
    best_floor, be = f"the best floor, {floor.method}, at {bound.text}", "are" if len(level) > 1 else "is"
    how = (AHEAD if ahead else BEHIND)[told].format(best_floor, be=be)
    return f"{lead}{how}."


def _lead(level: Sequence[str], rivals: int, ahead: bool, score: str, metric: str) -> str:
    """Who stands in front of the methods; it leads only where no floor stands before it."""
    if len(level) > 1:
        first = "" if len(level) == rivals else " and lead" if ahead else ", the best of the methods,"
        how = f"are level{first} by {metric} with"
    elif rivals > 1:
        how = f"leads by {metric} with" if ahead else f"is the best of the methods by {metric} with"
    else:
        how = f"reaches {metric}"
    return f"{listed(level)} {how} {score}"


AHEAD = {
    "": ": better than {}",
    "shown": ": clearly better than {}",
    "not shown": ": better, but not clearly so, than {}",
    "too few": ": better than {}, which so few images cannot show",
}
BEHIND = {
    "": ", and {be} worse than {}",
    "shown": ", and {be} worse than {}",
    "not shown": ", and {be} not shown to differ from {}",
    "too few": ", and {be} worse than {}, which so few images cannot show",
}


def _better(value: float | None, other: float | None, better: str) -> bool:
    if value is None or other is None:
        return False
    return value > other if better == "higher" else value < other


def _told(pairs: Sequence[Pair], metric: str, methods: set[str], alpha: float) -> str:
    """Whether the test of these two shows a difference, or could have; empty where there is none."""
    family = [pair for pair in pairs if pair["metric"] == metric]
    for pair, least in zip(family, reach([tested(pair) for pair in family]), strict=True):
        if {pair["a"], pair["b"]} == methods and pair["p_holm"] is not None:
            if least is None or least >= alpha:
                return "too few"
            return "shown" if pair["p_holm"] < alpha else "not shown"
    return ""


def command_line(command: Sequence[str]) -> str:
    """As one types it: the program by its name alone."""
    if not command:
        return ""
    return shlex.join([command[0].replace("\\", "/").rpartition("/")[2], *command[1:]])


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
