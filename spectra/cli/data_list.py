"""`spectra data list`: the layouts of data sets that are known, with what they are in short."""

from __future__ import annotations

import json
from textwrap import shorten
from typing import Any

import click

from spectra.data.known import known_layouts
from spectra.data.layout import Layout
from spectra.registry import Plugin

COLUMNS = {"NAME": 20, "TASK": 9, "FOUND": 9, "TITLE": 52, "SIZE": 46, "DISTRIBUTION": 40}


@click.command(
    "list",
    epilog="""\b
Examples:
  spectra data list
  spectra data list --json

\b
FOUND says whether a folder in this layout is recognised (itself), or the layout must be named, as in
`data: {root: DIR, layout: NAME}` (by name).""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_layouts(as_json: bool) -> None:
    """List the layouts of data sets that are known: ours, and those of installed plugins."""
    left_out: list[str] = []
    found = list(known_layouts(left_out))
    if as_json:
        click.echo(json.dumps({"layouts": [_row(*it) for it in found], "left_out": left_out}, indent=2))
        return
    for title, generic in (("Data sets", False), ("Data of any origin", True)):
        click.echo(_table(title, [it for it in found if it[1].generic == generic]) + "\n")
    click.echo("`spectra data info NAME` tells all that is known of one.")
    for note in left_out:
        click.echo(f"Note: {note}", err=True)


def _row(plugin: Plugin, layout: Layout) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "title": layout.title,
        "task": layout.task or None,
        "size": layout.about.size,
        "generic": layout.generic,
        "recognised": layout.recognised,
        "distribution": plugin.distribution,
        "version": plugin.version,
    }


def _table(title: str, found: list[tuple[Plugin, Layout]]) -> str:
    cells = [tuple(COLUMNS), *(_cells(*it) for it in found)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    return "\n  ".join([title, *(line.rstrip() for line in lines)])


def _cells(plugin: Plugin, layout: Layout) -> tuple[str, ...]:
    found = "itself" if layout.recognised else "by name"
    texts = (layout.task or "-", found, layout.title, layout.about.size, plugin.distribution)
    limits = list(COLUMNS.values())[1:]
    # A name is never shortened: it is what one types.
    return plugin.name, *(shorten(text, limit, placeholder=" …") for text, limit in zip(texts, limits, strict=True))
