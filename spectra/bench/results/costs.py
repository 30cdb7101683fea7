"""What a method costs, as columns of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from spectra.bench.results.row import Cost, Row
from spectra.bench.results.sheet import NONE, Cell, Column

EXPLAINED = (
    "GFLOP with two operations a multiply-add; latency at batch 1, median and 95th percentile; images/s at batch 8; "
    "peak of memory"
)

TIMED = ("latency_ms", "latency_p95_ms", "images_per_s", "train_s")
"""What varies from call to call: three figures say all there is to know."""
CALLS = re.compile(r"\d+(?= calls)")
FAULT = "not measured"


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
    return tuple(one for one in MEASURED if any(_value(row, one.field) is not None for row in rows))


def cost_cells(row: Row, columns: Sequence[Measured]) -> Iterator[Cell]:
    for one in columns:
        value = _value(row, one.field)
        yield NONE if value is None else Cell(figures(value))


def _value(row: Row, field: str) -> float | None:
    value = None if row.cost is None else getattr(row.cost, field)
    if value is None or (field == "train_s" and not (value and (row.seeds or row.steps))):
        return None  # what was fitted in closed form, or came ready, was not trained
    if field in TIMED:
        return float(f"{value:.3g}")
    return value / 1e6 if field == "parameters" else float(value)


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


def shared_remarks(notes: Sequence[str]) -> dict[str, str]:
    """What every note says, said once; numbers of calls may differ, and are then told from the least to the most."""
    said = [{_stem(remark): remark for remark in _remarks(note)} for note in notes]
    stems = [stem for stem in (said[0] if said else {}) if all(stem in one for one in said)]
    return {stem: _over([one[stem] for one in said]) for stem in stems if not stem.startswith(FAULT)}


def own_remarks(note: str, shared: Mapping[str, str]) -> str:
    """What a note says beyond what all say."""
    return "; ".join(remark for remark in _remarks(note) if _stem(remark) not in shared)


def _remarks(note: str) -> list[str]:
    return [remark for remark in note.split("; ") if remark]


def _stem(remark: str) -> str:
    return CALLS.sub("#", remark)


def _over(remarks: Sequence[str]) -> str:
    counts = sorted({int(count) for remark in remarks for count in CALLS.findall(remark)})
    return CALLS.sub(f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else r"\g<0>", remarks[0])


def machine(environment: Mapping[str, object], devices: Sequence[str]) -> str:
    """Processor, graphics cards where one was used, and the version of torch, as far as they are known."""
    hardware, versions = (_within(environment, name) for name in ("hardware", "versions"))
    cards = hardware.get("gpus") if any(device.startswith("cuda") for device in devices) else ()
    torch = f"torch {versions['torch']}" if versions.get("torch") else ""
    parts = [hardware.get("processor"), *(cards if isinstance(cards, list | tuple) else ()), torch]
    return ", ".join(str(part) for part in parts if part)


def _within(environment: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = environment.get(name)
    return found if isinstance(found, Mapping) else {}
