"""`spectra detect`: what generated images are worth to a detector."""

from __future__ import annotations

from pathlib import Path

import click

from spectra import undisturbed


@click.group(
    epilog="""\b
Examples:
  spectra detect run recipes/detection/pix2next_table7.yaml --preset tiny
  spectra detect run recipes/detection/pix2next_table7.yaml --data ranus/ --seeds 5"""
)
def detect() -> None:
    """Let a detector learn with and without generated images, and compare."""


@detect.command(
    epilog="""\b
Examples:
  spectra detect run recipes/detection/pix2next_table7.yaml --preset tiny
  spectra detect run recipes/detection/pix2next_table7.yaml --set generator.model=runs/mine --out runs/table7

\b
DIR holds labelled/, few/ and test/, each with images/ and labels.json (COCO), and pairs/ in any layout that
`spectra data info` knows, where the generator is to be trained. Without --data: the built-in street scenes.

Ctrl-C stops; the same command goes on from there: what a seed's arm has learned is kept."""
)
@click.argument("experiment", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Folder of your own labelled images.")
@click.option("--seeds", type=click.IntRange(1, 1000), metavar="N", help="How many times all arms learn.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of results.  [default: runs/NAME]")
@click.option("--preset", metavar="NAME", help="`tiny`: everything in seconds, to see that it runs.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set one value; may be repeated.")
@click.option(
    "--device", default="cpu", show_default=True, metavar="D", help="Where to compute: cpu, cuda, cuda:1, mps."
)
@click.option("--json", "as_json", is_flag=True, help="Print results.json instead of the table.")
def run(
    experiment: Path,
    data: Path | None,
    seeds: int | None,
    out: Path | None,
    preset: str | None,
    sets: tuple[str, ...],
    device: str,
    as_json: bool,
) -> None:
    """Carry out EXPERIMENT: a detector on labelled source images alone, fine-tuned on few real ones, and on those and
    generated ones."""
    import json

    with undisturbed():  # torch costs two seconds: only when the work starts
        from spectra_detect.bars import bars
        from spectra_detect.experiment import run as carry_out
        from spectra_detect.recipe import load
        from spectra_detect.table import markdown

    settings = load(experiment, preset=preset, sets=sets, data=data, seeds=seeds)
    folder = out or Path("runs") / settings.name
    with bars() as told:
        results = carry_out(settings, folder, device=device, told=told)
    click.echo(json.dumps(results, indent=2, ensure_ascii=False) if as_json else markdown(results))
    if not as_json:
        click.echo(f"Results: {folder / 'results.json'}, {folder / 'table.md'}")
