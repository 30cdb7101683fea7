"""The lines without which a pasted table stands for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from spectra.bench.results.columns import in_file_values
from spectra.bench.results.result import Protocol, Result

TOLD = 12
"""As many letters of a hash tell data sets apart."""


def protocol_of(result: Result, task: str) -> str:
    """What the table of a task was measured on and how, in one line."""
    return "; ".join(_parts(result, task)) + "."


def _parts(result: Result, task: str) -> Iterator[str]:
    data = result.protocol.tasks[task].data
    yield f"{task} on {data.origin}"
    if f"{data.test} test" not in data.origin:
        yield f"{data.test} test {'image' if data.test == 1 else 'images'}"
    yield from _common(result.protocol, seeded=any(row.seeds for row in result.rows_of(task)))
    if unit := in_file_values(result, task):
        yield unit
    if data.identity:
        yield f"data {data.identity[:TOLD]}"


def _common(protocol: Protocol, *, seeded: bool) -> Iterator[str]:
    """Seeds only where anything depends on them."""
    if protocol.preset is not None:
        yield f"preset {protocol.preset}"
    if protocol.budget is not None:
        yield f"budget {protocol.budget}"
    if protocol.seeds and seeded:
        yield f"{'seed' if len(protocol.seeds) == 1 else 'seeds'} {', '.join(map(str, protocol.seeds))}"
    yield protocol.device
    yield f"Spectra {protocol.spectra}"


def protocol_of_all(result: Result) -> str:
    """The same of what spans all tasks."""
    seeded = any(row.seeds for row in result.rows)
    return "; ".join([", ".join(result.tasks), *_common(result.protocol, seeded=seeded)]) + "."
