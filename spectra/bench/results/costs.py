"""What a method costs, as columns of the table."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from spectra.bench.results.row import Cost, Row
from spectra.bench.results.sheet import NONE, Cell, Column

EXPLAINED = (
    "GFLOP with two operations a multiply-add; latency at batch 1, median and 95th percentile; images/s at batch 8; "
    "peak of memory"
)


class Measured(NamedTuple):
    column: Column
    field: str


MEASURED = (
    Measured(Column("parameters", "M", part="cost"), "parameters"),
    Measured(Column("GFLOP", "", "lower", "cost"), "gflop"),
    Measured(Column("latency", "ms", "lower", "cost"), "latency_ms"),
    Measured(Column("p95", "ms", "lower", "cost"), "latency_p95_ms"),
    Measured(Column("images/s", "", "higher", "cost"), "images_per_s"),
    Measured(Column("peak", "MB", "lower", "cost"), "peak_mb"),
    Measured(Column("training", "s", "lower", "cost"), "train_s"),
)


def measured(rows: Sequence[Row]) -> tuple[Measured, ...]:
    """The columns in which anything stands."""
    costs = [row.cost for row in rows if row.cost is not None]
    return tuple(one for one in MEASURED if any(getattr(cost, one.field) is not None for cost in costs))


def cost_cells(cost: Cost | None, columns: Sequence[Measured]) -> Iterator[Cell]:
    for one in columns:
        value = None if cost is None else getattr(cost, one.field)
        if value is None:
            yield NONE
        else:
            yield Cell(figures(value / 1e6 if one.field == "parameters" else float(value)))


def figures(value: float) -> str:
    """Four figures, never an exponent for what is not tiny."""
    size = abs(value)
    if size >= 1000:
        return f"{value:.0f}"
    if size >= 0.001 or size == 0:
        return f"{value:.4g}"
    return f"{value:.2g}"


def circumstances(rows: Sequence[Row]) -> list[str]:
    """Each device and image size that costs were measured with."""
    return list(dict.fromkeys(where(row.cost) for row in rows if row.cost is not None and where(row.cost)))


def where(cost: Cost) -> str:
    """Such as `cpu at 256×256`."""
    size = "" if cost.size is None else f"{cost.size[0]}×{cost.size[1]}"
    return " at ".join(part for part in (cost.device or "", size) if part)
