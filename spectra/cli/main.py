"""The command line: every command loads when it is called, so ``spectra --help`` costs next to nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NamedTuple

import click
from click.shell_completion import CompletionItem

from spectra.cli.errors import spoken
from spectra.errors import SpectraError, did_you_mean
from spectra.registry import Plugin, registry


class Home(NamedTuple):
    """Where a command of ours lives, and what it says of itself before it is loaded."""

    module: str
    attribute: str
    help: str


OWN: Mapping[str, Home] = {
    "run": Home("spectra.cli.run", "run", "Fit, evaluate and report what a recipe describes."),
    "bench": Home("spectra.cli.bench", "bench", "Several methods on the same images: one table."),
    "compare": Home("spectra.cli.compare", "compare", "Two benches or runs on the same images: who differs."),
    "report": Home("spectra.cli.report", "report", "Build tables and pages of benches and runs again."),
    "translate": Home("spectra.cli.translate", "translate", "Translate images with a model or a ready name."),
    "expand": Home("spectra.cli.expand", "expand", "Grow a data set: images translated, their labels carried over."),
    "recipe": Home("spectra.cli.recipe", "recipe", "Check recipes, and print their schema."),
    "data": Home("spectra.cli.data", "data", "Look at data sets: known layouts, faults, statistics, splits."),
    "weights": Home("spectra.cli.weights", "weights", "Pretrained weights, and checkpoints of official codes."),
    "list": Home("spectra.cli.list", "list_plugins", "List translators, losses, metrics, layouts and commands."),
    "plugin": Home("spectra.cli.plugin", "plugin", "Write a plugin package of your own."),
    "doctor": Home("spectra.cli.doctor", "doctor", "Examine this installation, its devices and its plugins."),
    "completion": Home("spectra.cli.completion", "completion", "Print the completion script of a shell."),
}


class Commands(click.Group):
    """Our own commands by table, those of plugins by entry point."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*OWN, *_of_plugins()]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in OWN:
            command: click.Command = getattr(import_module(OWN[name].module), OWN[name].attribute)
            return command
        if not _advertised(name):
            return None
        try:
            plugin: click.Command = registry("commands").get(name)
        except SpectraError:
            if ctx.resilient_parsing:  # the Tab key: nothing to offer
                return None
            raise
        return plugin

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not (name.startswith("-") or name in OWN or _advertised(name) or ctx.resilient_parsing):
            ctx.fail(f"No such command {name!r}.{did_you_mean(name, self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, home.help) for name, home in OWN.items()])
        if plugins := _of_plugins():
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(name, f"{it.distribution} {it.version}") for name, it in plugins.items()])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        helps = {name: home.help for name, home in OWN.items()}
        helps |= {name: it.distribution for name, it in _of_plugins().items()}
        commands = [CompletionItem(name, help=text) for name, text in helps.items() if name.startswith(incomplete)]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def invoke(self, ctx: click.Context) -> Any:
        # Before torch loads: its threads would spin while they wait, which on a busy machine takes ten times as long.
        os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        with spoken():
            return super().invoke(ctx)


def _of_plugins() -> dict[str, Plugin]:
    """The commands of plugins by the shortest name that means them alone."""
    group = registry("commands")
    clashing = {*OWN, *group.clashes()}
    return {it.full_name if it.name in clashing else it.name: it for it in group.plugins}


def _advertised(name: str) -> bool:
    return any(name in (it.name, it.full_name) for it in registry("commands").plugins)


@click.command(
    "spectra",
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  spectra run recipes/pbvs_rgb2ir.yaml
  spectra translate graydef photos/ --out infrared/
  spectra list translators
  spectra doctor

`spectra COMMAND --help` tells more of each.""",
)
@click.version_option(package_name="spectra-translate", prog_name="spectra", message="%(prog)s %(version)s")
def main() -> None:
    """Translate images between spectral modalities: RGB, NIR, thermal, SAR, EO, grey."""
