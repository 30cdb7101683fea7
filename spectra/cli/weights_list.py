"""`spectra weights list`: the pretrained weights, and where they are."""

from __future__ import annotations

import json
from typing import Any

import click

from spectra.weights.finding import LOCAL, folders, search
from spectra.weights.known import KNOWN, Entry

COLUMNS = ("NAME", "SIZE", "FILE", "FOR", "FOUND")


@click.command(
    "list",
    epilog="""\b
Examples:
  spectra weights list
  spectra weights list --json"""
    f"""

\b
Looked through in this order: the folders that {LOCAL} names, Spectra's own cache, that of torch.hub, and what
installed packages bring. A file counts only where its hash is the known one.""",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_weights(as_json: bool) -> None:
    """List the pretrained weights that losses and metrics use: what for, how large, and whether they are here."""
    rows = [_row(entry) for entry in KNOWN.values()]
    if as_json:
        click.echo(json.dumps({"weights": rows, "folders": [str(it) for it in folders()]}, indent=2))
        return
    click.echo(_table(rows))
    for row in rows:
        for reason in row["refused"]:
            click.echo(f"Not used: {reason}.", err=True)
    if any(row["found"] is None for row in rows):
        click.echo("\n`spectra weights fetch NAME` gets what is missing.")


def _row(entry: Entry) -> dict[str, Any]:
    result = search(entry)
    return {
        "name": entry.name,
        "file": entry.file,
        "size": entry.size,
        "told_size": entry.told_size(),
        "for": entry.purpose,
        "licence": entry.licence,
        "url": entry.url,
        "sha256": entry.sha256,
        "found": str(result.found) if result.found else None,
        "refused": result.refused,
    }


def _table(rows: list[dict[str, Any]]) -> str:
    cells = [COLUMNS, *((it["name"], it["told_size"], it["file"], it["for"], it["found"] or "missing") for it in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(COLUMNS))]
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in cells)
