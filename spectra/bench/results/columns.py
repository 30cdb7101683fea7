"""What is said of several columns of a table at once: of a metric and its parts, of those in one unit."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from spectra.bench.results.result import Result, scores_of

IN_UNIT = "range:target-unit"
"""The part of a signature by which a score is in the unit of the target."""


def parts_of_metric(name: str, metrics: Collection[str]) -> list[str]:
    """Such as `swd.16` of `swd`."""
    return [metric for metric in metrics if metric.startswith(f"{name}.")]


def together(names: Collection[str], metrics: Collection[str]) -> list[str]:
    """The names, a metric that stands beside all its parts as `swd and its parts`."""
    parts = {name: parts_of_metric(name, metrics) for name in names if name in metrics}
    whole = {name: found for name, found in parts.items() if found and set(found) <= set(names)}
    covered = {part for found in whole.values() for part in found}
    return [f"{name} and its parts" if name in whole else name for name in names if name not in covered]


def part_explained(metrics: Sequence[str]) -> str:
    """What a name such as `swd.16` means; empty where no column has one."""
    for name in metrics:
        if parts := parts_of_metric(name, metrics):
            return f"NAME.PART is a term of NAME, such as {parts[0]} of {name}"
    return ""


def untested(result: Result, task: str, metrics: Sequence[str]) -> list[str]:
    """Metrics in which a best is marked that has neither an interval nor a comparison behind it."""
    compared = {pair.metric for pair in result.pairs if pair.task == task}
    return [name for name in metrics if name not in compared and _is_bare(result, task, name)]


def _is_bare(result: Result, task: str, name: str) -> bool:
    scores = scores_of(result, task, name).values()
    marked = any(score.best for score in scores) and not any(score.tied for score in scores)
    return marked and all(score.low is None for score in scores)


def in_file_values(result: Result, task: str) -> str:
    """Which scores are in a unit that the data declared; empty where they are in the range of the file type."""
    scale = result.protocol.tasks[task].scales.get("target", "dtype")
    names = [name for name in result.metrics_of(task) if _is_in_unit(result, task, name)]
    if scale.startswith("dtype") or not names:
        return ""
    return f"{', '.join(together(names, result.metrics_of(task)))} in the file's values of {scale}"


def _is_in_unit(result: Result, task: str, name: str) -> bool:
    return any(IN_UNIT in score.signature.split("|") for score in scores_of(result, task, name).values())
