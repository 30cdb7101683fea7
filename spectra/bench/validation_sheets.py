"""The pictures that a page shows of the validations: after the first, the best and the last of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from spectra.data.images import read_image
from spectra.data.preview import embedded, fitted
from spectra.training.watch.journal import Line, read_journal

FOLDER = "samples"
MOST_BYTES = 4_000_000
"""Of all sheets on a page; the rows of a matrix beyond it are shown without."""
LONGEST = 1000
"""Pixels of a sheet on the page; the sheet itself keeps its size."""


@dataclass(frozen=True)
class Sheet:
    """One sheet of pictures, and what to say below it."""

    said: str
    picture: str
    """As a data URL."""
    width: int
    height: int


def sheets_of(logs: Mapping[str, Path]) -> dict[str, list[Sheet]]:
    """For each row of a run as many as a page can bear."""
    found: dict[str, list[Sheet]] = {}
    size = 0
    for row, log in logs.items():
        sheets = validation_sheets(log) if size < MOST_BYTES else []
        size += sum(len(sheet.picture) for sheet in sheets)
        found[row] = sheets
    return found


def validation_sheets(log: Path) -> list[Sheet]:
    """In order of their steps; those that are not there any more are left out."""
    lines = read_journal(log) if log.is_file() else []
    looks = [line for line in lines if line.get("kind") == "validation" and _sheet_of(log, line).is_file()]
    best = next((line for line in reversed(looks) if line["best"]), None)
    told = {line["total"]: line for line in (*looks[:1], *([best] if best else []), *looks[-1:])}
    return [_read(_sheet_of(log, told[total]), _said(told[total], told[total] is best)) for total in sorted(told)]


def _sheet_of(log: Path, line: Line) -> Path:
    return log.parent / FOLDER / Path(line.get("samples", "none")).name


def _said(line: Line, best: bool) -> str:
    value = line["scores"].get(line["metric"])
    score = "" if value is None else f": {line['metric']} {value:.4g}"
    return f"after step {line['total']}{score}{', the best' if best else ''}"


def _read(path: Path, said: str) -> Sheet:
    small = fitted(read_image(path), LONGEST)
    return Sheet(said, embedded(small), small.shape[1], small.shape[0])
