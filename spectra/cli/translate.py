"""`spectra translate`: images through a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra.cli.loading import undisturbed
from spectra.errors import SpectraError

if TYPE_CHECKING:
    from spectra.translation.translate import Translated


@click.command(
    epilog="""\b
Examples:
  spectra translate runs/pbvs_rgb2ir photos/ --out infrared/
  spectra translate graydef 'photos/**/*.png' --out infrared/ --set factor=1.2
  spectra translate copy image.tif --out png/ --format png --depth 8
  spectra translate runs/mpfnet_vcip nir/ --out colours/ --intermediate

\b
A file becomes DIR/NAME, a folder or a pattern keeps its tree below DIR. Hidden files are left out.
The same command goes on where an earlier one was stopped. Put -- before names that begin with a dash."""
)
@click.argument("model")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Folder of the results.")
@click.option("--task", metavar="TASK", help="Such as rgb2ir, for a ready name.  [default: by the files]")
@click.option("--preset", metavar="NAME", help="A preset of a ready name.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Set a value of a ready name; may be repeated.")
@click.option(
    "--depth", type=click.Choice(["8", "16", "float"]), help="[default: as the model learned, or as the source]"
)
@click.option("--format", type=click.Choice(["png", "tif", "npy"]), help="[default: as the source; png for jpg]")
@click.option(
    "--georeference/--no-georeference",
    default=True,
    help="Keep the place of GeoTIFFs, or leave it out.  [default: keep]",
)
@click.option(
    "--intermediate", is_flag=True, help="Also write what the model makes on its way, such as the grey of mpfnet."
)
@click.option(
    "--device", default="cpu", show_default=True, metavar="D", help="Where to compute: cpu, cuda, cuda:1, mps."
)
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Images at a time.  [default: cores, at most 4]"
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
def translate(
    model: str,
    sources: tuple[str, ...],
    out: Path,
    task: str | None,
    preset: str | None,
    sets: tuple[str, ...],
    depth: str | None,
    format: str | None,
    georeference: bool,
    intermediate: bool,
    device: str,
    threads: int | None,
    as_json: bool,
) -> None:
    """Translate images with MODEL: the folder of a model or a run, or a ready name such as graydef or copy.

    SOURCE is a file, a folder or a quoted pattern. Nothing is written over; an image that cannot be translated is
    listed at the end, and the others go on.
    """
    with undisturbed():  # torch costs two seconds: only when the work starts
        import cv2  # noqa: F401 - it would load with the first image, where a signal could break it

        from spectra.cli.progress import Bars
        from spectra.translation import translate as translation

    options: dict[str, Any] = {"task": task, "preset": preset, "depth": depth, "format": format}
    options |= {"georeference": georeference, "intermediate": intermediate}
    settings = settings_of(sets)
    try:
        with Bars() as bars:
            done = translation.translate(
                model, sources, out, progress=bars.told, device=device, threads=threads, **options, **settings
            )
    except KeyboardInterrupt:
        click.echo("Stopped. What is done stays; the same command goes on with the rest.", err=True)
        raise
    click.echo(json.dumps(_described(done), indent=2) if as_json else _told(done))
    failed = dict.fromkeys(reason for one in (done, *done.intermediates.values()) for _, reason in one.failed)
    for reason in failed:
        click.echo(f"Failed: {reason}", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def settings_of(sets: tuple[str, ...]) -> dict[str, Any]:
    from spectra.recipe.layers import parse_assignment

    settings: dict[str, Any] = {}
    for text in sets:
        path, value = parse_assignment(text)
        if len(path) > 1:
            raise SpectraError(f"--set {text}: here one sets a translator's own values, such as factor=1.2.")
        settings[str(path[0])] = value
    return settings


def _described(done: Translated) -> dict[str, Any]:
    between = {name: _described(one) for name, one in done.intermediates.items()}
    return ({"intermediates": between} if between else {}) | {
        "task": done.task,
        "out": str(done.out),
        "written": len(done.written),
        "skipped": len(done.skipped),
        "failed": [{"source": str(source), "reason": reason} for source, reason in done.failed],
        "notes": done.notes,
    }


def _told(done: Translated) -> str:
    parts = [f"{_images(len(done.written))} translated ({done.task}) into {str(done.out)!r}"]
    parts += [f"{len(done.skipped)} were there already"] * bool(done.skipped)
    parts += [f"{len(done.failed)} failed"] * bool(done.failed)
    between = [_told(one) for one in done.intermediates.values()]
    return "\n".join([f"{'; '.join(parts)}.", *(f"Note: {note}" for note in done.notes), *between])


def _images(count: int) -> str:
    return f"{count} image{'s' * (count != 1)}"
