"""The tables of the papers as Markdown, for docs/published.md."""

from __future__ import annotations

import re
from collections.abc import Iterator

from spectra.bench.published import Column, Combined, Paper, Table, papers

_LIKE = {"same": "as ours", "near": "near to ours", "unknown": "not known"}
_ARROWS = {"higher": "↑", "lower": "↓"}


def markdown() -> str:
    """All papers, and beside each table what is known of it."""
    text = "\n".join(line for paper in papers() for line in _paper(paper))
    return re.sub(r"\n{3,}", "\n\n", text) + "\n"


def _paper(paper: Paper) -> Iterator[str]:
    yield from (f"### {paper.paper} ({paper.year})", "", f"{paper.citation}. Taken from {paper.taken_from}.", "")
    yield from (f"- {note}" for note in paper.notes)
    told: set[tuple[str, str]] = set()
    for table in paper.tables:
        yield from _table(table)
        yield from _protocol(table, told)
    for combined in paper.combined:
        yield from _combined(combined)
    yield ""


def _table(table: Table) -> Iterator[str]:
    layouts = ", ".join(f"`{name}`" for name in (*table.layouts, *table.names)) or "no layout"
    images = "a number of images that is not printed" if table.images is None else f"{table.images:,} images"
    yield from ("", f"**{table.table}: {table.about}** (`{table.task}`, {layouts}; {images}: {table.split})", "")
    heads = [f"{name} {_ARROWS[column.better]}" for name, column in table.metrics.items()]
    yield f"| method | {' | '.join(heads)} |"
    yield "|---" * (1 + len(heads)) + "|"
    for method, numbers in table.rows.items():
        yield f"| {method} | {' | '.join('' if number is None else f'{number:g}' for number in numbers)} |"
    yield ""
    yield from (f"- {note}" for note in table.notes)
    yield from (f"- {method}: {remark}." for method, remark in table.remarks.items())
    yield from (f"- {method}, source: {source}." for method, source in table.sources.items())


def _protocol(table: Table, told: set[tuple[str, str]]) -> Iterator[str]:
    """What is not yet told of what stands under the names of the metrics."""
    for name, column in table.metrics.items():
        line = f"- `{name}` ({_LIKE[column.like]}): {_printed(column)}"
        if (name, line) not in told:
            yield line
        told.add((name, line))


def _printed(column: Column) -> str:
    return f"{column.printed}{f'; in {column.unit}' if column.unit else ''}."


def _combined(combined: Combined) -> Iterator[str]:
    yield from ("", f"Combined scores of {combined.table}: ", "")
    yield from (f"- {method}: {score:g}" for method, score in combined.scores.items())
