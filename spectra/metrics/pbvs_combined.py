"""The score over the tasks of MAVIC-T."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spectra.errors import refuse_unknown

TASKS = ("sar2eo", "sar2rgb", "rgb2ir", "sar2ir")
PENALTY = 1.0
"""For each task that was not attempted, added to the mean, as the rules of 2026 say."""


def combined(task_scores: Mapping[str, float | None], tasks: Sequence[str] = TASKS) -> float:
    """The sum of the tasks' scores over the number of all tasks, and 1 more for each that is missing or None.

    The penalty is added behind the mean: a missing task costs more than any score, as these are at most about 1.
    """
    refuse_unknown("task of this score", task_scores, tasks)
    known = [score for task in tasks if (score := task_scores.get(task)) is not None]
    return math.fsum(known) / len(tasks) + PENALTY * (len(tasks) - len(known))


def combined_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """By method ``value`` and the tasks that are ``missing``, of the rows of a `bench.json`.

    The value is None where a task has a row that carries no score, or where the rows read the rules in several ways.
    Empty where the bench has but one of the tasks, or nobody has a score; what was only published is left out.
    """
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        if row["task"] in TASKS and row["kind"] != "published":
            found.setdefault(row["method"], {})[row["task"]] = row["scores"].get("pbvs") or {}
    scored = [task for of_tasks in found.values() for task, score in of_tasks.items() if score]
    if len(set(scored)) < 2:
        return {}
    return {
        method: {"value": _value(of_tasks), "missing": [task for task in TASKS if task not in of_tasks]}
        for method, of_tasks in found.items()
    }


def _value(of_tasks: Mapping[str, Mapping[str, Any]]) -> float | None:
    scores = {task: score.get("mean") for task, score in of_tasks.items()}
    readings = {_reading(score["signature"]) for score in of_tasks.values() if score}
    return None if None in scores.values() or len(readings) > 1 else combined(scores)


def _reading(signature: str) -> frozenset[str]:
    """All of a signature but which bands were seen, as tasks have one band or three."""
    return frozenset(choice for choice in signature.split("|") if ".bands:" not in choice)
