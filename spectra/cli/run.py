"""`spectra run`: carry out a recipe, or a suite of them."""

from __future__ import annotations

import json
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra.cli.errors import end_if_failed
from spectra.cli.loading import undisturbed

if TYPE_CHECKING:
    from spectra.bench.run import Run
    from spectra.bench.suite import Outcome, SuitePlan
    from spectra.recipe.suite import Suite


@click.command(
    epilog="""\b
Examples:
  spectra run recipes/pbvs_rgb2ir.yaml
  spectra run recipes/pbvs_rgb2ir.yaml --data pairs/ --out runs/mine
  spectra run recipes/pbvs_rgb2ir.yaml --set data.scenes.train=8 --seed 3
  spectra run recipes/pbvs_rgb2ir.yaml --preset rgb2ir --dry-run
  spectra run recipes/pbvs.yaml --preset tiny

\b
DIR holds DIR/SPLIT/MODALITY/NAME.ext, such as pairs/train/rgb/0001.png and pairs/train/ir/0001.png.
Without --data a recipe runs on the built-in scenes.

Ctrl-C stops a training after the step under way and saves it; the same command goes on from there.

A recipe may need the runs of others, such as `init_from: base.yaml`: these are carried out first, in folders beside
its own, or taken as they are where they are finished. A suite, `recipes: [one.yaml, two.yaml]`, runs all that it
names: there --out is the folder of all runs, and one that fails does not stop the others.

A metric or a floor that raises does not stop a run: the table says why, and the exit code is then 1."""
)
@click.argument("recipe", type=click.Path(path_type=Path))
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help="Folder of your own pairs.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the run; of a suite, that of all its runs.  [default: runs/NAME; runs]",
)
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set one value of the recipe; may be repeated.")
@click.option("--preset", metavar="NAME", help="A preset of the translator; wins over the recipe, and --set over it.")
@click.option(
    "--device", default="cpu", show_default=True, metavar="D", help="Where to compute: cpu, cuda, cuda:1, mps."
)
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), metavar="N", help="Seed of everything random in the run.")
@click.option("--fresh", is_flag=True, help="Set a finished or stopped run aside (as NAME.old1) and begin anew.")
@click.option("--dry-run", is_flag=True, help="Check recipe and data, print the plan, and stop.")
@click.option("--json", "as_json", is_flag=True, help="Print metrics.json instead of the table.")
def run(
    recipe: Path,
    data: Path | None,
    out: Path | None,
    sets: tuple[str, ...],
    preset: str | None,
    device: str,
    seed: int | None,
    fresh: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fit or train what RECIPE describes, evaluate it beside the floors, and write samples and a report.

    RECIPE may be a suite too, which names recipes to be carried out together.
    """
    with undisturbed():  # torch costs two seconds: only when the work starts
        import cv2  # noqa: F401 - it would load with the first image, where a signal could break it

        from spectra.bench import run as running
        from spectra.bench.plan import plan
        from spectra.bench.teaching import rehearsed
        from spectra.cli.progress import Bars
        from spectra.recipe.suite import read_suite
        from spectra.training.world import leave

    if (suite := read_suite(recipe)) is not None:
        said = {"data": data, "sets": sets, "preset": preset, "device": device, "seed": seed}
        _run_suite(suite, out, said, fresh=fresh, dry_run=dry_run, as_json=as_json)
        return
    if dry_run:
        planned = plan(recipe, data=data, out=out, sets=sets, preset=preset, device=device, seed=seed)
        for each in planned.recipes:
            rehearsed(each)
        click.echo(json.dumps(planned.described(), indent=2) if as_json else str(planned))
        return
    with Bars(quiet=not _first()) as bars:
        done = running.run(
            recipe,
            data=data,
            out=out,
            sets=sets,
            preset=preset,
            device=device,
            seed=seed,
            fresh=fresh,
            told=bars.told,
            watchers=[bars],
            said=bars.say,
        )
    leave()
    if _first():
        _tell(done, as_json)
    end_if_failed(done.failed, told=_first())


def _tell(done: Run, as_json: bool) -> None:
    from spectra.bench.report import verdict_of
    from spectra.bench.table import text_table

    if done.done_before:
        click.echo(
            f"Already done: {done.folder} holds this very run. Use --fresh to carry it out anew, or another --out.",
            err=True,
        )
    if as_json:
        click.echo(json.dumps(done.metrics, indent=2, ensure_ascii=False))
        return
    told = [text_table(done.metrics), verdict_of(done.folder), f"Report: {done.folder / 'report.html'}"]
    click.echo("\n\n".join(part for part in told if part))


def _first() -> bool:
    """Of several processes that `torchrun` starts, one speaks."""
    return os.environ.get("RANK", "0") == "0"


def _run_suite(
    suite: Suite, out: Path | None, said: dict[str, Any], *, fresh: bool, dry_run: bool, as_json: bool
) -> None:
    from spectra.bench.needs import Options
    from spectra.bench.run import run as carry_out
    from spectra.bench.suite import plan_suite, run_suite
    from spectra.bench.teaching import rehearsed
    from spectra.cli.progress import Bars
    from spectra.training.world import leave

    if dry_run:
        plan = plan_suite(suite, Options(**said), out, rehearsed)
        click.echo(json.dumps(plan.described(), indent=2) if as_json else str(plan))
        return
    plan = plan_suite(suite, Options(**said), out)
    with Bars(quiet=not _first()) as bars:
        watched = partial(carry_out, watchers=[bars], said=bars.say)
        outcomes = list(run_suite(plan, watched, fresh=fresh, told=bars.told))
    leave()
    if _first():
        _tell_suite(plan, outcomes, as_json)
    if any(outcome.run is None or outcome.run.failed for outcome in outcomes):
        raise click.exceptions.Exit(1)


def _tell_suite(plan: SuitePlan, outcomes: list[Outcome], as_json: bool) -> None:
    from spectra.bench.suite import summary

    if as_json:
        told = plan.described() | {"recipes": [outcome.described() for outcome in outcomes]}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        notes = [f"Note: {note}" for note in plan.notes]
        click.echo("\n".join([summary(outcomes), *([""] if notes else []), *notes]))
    for outcome in outcomes:
        if outcome.run is None:
            click.echo(f"{outcome.trace}Failed: {outcome.step.file}: {outcome.reason}", err=True)
        elif outcome.run.failed:
            named, report = ", ".join(outcome.run.failed), outcome.run.folder / "report.html"
            click.echo(f"Failed: {outcome.step.file}: {named}. {report} says why.", err=True)
