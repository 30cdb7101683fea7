"""`spectra translate`: images through a model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from spectra.cli.loading import undisturbed
from spectra.cli.translating import end_with, going_on_later, of_images, of_work, settings_of

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
@of_images("--format")
@click.option(
    "--intermediate", is_flag=True, help="Also write what the model makes on its way, such as the grey of mpfnet."
)
@of_work()
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
    with going_on_later(), Bars() as bars:
        done = translation.translate(
            model, sources, out, progress=bars.told, device=device, threads=threads, **options, **settings
        )
    click.echo(json.dumps(_described(done), indent=2) if as_json else _told(done))
    end_with(reason for one in (done, *done.intermediates.values()) for _, reason in one.failed)


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
