"""`spectra data`: data sets, looked at before they are used. Every subcommand loads when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

from spectra.cli.main import Home
from spectra.errors import did_you_mean

SUBCOMMANDS: Mapping[str, Home] = {
    "list": Home("spectra.cli.data_list", "list_layouts", "List the layouts of data sets that are known."),
    "info": Home("spectra.cli.data_info", "info", "Tell all that is known of one data set."),
    "check": Home("spectra.cli.data_check", "check", "Find what is wrong with the pairs of a data set."),
    "stats": Home("spectra.cli.data_stats", "stats", "Measure modalities, and what the floors would score."),
    "split": Home("spectra.cli.data_split", "split", "Write a split by groups, or folds, to a file."),
}


class Subcommands(click.Group):
    """By table, so that the help of all costs the loading of none."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(SUBCOMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in SUBCOMMANDS:
            return None
        command: click.Command = getattr(import_module(SUBCOMMANDS[name].module), SUBCOMMANDS[name].attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not (name.startswith("-") or name in SUBCOMMANDS or ctx.resilient_parsing):
            ctx.fail(f"No such command {name!r}.{did_you_mean(name, SUBCOMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, home.help) for name, home in SUBCOMMANDS.items()])


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
