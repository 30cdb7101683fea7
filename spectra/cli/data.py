"""`spectra data`: data sets, looked at before they are used. Every subcommand loads when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec

import click

from spectra.cli.main import Home

SUBCOMMANDS: Mapping[str, Home] = {
    "list": Home("spectra.cli.data_list", "list_layouts", "List the layouts of data sets that are known."),
    "info": Home("spectra.cli.data_info", "info", "Tell all that is known of one data set."),
    "check": Home("spectra.cli.data_check", "check", "Find what is wrong with the pairs of a data set."),
    "stats": Home("spectra.cli.data_stats", "stats", "Measure modalities, and what the floors would score."),
    "split": Home("spectra.cli.data_split", "split", "Write a split by groups, or folds, to a file."),
}


class Subcommands(click.Group):
    """By table; one whose module is not there is not offered."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name, home in SUBCOMMANDS.items() if find_spec(home.module)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.list_commands(ctx):
            return None
        command: click.Command = getattr(import_module(SUBCOMMANDS[name].module), SUBCOMMANDS[name].attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, SUBCOMMANDS[name].help) for name in self.list_commands(ctx)])


@click.command(
    "data",
    cls=Subcommands,
    epilog="""\b
Examples:
  spectra data list
  spectra data info llvip
  spectra data check photos/""",
)
def data() -> None:
    """Look at data sets: which layouts are known, what is wrong with pairs, what they hold."""
