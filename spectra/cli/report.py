"""`spectra report`: tables and pages again, from the files of benches and runs."""

from __future__ import annotations

from pathlib import Path

import click

from spectra.cli.loading import undisturbed
from spectra.errors import SpectraError


@click.command(
    epilog="""\b
Examples:
  spectra report runs/pbvs_rgb2ir
  spectra report benches/first benches/second
  spectra report runs/*

\b
DIR is the folder of a finished run (metrics.json) or of a bench (bench.json).
Nothing is computed anew: of a run the page is written again, of a bench also bench.csv, table.md and table.tex.

A folder that cannot be reported is told, and the others go on; the exit code is then 1. A file that Spectra did not
make is never written over."""
)
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="DIR...")
def report(folders: tuple[Path, ...]) -> None:
    """Write the report of each bench or run DIR again, from its own files."""
    with undisturbed():  # torch costs two seconds: only when the work starts
        from spectra.bench.results.again import report_again

    failed = False
    for folder in dict.fromkeys(folders):
        try:
            click.echo(f"Report: {report_again(folder)}")
        except (SpectraError, OSError) as why:
            click.echo(f"Failed: {_told(why)}", err=True)
            failed = True
    if failed:
        raise click.exceptions.Exit(1)


def _told(why: Exception) -> str:
    """What the system refused, and of which file."""
    return f"{why.strerror}: {str(why.filename)!r}." if isinstance(why, OSError) and why.filename else str(why)
