"""What the commands that translate images have in common: their options, and how they end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import reduce
from typing import Any

import click

from spectra.errors import SpectraError

Decorated = Callable[..., Any]
Option = Callable[[Decorated], Decorated]


def of_images(format: str) -> Option:
    """What is said of a model and of its images; ``format`` names the option that says the files' format."""
    return _all(
        click.option("--task", metavar="TASK", help="Such as rgb2ir, for a ready name.  [default: by the files]"),
        click.option("--preset", metavar="NAME", help="A preset of a ready name."),
        click.option(
            "--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set a value of a ready name; may be repeated."
        ),
        click.option(
            "--depth", type=click.Choice(["8", "16", "float"]), help="[default: as the model learned, or as the source]"
        ),
        click.option(format, type=click.Choice(["png", "tif", "npy"]), help="[default: as the source; png for jpg]"),
        click.option(
            "--georeference/--no-georeference",
            default=True,
            help="Keep the place of GeoTIFFs, or leave it out.  [default: keep]",
        ),
    )


def of_work() -> Option:
    """How it is carried out and told."""
    return _all(
        click.option(
            "--device", default="cpu", show_default=True, metavar="D", help="Where to compute: cpu, cuda, cuda:1, mps."
        ),
        click.option(
            "--threads", type=click.IntRange(min=1), metavar="N", help="Images at a time.  [default: cores, at most 4]"
        ),
        click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON."),
    )


def _all(*options: Option) -> Option:
    """In this order in the help: click takes decorators from the last to the first."""
    return lambda command: reduce(lambda decorated, option: option(decorated), reversed(options), command)


def settings_of(sets: Sequence[str]) -> dict[str, Any]:
    """The values of a ready name that `--set` gives."""
    from spectra.recipe.layers import parse_assignment

    settings: dict[str, Any] = {}
    for text in sets:
        path, value = parse_assignment(text)
        if len(path) > 1:
            raise SpectraError(f"--set {text}: here one sets a translator's own values, such as factor=1.2.")
        settings[str(path[0])] = value
    return settings


@contextmanager
def going_on_later() -> Iterator[None]:
    """Whoever stops it is told that nothing is lost."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("Stopped. What is done stays; the same command goes on with the rest.", err=True)
        raise


def end_with(reasons: Iterable[str]) -> None:
    """Each reason why an image failed, once; the exit code is 1 where there is one."""
    failed = list(dict.fromkeys(reasons))
    for reason in failed:
        click.echo(f"Failed: {reason}", err=True)
    if failed:
        raise click.exceptions.Exit(1)
