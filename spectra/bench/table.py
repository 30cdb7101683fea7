"""The table of a run as text: methods by metrics, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def rows_of(metrics: Mapping[str, Any]) -> tuple[list[str], list[list[str]]]:
    """The header and the cells: own methods and floors together, ordered by the first metric."""
    methods: dict[str, Any] = metrics["methods"]
    names = list(next(iter(methods.values()))["scores"])
    header = ["method", *(f"{name} {_arrow(methods, name)}" + _unit(methods, name) for name in names)]
    ordered = sorted(methods.items(), key=lambda entry: _rank(entry[1], names))
    cells = [[_label(method, said), *(_cell(said["scores"][name]) for name in names)] for method, said in ordered]
    return header, cells


def text_table(metrics: Mapping[str, Any]) -> str:
    """For the terminal, with what it was measured on."""
    header, cells = rows_of(metrics)
    origin = f"{metrics['task']} on {metrics['data']['origin']}"
    return "\n".join([origin, "mean [95 % interval over images]; floors are marked *", "", *_aligned([header, *cells])])


def markdown_table(metrics: Mapping[str, Any]) -> str:
    """For a README or an issue."""
    header, cells = rows_of(metrics)
    lines = [header, ["---"] * len(header), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def _label(method: str, said: Mapping[str, Any]) -> str:
    return f"{method} *" if said["floor"] else method


def _arrow(methods: Mapping[str, Any], name: str) -> str:
    return {"higher": "↑", "lower": "↓"}[next(iter(methods.values()))["scores"][name]["better"]]


def _unit(methods: Mapping[str, Any], name: str) -> str:
    unit = next(iter(methods.values()))["scores"][name]["unit"]
    return f" {unit}" if unit else ""


def _rank(said: Mapping[str, Any], names: Sequence[str]) -> float:
    if not names:
        return 0.0
    score = said["scores"][names[0]]
    if score["mean"] is None:
        return float("inf")
    return -score["mean"] if score["better"] == "higher" else float(score["mean"])


def _cell(score: Mapping[str, Any]) -> str:
    if score["mean"] is None:
        return f"not scored: {score['reason']}"
    digits = 2 if abs(score["mean"]) >= 10 else 3
    mean = f"{score['mean']:.{digits}f}"
    if score["low"] is None:
        return mean
    return f"{mean} [{score['low']:.{digits}f}, {score['high']:.{digits}f}]"
