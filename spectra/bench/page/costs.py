"""What a method costs: the columns of its table, and the axes that quality is drawn against."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from spectra.bench.page.board import Cell
from spectra.bench.page.contents import Row
from spectra.bench.page.footnotes import Footnotes
from spectra.bench.results.costs import TIMED, own_remarks, shared_remarks


@dataclass(frozen=True)
class Cost:
    """One number of `cost`, as it is shown."""

    key: str
    name: str
    unit: str
    better: str = "lower"

    @property
    def label(self) -> str:
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def of(self, row: Row) -> float | None:
        value = (row["cost"] or {}).get(self.key)
        if value is None or (self.key == "train_s" and not (value and _was_trained(row))):
            return None
        return float(f"{value:.3g}") if self.key in TIMED else float(value)


def _was_trained(row: Row) -> bool:
    """What was fitted in closed form, or came ready, was not."""
    return bool(row.get("seeds") or row.get("steps"))


LATENCY = Cost("latency_ms", "latency", "ms")
OPERATIONS = Cost("gflop", "GFLOP", "")
PARAMETERS = Cost("parameters", "parameters", "")
AXES = (LATENCY, OPERATIONS, PARAMETERS)
COLUMNS = (
    PARAMETERS,
    OPERATIONS,
    LATENCY,
    Cost("latency_p95_ms", "p95 latency", "ms"),
    Cost("images_per_s", "throughput", "images/s", "higher"),
    Cost("peak_mb", "peak memory", "MB"),
    Cost("train_s", "training", "s"),
)


@dataclass(frozen=True)
class CostLine:
    method: str
    tag: str
    cells: tuple[Cell, ...]
    marks: tuple[str, ...]


@dataclass(frozen=True)
class CostTable:
    columns: tuple[Cost, ...]
    lines: tuple[CostLine, ...]
    footnotes: tuple[tuple[str, str], ...]
    measured: tuple[str, ...]
    """On what device and at what size: one entry where all were measured alike."""
    shared: str = ""
    """What is to be said of all of them."""


def cost_table(rows: Sequence[Row], figure: Callable[[float], str] | None = None) -> CostTable | None:
    """Of the rows that were measured, the columns that any of them fills; None where none was."""
    rows = [row for row in rows if row["cost"]]
    columns = tuple(cost for cost in COLUMNS if any(cost.of(row) is not None for row in rows))
    if not columns:
        return None
    notes, show = Footnotes(), figure or figures
    shared = shared_remarks([row["cost"].get("note") or "" for row in rows])
    lines = tuple(_line(row, columns, notes, show, shared) for row in rows)
    measured = tuple(dict.fromkeys(_measured(row) for row in rows))
    return CostTable(columns, lines, tuple(notes.lines), measured, "; ".join(shared.values()))


def _line(
    row: Row, columns: Sequence[Cost], notes: Footnotes, show: Callable[[float], str], shared: Mapping[str, str]
) -> CostLine:
    values = [cost.of(row) for cost in columns]
    cells = tuple(Cell(None, "–") if value is None else Cell(value, show(value)) for value in values)
    own = own_remarks(row["cost"].get("note") or "", shared)
    marks = (notes.mark(own),) if own else ()
    return CostLine(row["method"], "floor" if row["kind"] == "floor" else "", cells, marks)


def _measured(row: Row) -> str:
    size, device = row["cost"].get("size"), row["cost"].get("device")
    return " ".join([*([f"at {size[0]} × {size[1]} pixels"] if size else []), *([f"on {device}"] if device else [])])


def figures(value: float) -> str:
    """Three figures; thousands, millions and more by their letter."""
    rounded = float(f"{value:.3g}")
    for size, letter in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(rounded) >= max(size, 1e4):
            return f"{_three(rounded / size)} {letter}"
    return _three(value)


def _three(value: float) -> str:
    if abs(value) >= 1000 or value == round(value):
        return f"{value:.0f}"
    if abs(value) < 0.01:
        return f"{float(f'{value:.3g}'):g}"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:.{digits}f}"
