"""The table of a run: methods by metrics, best first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any


def rows_of(metrics: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The header and the cells: own methods and floors together, ordered by the first metric."""
    names = metrics_of(metrics)
    places = {name: decimals(metrics, name) for name in names}
    cells = [
        [label(method, said), *(cell(said["scores"][name], places[name]) for name in names)]
        for method, said in ranked(metrics)
    ]
    return ["method", *(heading(metrics, name) for name in names)], cells


def text_table(metrics: Mapping[str, Any]) -> str:
    """For the terminal, with what it was measured on."""
    header, cells = rows_of(metrics)
    origin = f"{metrics['task']} on {metrics['data']['origin']}"
    notes = [f"Note: {note}" for note in notes_of(metrics)]
    explained = "mean [95 % interval over images]; floors are marked *"
    return "\n".join([origin, explained, "", *_aligned([header, *cells]), *([""] if notes else []), *notes])


def markdown_table(metrics: Mapping[str, Any]) -> str:
    """For a README or an issue."""
    header, cells = rows_of(metrics)
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def metrics_of(metrics: Mapping[str, Any]) -> list[str]:
    """The names of the metrics."""
    return list(next(iter(metrics["methods"].values()))["scores"])


def ranked(metrics: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The methods, best first by the first metric."""
    names = metrics_of(metrics)
    return sorted(metrics["methods"].items(), key=lambda entry: _rank(entry[1], names))


def notes_of(metrics: Mapping[str, Any]) -> list[str]:
    """What was left out, replaced or resized, and why a score is missing."""
    own = [f"{method}: {note}" for method, said in metrics["methods"].items() for note in said["notes"]]
    return [*metrics["notes"], *own, *_missing(metrics)]


def _missing(metrics: Mapping[str, Any]) -> list[str]:
    """One line for each reason, with the metrics it is the reason for."""
    reasons: dict[str, dict[str, None]] = {}
    for said in metrics["methods"].values():
        for name, score in said["scores"].items():
            if score["reason"]:
                reasons.setdefault(score["reason"], {})[name] = None
    return [f"{', '.join(names)}: {reason}" for reason, names in reasons.items()]


def heading(metrics: Mapping[str, Any], name: str) -> str:
    """Such as `psnr ↑ dB`: the arrow points to the better."""
    score = next(iter(metrics["methods"].values()))["scores"][name]
    arrow = {"higher": "↑", "lower": "↓"}[score["better"]]
    return f"{name} {arrow} {score['unit']}".rstrip()


def label(method: str, said: Mapping[str, Any]) -> str:
    return f"{method} *" if said["floor"] else method


def cell(score: Mapping[str, Any], places: int) -> str:
    if score["mean"] is None:
        return "not scored"
    return " ".join(part for part in (mean(score, places), interval(score, places)) if part)


def mean(score: Mapping[str, Any], places: int) -> str:
    return f"{score['mean']:.{places}f}"


def interval(score: Mapping[str, Any], places: int) -> str:
    """Empty where there is none, as for a single image."""
    return "" if score["low"] is None else f"[{score['low']:.{places}f}, {score['high']:.{places}f}]"


def decimals(metrics: Mapping[str, Any], name: str) -> int:
    """Decimal places of a column: about four figures of its largest number, at most three where it is near one."""
    return places_of(said["scores"][name]["mean"] for said in metrics["methods"].values())


def places_of(values: Iterable[float | None]) -> int:
    """As many for each of the numbers that stand below each other."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if largest >= 1000:
        return 0
    if largest >= 10:
        return 2
    return 3 if largest >= 0.1 or largest == 0 else 5


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _rank(said: Mapping[str, Any], names: Sequence[str]) -> float:
    if not names:
        return 0.0
    score = said["scores"][names[0]]
    if score["mean"] is None:
        return float("inf")
    return -score["mean"] if score["better"] == "higher" else float(score["mean"])
