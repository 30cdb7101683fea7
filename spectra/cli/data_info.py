"""`spectra data info`: all that is known of one data set."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from textwrap import fill, indent
from typing import Any

import click

from spectra.data.layout import Layout
from spectra.data.recognise import read_catalogue
from spectra.registry import Plugin, registry

WIDTH = 100


@click.command(
    "info",
    epilog="""\b
Examples:
  spectra data info llvip
  spectra data info folders
  spectra data info pairs/
  spectra data info ranus --json""",
)
@click.argument("name", metavar="NAME|DIR")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def info(name: str, as_json: bool) -> None:
    """Tell what is known of the data set NAME: what it is, where to ask for it, its split, its traps, its tree. Of a
    folder DIR: which data set it is, by its layout."""
    layouts, of_folder = registry("layouts"), ""
    if name not in layouts and _is_path(name):
        name, of_folder = _recognised(Path(name))
    plugin, layout = layouts.find(name), layouts.get(name)
    if of_folder:
        click.echo(f"{of_folder}\n", err=as_json)
    click.echo(json.dumps(_described(plugin, layout), indent=2) if as_json else _text(plugin, layout))


def _is_path(name: str) -> bool:
    """What no layout is called like: a folder that is there, or anything written as a path."""
    return Path(name).exists() or any(sign in name for sign in ("/", "\\", "~")) or name in (".", "..")


def _recognised(root: Path) -> tuple[str, str]:
    """The layout of a folder or of a manifest, and what to say of it; where none fits, the error shows what is
    there."""
    catalogue = read_catalogue(root.expanduser())
    places = f"{len(catalogue.places):,} {'place' if len(catalogue.places) == 1 else 'places'}"
    checked = f"`spectra data check {shlex.quote(str(root))}` looks at the images."
    return catalogue.layout, f"{str(root)!r} is in the layout {catalogue.layout!r}: {places}. {checked}"


def _described(plugin: Plugin, layout: Layout) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "title": layout.title,
        "task": layout.task or None,
        **asdict(layout.about),
        "sides": list(dict.fromkeys(side.modality for side in layout.sides)),
        "generic": layout.generic,
        "recognised": layout.recognised,
        "tree": layout.tree,
        "distribution": plugin.distribution,
        "version": plugin.version,
    }


def _text(plugin: Plugin, layout: Layout) -> str:
    about = layout.about
    sides = ", ".join(dict.fromkeys(side.modality for side in layout.sides))
    said: dict[str, str | tuple[str, ...]] = {
        "What": about.what,
        "Size": about.size,
        "Sides": sides or "any folder or column",
        "Used for": layout.task,
        "Split": about.split or "none is stated",
        "Licence": about.licence,
        "Where": about.where,
        "Cite": about.cite,
        "Traps": about.watch,
        "Uncertain": about.uncertain,
        "Found": "by itself" if layout.recognised else f"by name only: `data.layout: {plugin.name}`",
        "Entry of": f"{plugin.distribution} {plugin.version}",
    }
    parts = [_part(title, text) for title, text in said.items() if text]
    tree = f"\n\nThe tree that is expected:\n{indent(layout.tree.strip(), '  ')}" if layout.tree.strip() else ""
    return "\n".join([f"{plugin.name}: {layout.title}", "", *parts]) + tree


def _part(title: str, text: str | tuple[str, ...]) -> str:
    """A title, and beside it the text, or the texts with a dash each."""
    texts, mark = ((text,), "") if isinstance(text, str) else (text, "- ")
    start = " " * 13
    lines = [fill(it, WIDTH, initial_indent=start + mark, subsequent_indent=start + " " * len(mark)) for it in texts]
    return f"{title + ':':13}{chr(10).join(lines)[13:]}"
