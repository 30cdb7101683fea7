"""A command of commands, each of which loads when it is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from spectra.cli.main import Home
from spectra.errors import did_you_mean


class Subcommands(click.Group):
    """By table, so that the help of all costs the loading of none."""

    def __init__(self, *arguments: Any, table: Mapping[str, Home], **said: Any) -> None:
        super().__init__(*arguments, **said)
        self.table = table

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.table)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self.table:
            return None
        home = self.table[name]
        command: click.Command = getattr(import_module(home.module), home.attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not (name.startswith("-") or name in self.table or ctx.resilient_parsing):
            ctx.fail(f"No such command {name!r}.{did_you_mean(name, self.table)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, home.help) for name, home in self.table.items()])
