"""`spectra plugin`: write a plugin package."""

from __future__ import annotations

from pathlib import Path

import click


@click.group(
    epilog="""\b
Examples:
  spectra plugin new firefly
  spectra plugin new firefly --out ~/plugins"""
)
def plugin() -> None:
    """Write a plugin package of your own."""


@plugin.command(
    epilog="""\b
Examples:
  spectra plugin new firefly
  spectra plugin new my_method --out ~/plugins"""
)
@click.argument("name")
@click.option(
    "--out", default=".", show_default=True, type=click.Path(path_type=Path), help="Where to write its folder."
)
def new(name: str, out: Path) -> None:
    """Write a package with a translator, a loss and a metric that work, named after NAME."""
    from spectra.scaffold import write_plugin

    folder = write_plugin(name, out)
    click.echo(
        f"Wrote {folder}. Next:\n"
        f"  cd {folder}\n"
        "  python -m pip install --editable '.[dev]'\n"
        "  python -m pytest\n"
        "  spectra run recipe.yaml"
    )
