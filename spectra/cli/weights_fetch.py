"""`spectra weights fetch`: pretrained weights from the network."""

from __future__ import annotations

import click

from spectra.cli.progress import Bars
from spectra.errors import SpectraError
from spectra.weights import KNOWN, entry
from spectra.weights import fetch as fetch_one


@click.command(
    "fetch",
    epilog="""\b
Examples:
  spectra weights fetch vgg19
  spectra weights fetch alexnet lpips_alex
  spectra weights fetch --all

\b
What is here already is not fetched again. HTTPS_PROXY and NO_PROXY are heeded.""",
)
@click.argument("names", nargs=-1, metavar="NAME...")
@click.option("--all", "everything", is_flag=True, help="All of `spectra weights list`, 1.3 GB.")
def fetch(names: tuple[str, ...], everything: bool) -> None:
    """Fetch the pretrained weights NAME... into Spectra's cache, and verify their hashes."""
    if bool(names) == everything:
        raise click.UsageError("Say which: NAME..., or --all. `spectra weights list` shows the names.")
    wanted = [entry(name).name for name in names or KNOWN]
    failed: list[SpectraError] = []
    with Bars() as bars:
        for name in dict.fromkeys(wanted):
            try:
                click.echo(f"{name}: {fetch_one(name, bars.told)}")
            except SpectraError as why:  # the others may lie elsewhere
                failed.append(why)
    if failed:
        raise SpectraError("\n\n".join(map(str, failed)))
