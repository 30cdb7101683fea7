"""`spectra data stats`: what the values of a data set are like, and what the floors score on it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra.cli.loading import undisturbed
from spectra.errors import SpectraError

if TYPE_CHECKING:
    from spectra.data.catalogue import Catalogue
    from spectra.data.statistics import SideStatistics, Statistics

BLOCKS = " ▁▂▃▄▅▆▇█"
STEPS = 32
"""Characters of a histogram in the terminal."""
TRAIN, TEST = "train", "test"


@click.command(
    "stats",
    epilog="""\b
Examples:
  spectra data stats pairs/
  spectra data stats pairs/ --task nir2rgb
  spectra data stats pairs/ --source rgb --target sar_vv --task rgb2sar --scale 'sar=dB -25..0'
  spectra data stats pairs/ --split split.json
  spectra data stats pairs/ --no-floors --json""",
)
@click.argument("root", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--layout", metavar="NAME", help="How the data lies.  [default: recognised]")
@click.option("--task", metavar="TASK", help="What the floors translate.  [default: the layout's, or the first sides]")
@click.option("--source", metavar="SIDE", help="Side of the source images, where it has another name than in TASK.")
@click.option("--target", metavar="SIDE", help="Side of the target images, likewise.")
@click.option("--scale", "scales", multiple=True, metavar="MODALITY=SCALE", help="Such as 'nir=reflectance 0..10000'.")
@click.option("--train", default=TRAIN, show_default=True, metavar="SPLIT", help="What the floors learn from.")
@click.option("--test", default=TEST, show_default=True, metavar="SPLIT", help="What they are judged by.")
@click.option("--split", "split_file", type=click.Path(path_type=Path), metavar="FILE", help="A written split.")
@click.option("--no-floors", is_flag=True, help="Leave the floors out.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def stats(
    ctx: click.Context,
    root: Path,
    layout: str | None,
    task: str | None,
    source: str | None,
    target: str | None,
    scales: tuple[str, ...],
    train: str,
    test: str,
    split_file: Path | None,
    no_floors: bool,
    as_json: bool,
) -> None:
    """Show histograms, means and percentiles of each side of DIR, how the sides correlate, and what floors score.

    The floors (copy, inverse, constant, linear) are what any method must beat: look at them before choosing one. The
    exit code is 1 where images could not be read.
    """
    with undisturbed():
        import cv2  # noqa: F401 - it would load with the first image, where a signal could break it

        from spectra.bench.floor_scores import floor_scores
        from spectra.bench.table import text_table
        from spectra.cli.progress import Bars
        from spectra.data.recognise import read_catalogue
        from spectra.data.statistics import measure
        from spectra.model_folder import plain
    catalogue = read_catalogue(root, layout)
    said = {"root": str(root.absolute()), "layout": layout, "train": train, "test": test}
    sides = {"source": {"folder": source}, "target": {"folder": target}}
    split = None if split_file is None else {"file": str(split_file.absolute())}
    recipe = None
    if not no_floors:
        task = task or task_of(catalogue)
        recipe = {
            "task": task,
            "translator": "linear",
            "data": {**said, **_scaled(sides, scales, task), "split": split},
        }
    with Bars() as bars:
        found = measure(catalogue, bars.told)
        floors, why_not = _floors(recipe, floor_scores, bars.told)
    if as_json:
        everything = {**plain(found.as_json()), "floors": floors, "no_floors": why_not}
        click.echo(json.dumps(everything, indent=2, ensure_ascii=False))
    else:
        click.echo(text(catalogue, found))
        click.echo("\n" + (text_table(floors) if floors else f"Floors: {why_not}"))
    ctx.exit(1 if found.left_out else 0)


def _floors(recipe: dict[str, Any] | None, score: Any, told: Any) -> tuple[dict[str, Any] | None, str]:
    """Their scores, or why there are none: the statistics of the images stand by themselves."""
    from spectra.recipe.recipe import Recipe

    if recipe is None:
        return None, "left out, as --no-floors says."
    if not recipe["task"]:
        return None, "not scored: say with --task, --source and --target what is translated into what."
    try:
        scores: dict[str, Any] = score(Recipe.model_validate(recipe), told)
        return scores, ""
    except SpectraError as why:
        return None, f"not scored. {why}\n(In this command: --train, --test, --split, --source, --target.)"


def task_of(catalogue: Catalogue) -> str:
    """From the first side to the second, as the layout orders them; empty where their names are no modalities."""
    from spectra.modalities import Task

    names = [
        side for side in catalogue.sides if any(side in place.images and not place.alone for place in catalogue.places)
    ]
    try:
        return str(Task.parse("2".join(names[:2])))
    except SpectraError:
        return ""


def _scaled(sides: dict[str, Any], scales: tuple[str, ...], task: str) -> dict[str, Any]:
    """The scales that are said, each at the side that shows its modality."""
    from spectra.modalities import Scale, Task

    shown = Task.parse(task) if task else None
    names = {} if shown is None else {"source": shown.source.name, "target": shown.target.name}
    for said in scales:
        modality, is_scale, scale = said.partition("=")
        found = [side for side, name in names.items() if name == modality]
        if not is_scale or not found:
            known = " or ".join(names.values()) or "a modality of --task"
            raise SpectraError(f"--scale {said}: write MODALITY=SCALE, and the modality is {known}.")
        for side in found:
            sides[side] = {**sides[side], "scale": str(Scale.parse(scale))}
    return sides


def text(catalogue: Catalogue, found: Statistics) -> str:
    """Each side with its histogram, then the correlations."""
    lines = [f"{catalogue.root}: {len(catalogue.places)} places in the layout {catalogue.layout}"]
    for side, it in found.sides.items():
        lines += ["", *_side(side, it)]
    if found.relations:
        lines += ["", "Correlation of the means of the bands: over all pixels, and the median of the places"]
        width = max(len(f"{relation.one}, {relation.other}") for relation in found.relations)
        for relation in found.relations:
            name = f"{relation.one}, {relation.other}"
            lines.append(
                f"  {name:{width}}  {relation.pooled:+.3f}  {relation.median:+.3f}  ({relation.places} places)"
            )
    if found.left_out:
        lines += ["", f"{len(found.left_out)} images were left out:", *(f"  {why}" for why in found.left_out[:5])]
    return "\n".join(lines)


def _side(side: str, it: SideStatistics) -> list[str]:
    if not it.mean:
        return [f"{side}: {it.images} images without a finite value"]
    bands = len(it.mean)
    lines = [
        f"{side}: {it.images} images, {it.pixels:,} pixels, {bands} band{'s' * (bands > 1)}, {it.low:g}..{it.high:g}"
    ]
    lines.append(f"  mean       {_numbers(it.mean)}")
    lines.append(f"  deviation  {_numbers(it.deviation)}")
    lines.append("  percentile " + "  ".join(f"{share:g}: {value:.5g}" for share, value in it.percentiles.items()))
    lines.append(f"  {it.edges[0]:.5g} ▕{bars(it.histogram)}▏ {it.edges[1]:.5g}")
    if it.not_finite:
        from spectra.data.not_finite import remedy
        from spectra.modalities import Scale

        lines.append(f"  {it.not_finite:,} values are NaN or infinite and were left out. {remedy(Scale())}")
    if it.marked:
        lines.append(f"  {it.marked:,} pixels are no data, as their files say, and were left out.")
    return lines


def _numbers(values: tuple[float, ...]) -> str:
    shown = "  ".join(f"{value:.5g}" for value in values[:8])
    return shown + (f"  ... ({len(values)} bands)" if len(values) > 8 else "")


def bars(histogram: tuple[int, ...]) -> str:
    """A histogram as one line; what is not empty is never drawn as empty."""
    each = -(-len(histogram) // STEPS)
    sums = [sum(histogram[start : start + each]) for start in range(0, len(histogram), each)]
    top = max(sums, default=0) or 1
    return "".join(BLOCKS[min(8, -(-8 * count // top))] for count in sums)
