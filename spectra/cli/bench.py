"""`spectra bench`: several methods, one table."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from spectra.cli.errors import end_if_failed
from spectra.cli.loading import undisturbed


def _words(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Separated by commas, or said several times."""
    return tuple(word.strip() for value in values for word in value.split(",") if word.strip())


@click.command(
    epilog="""\b
Examples:
  spectra bench --methods pix2pixhd,cyclegan,graydef --preset tiny
  spectra bench --methods pix2pixhd@tiny,graydef --tasks rgb2nir --data pairs/ --budget 500 --seeds 3
  spectra bench --methods graydef,runs/mine/model,their_predictions/ --tasks rgb2nir --data pairs/
  spectra bench --methods recipes/pbvs_rgb2ir.yaml,pix2pixhd --preset tiny --budget 10min --out benches/night
  spectra bench --methods graydef,linear --tasks rgb2ir --metrics psnr,ssim,swd --json

\b
A method is the name of a translator, with a preset of its own as NAME@PRESET; a recipe, with all rows of its matrix;
the folder of a model or of a run; or a folder of finished predictions, which hold an image NAME.png (or .tif, .npy)
for each test image NAME, so that anything made elsewhere can be scored.

Each method learns and predicts in a process of its own: one that crashes or takes too much memory is a row with its
reason, and the rest goes on (the exit code is then 1). What was learned is kept in DIR/kept by a hash of all that
matters: the same command again adds only what is new, and one that was stopped goes on.

A budget of 500 gives every method 500 optimizer steps, those of all its stages together, shared among these in the
proportion of its preset; one of 10min as many as fit into that time, by a trial on this machine."""
)
@click.option(
    "--methods", "-m", multiple=True, required=True, callback=_words, metavar="A,B,...", help="Who enters; see below."
)
@click.option(
    "--tasks",
    multiple=True,
    callback=_words,
    metavar="T,...",
    help="Such as rgb2nir.  [default: all that the methods were made for]",
)
@click.option(
    "--data", metavar="DIR", help="Folder of your own pairs, or `scenes`.  [default: what a recipe says, else scenes]"
)
@click.option("--preset", metavar="NAME", help="A preset for all methods that have one of that name.")
@click.option("--budget", metavar="STEPS|TIME", help="How much each may learn: 500, or 10min.")
@click.option(
    "--seeds", type=click.IntRange(1, 1000), default=1, show_default=True, metavar="N", help="Trainings of each method."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="The first of the seeds.")
@click.option(
    "--metrics",
    multiple=True,
    callback=_words,
    metavar="M,...",
    help="What to judge by; `spectra list metrics`. Their settings: --set evaluate.metrics.ssim.window=7",
)
@click.option(
    "--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set one value of all recipes; may be repeated."
)
@click.option(
    "--device", default="cpu", show_default=True, metavar="D", help="Where to compute: cpu, cuda, cuda:1, mps."
)
@click.option("--memory", type=click.FloatRange(min=0, min_open=True), metavar="GB", help="What one method may hold.")
@click.option(
    "--published",
    multiple=True,
    callback=_words,
    metavar="SET,...",
    help="The data is of this data set: show what papers printed of it.  [default: if it lies as the set does]",
)
@click.option("--no-cost", is_flag=True, help="Leave out parameters, operations, latency and memory.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the bench.  [default: bench]")
@click.option("--dry-run", is_flag=True, help="Say who would enter what, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print bench.json instead of the table.")
def bench(
    methods: tuple[str, ...],
    tasks: tuple[str, ...],
    data: str | None,
    preset: str | None,
    budget: str | None,
    seeds: int,
    seed: int | None,
    metrics: tuple[str, ...],
    sets: tuple[str, ...],
    device: str,
    memory: float | None,
    published: tuple[str, ...],
    no_cost: bool,
    out: Path | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Let METHODS learn the same and score them on the same images: one table, with intervals, tests and cost."""
    with undisturbed():
        import cv2  # noqa: F401 - it would load with the first image, where a signal could break it

        from spectra.bench.contest import bench as benching
        from spectra.bench.contest.budget import Budget
        from spectra.bench.contest.options import BenchOptions
        from spectra.bench.results.terminal import text_table
        from spectra.cli.progress import Bars

    options = BenchOptions(
        methods=methods,
        tasks=tasks,
        data=data,
        preset=preset,
        budget=None if budget is None else Budget.parse(budget),
        seeds=seeds,
        seed=seed,
        metrics=metrics,
        sets=sets,
        device=device,
        memory=memory,
        cost=not no_cost,
        published=published,
    )
    if dry_run:
        plan = benching.plan(options, out)
        click.echo(plan.as_json() if as_json else str(plan))
        return
    with Bars() as bars:
        done = benching.bench(options, out, told=bars.told, said=bars.say)
    if as_json:
        click.echo(done.text, nl=False)
    else:
        click.echo(text_table(done.result, _width()))
        click.echo(f"\nReport: {done.folder / 'report.html'}")
    end_if_failed(done.failed)


def _width() -> int | None:
    """Columns of the terminal; where the table goes into a file it is not wrapped."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
