"""Sentences of a page."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from spectra.bench.page.board import Board
from spectra.bench.page.contents import Contents, Row

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
    how = listed([part for part in (preset, budget, _seeds(protocol["seeds"])) if part])
    beside = "beside the floors that each must beat" if any(row["kind"] == "floor" for row in contents.rows) else ""
    return (
        ", ".join(part for part in (listed(own), beside, f"with {how}" if how else "") if part)
        + f"; judged by {listed(list(protocol['metrics']))}, all on the same test images."
    )


def _seeds(seeds: Sequence[int]) -> str:
    if not seeds:
        return ""
    return f"seed {seeds[0]}" if len(seeds) == 1 else f"{len(seeds)} seeds ({', '.join(map(str, seeds))})"


def verdict(rows: Sequence[Row], board: Board, pairs: Sequence[Mapping[str, Any]], alpha: float) -> str:
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
    own = rivals[0]
    score = own.cells[at]
    how = f"leads by {column.name} with" if len(rivals) > 1 else f"reaches {column.name}"
    lead = f"{own.method} {how} {score.text} {column.unit}".rstrip()
    if tied := [line.method for line in scored if line.cells[at].tied and line is not floor and score.best]:
        lead += f", not to be told apart from {listed(tied)}"
    if floor is None:
        return f"{lead}."
    bound = floor.cells[at]
    if not _better(score.value, bound.value, column.better):
        return f"{lead}, and is no better than the best floor, {floor.method}, at {bound.text}."
    clear = _p_of(pairs, column.name, {own.method, floor.method})
    how = "better" if clear is None else "clearly better" if clear < alpha else "better, but not clearly so,"
    return f"{lead}: {how} than the best floor, {floor.method}, at {bound.text}."


def _better(value: float | None, other: float | None, better: str) -> bool:
    if value is None or other is None:
        return False
    return value > other if better == "higher" else value < other


def _p_of(pairs: Sequence[Mapping[str, Any]], metric: str, methods: set[str]) -> float | None:
    for pair in pairs:
        if pair["metric"] == metric and {pair["a"], pair["b"]} == methods:
            found: float | None = pair["p_holm"]
            return found
    return None


def command_line(command: Sequence[str]) -> str:
    """As one types it: the program by its name alone."""
    if not command:
        return ""
    return shlex.join([command[0].replace("\\", "/").rpartition("/")[2], *command[1:]])


def counted(number: int, word: str) -> str:
    return f"{number} {word}{'s' * (number != 1)}"
