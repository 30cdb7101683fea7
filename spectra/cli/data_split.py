"""`spectra data split`: divide a data set, by group, into a file that recipes use."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from spectra.cli.loading import undisturbed

if TYPE_CHECKING:
    from spectra.data.sets.splits import Split

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)


@click.command(
    "split",
    epilog="""\b
Examples:
  spectra data split pairs/ --out split.json
  spectra data split pairs/ --test 0.2 --val 0.1 --seed 3 --out split.json
  spectra data split pairs/ --folds 5 --out folds.json

\b
A recipe uses it with
  data: {root: pairs, split: {file: split.json}}
and of folds one with `split: {file: folds.json, fold: 0}`.""",
)
@click.argument("root", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--layout", metavar="NAME", help="How the data lies.  [default: recognised]")
@click.option("--test", type=SHARE, metavar="SHARE", help="Of the places, those to judge by.  [default: 0.2]")
@click.option("--val", type=SHARE, metavar="SHARE", help="Of the places, a third part.  [default: none]")
@click.option("--folds", type=click.IntRange(2), metavar="K", help="K folds in place of shares.")
@click.option(
    "--by",
    type=click.Choice(["group", "name"]),
    default="group",
    show_default=True,
    help="What stays together: the groups of the layout (sequences, photographs), or each place by itself.",
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), default=0, show_default=True, metavar="N")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help="The file to write.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as JSON.")
def split(
    root: Path,
    layout: str | None,
    test: float | None,
    val: float | None,
    folds: int | None,
    by: Literal["group", "name"],
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Divide the places of DIR into train and test, or into folds, and write FILE; whole groups stay together.

    Splits that the data states itself are not heeded. FILE is never written over.
    """
    if folds is not None and (test is not None or val is not None):
        raise click.UsageError("--folds takes the place of --test and --val: give one or the other.")
    with undisturbed():
        from spectra.data.recognise import read_catalogue
        from spectra.data.sets.splits import make_split, require_new, split_text, write_split

    require_new(out)
    shares = None if folds else {"test": 0.2 if test is None else test, **({} if val is None else {"val": val})}
    made = make_split(read_catalogue(root, layout), shares, folds=folds or 0, seed=seed, by=by)
    write_split(out, made)
    click.echo(split_text(made).rstrip() if as_json else _told(made, out))


def _told(made: Split, out: Path) -> str:
    parts = made.parts or {f"fold {number}": keys for number, keys in enumerate(made.folds)}
    counts = ", ".join(f"{name} {len(keys)}" for name, keys in parts.items())
    fold = ", fold: 0" if made.folds else ""
    return f"Wrote {out}: {counts}, by {made.by}, layout {made.layout}.\nUse it: data.split: {{file: {out}{fold}}}"
