"""`spectra compare`: two benches or runs against each other."""

from __future__ import annotations

import json
from pathlib import Path

import click

from spectra.cli.loading import undisturbed


@click.command(
    epilog="""\b
Examples:
  spectra compare benches/first benches/second
  spectra compare runs/pbvs_rgb2ir runs/mine --metric psnr --metric ssim
  spectra compare benches/first benches/second --method pix2pixhd
  spectra compare runs/small runs/large --method pix2pixhd=pix2pixhd_large --json

\b
A and B are folders of benches (bench.json) or of finished runs (metrics.json), in any mixture.
Images are paired by name. Each difference is A minus B with its 95 % interval; p is of a two-sided sign-flip test by
groups of images, and corrected by Holm over the methods that are compared in the same metric.

Metrics of another signature, and tasks whose test data differs, are refused; the exit code is 1 where nothing could
be compared."""
)
@click.argument("a", type=click.Path(path_type=Path), metavar="A")
@click.argument("b", type=click.Path(path_type=Path), metavar="B")
@click.option("--metric", "metrics", multiple=True, metavar="NAME", help="Only this metric; may be repeated.")
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="A_METHOD[=B_METHOD]",
    help="Only this method, of A against that of B; may be repeated.  [default: all of the same name]",
)
@click.option("--by-name", is_flag=True, help="The test data differs, and images of the same name are the same.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def compare(a: Path, b: Path, metrics: tuple[str, ...], methods: tuple[str, ...], by_name: bool, as_json: bool) -> None:
    """Compare A with B on the same images: differences, how sure they are, and who is better."""
    with undisturbed():
        from spectra.bench.compare import compare as compared
        from spectra.bench.statistics.comparison_text import comparison_text

    found = compared(a, b, metrics=metrics, methods=methods, by_name=by_name)
    click.echo(json.dumps(found.described(), indent=2, ensure_ascii=False) if as_json else comparison_text(found))
    if not found.any:
        raise click.exceptions.Exit(1)
