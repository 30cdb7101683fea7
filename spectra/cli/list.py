"""``spectra list``: what is installed, from metadata alone."""

from __future__ import annotations

import json
import os
from typing import Any

import click

from spectra.cli.main import OWN
from spectra.doctor import verdicts
from spectra.doctor.clashes import clash
from spectra.registry import GROUPS, SWITCH, Plugin, installed, unreadable


@click.command(
    "list",
    epilog="""\b
Examples:
  spectra list
  spectra list metrics
  spectra list --json""",
)
@click.argument("group", type=click.Choice(list(GROUPS)), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_plugins(group: str | None, as_json: bool) -> None:
    """List what is installed, of one GROUP or of all: names, versions, clashes and the doctor's last word.

    Nothing is loaded. `spectra doctor` loads and judges each plugin.
    """
    groups = [group] if group else list(GROUPS)
    kept = verdicts.read()
    found = {one: [_row(it, kept) for it in installed() if it.group == one] for one in groups}
    if as_json:
        strange = [{"where": it.where, "reason": it.reason} for it in unreadable()]
        click.echo(json.dumps({**found, "unreadable": strange}, indent=2))
        return
    click.echo("\n\n".join(_table(one, rows) for one, rows in found.items()))
    for it in unreadable():
        click.echo(f"\nNot listed: {it.where}: {it.reason}", err=True)


def _row(plugin: Plugin, kept: verdicts.Verdicts) -> dict[str, Any]:
    return {
        **verdicts.described(plugin),
        "doctor": kept.word(plugin),
        "fault": kept.fault(plugin),
        "switched_off": not plugin.admitted,
        "clash": clash(plugin, OWN),
    }


def _table(group: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return f"{group}\n  none"
    cells = [("NAME", "VERSION", "DISTRIBUTION", "DOCTOR"), *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(4)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in cells]
    return "\n  ".join([group, *(line.rstrip() for line in lines), *_notes(rows)])


def _cells(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return row["name"], row["version"], row["distribution"], "switched off" if row["switched_off"] else row["doctor"]


def _notes(rows: list[dict[str, Any]]) -> list[str]:
    notes = []
    for row in rows:
        who = f"! {row['name']} of {row['distribution']}"
        notes += [f"{who}: {row[key]}".replace("\n", "\n      ") for key in ("fault", "clash") if row[key]]
    if any(row["switched_off"] for row in rows):
        notes.append(f"Switched off by {SWITCH}={os.environ.get(SWITCH, '')!r}.")
    return notes
