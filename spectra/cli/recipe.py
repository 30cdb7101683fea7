"""`spectra recipe`: check recipes, and print their schema."""

from __future__ import annotations

import json
from pathlib import Path

import click


@click.group(
    epilog="""\b
Examples:
  spectra recipe check recipes/pbvs_rgb2ir.yaml
  spectra recipe schema > spectra-recipe.json"""
)
def recipe() -> None:
    """Check recipes, and print their schema."""


@recipe.command(
    epilog="""\b
Examples:
  spectra recipe check recipes/pbvs_rgb2ir.yaml
  spectra recipe check recipes/*.yaml
  spectra recipe check mine.yaml --set train.lr=1e-4 --show"""
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE...")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set one value of the recipe; may be repeated.")
@click.option("--preset", metavar="NAME", help="A preset of the translator; wins over the recipe.")
@click.option("--show", is_flag=True, help="Print the resolved recipe.")
def check(files: tuple[Path, ...], sets: tuple[str, ...], preset: str | None, show: bool) -> None:
    """Report all faults of recipes at once, each with file, line and column. A suite is checked as far as it says
    things itself: name its recipes to have them checked."""
    from spectra.errors import SpectraError
    from spectra.recipe.load import load_experiment
    from spectra.recipe.suite import read_suite

    faults = []
    for path in files:
        try:
            if (suite := read_suite(path)) is not None:
                click.echo(f"{path}: fine, a suite of {len(suite.recipes)} recipes")
                continue
            experiment = load_experiment(path, sets=sets, preset=preset)
        except SpectraError as why:
            faults.append(str(why))
            continue
        rows = len(experiment.recipes)
        click.echo(experiment.text.rstrip() if show else f"{path}: fine" + (f", {rows} rows" if rows > 1 else ""))
    if faults:
        raise SpectraError("\n".join(faults))


@recipe.command(
    epilog="""\b
Examples:
  spectra recipe schema > spectra-recipe.json

\b
An editor with a YAML language server checks a recipe as you type, where its first line is
  # yaml-language-server: $schema=spectra-recipe.json"""
)
def schema() -> None:
    """Print the JSON Schema of a recipe, for editors."""
    from spectra.recipe.schema import recipe_schema

    click.echo(json.dumps(recipe_schema(), indent=2))
