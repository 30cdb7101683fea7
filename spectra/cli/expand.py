"""`spectra expand`: a labelled data set through a model, its labels carried over."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

import click

from spectra.cli.loading import undisturbed
from spectra.cli.translating import end_with, going_on_later, of_images, of_work, settings_of

if TYPE_CHECKING:
    from spectra.translation.expand import Expanded

PATH = click.Path(path_type=Path)
FORMATS = click.Choice(["coco", "yolo", "voc"])


@click.command(
    epilog="""\b
Examples:
  spectra expand runs/rgb2nir photos/ --labels photos.json --out generated/
  spectra expand graydef data/images --labels data/labels --out generated/ --write coco
  spectra expand runs/rgb2nir JPEGImages --labels Annotations --out generated/ --map car=car,truck,bus --drop-others

\b
DIR gets images/ with the names and the tree of SOURCE, the labels (labels.json; or labels/ with a file for each
image), and provenance.json: which model made them, of what, when, and what was merged or left out.
The same command goes on where an earlier one was stopped."""
)
@click.argument("model")
@click.argument("source", metavar="SOURCE")
@click.option(
    "--labels", required=True, type=PATH, metavar="PATH", help="COCO's file, or the folder of YOLO's or VOC's."
)
@click.option("--out", required=True, type=PATH, metavar="DIR", help="A new folder, or one that this command began.")
@click.option("--format", type=FORMATS, help="Of the labels.  [default: recognised]")
@click.option("--write", type=FORMATS, help="Of the labels that are written.  [default: as they are]")
@click.option("--classes", type=PATH, metavar="FILE", help="data.yaml or classes.txt.  [default: beside the labels]")
@click.option(
    "--map", "maps", multiple=True, metavar="NEW=OLD,...", help="Merge or rename classes; or a YAML file of such lists."
)
@click.option("--drop-others", is_flag=True, help="Drop the boxes of classes that no --map names.")
@click.option("--clip", is_flag=True, help="Cut boxes that reach out of their images, in place of refusing them.")
@click.option("--partial", is_flag=True, help="Leave out images without labels, and labels without images.")
@click.option(
    "--voc-origin",
    type=click.Choice(["1", "0"]),
    default="1",
    show_default=True,
    help="The number of the first pixel in VOC files.",
)
@click.option("--mix", type=PATH, metavar="PATH", help="Labels of real images, to be in the same COCO file.")
@click.option("--mix-images", type=PATH, metavar="DIR", help="Where those lie.  [default: beside their COCO file]")
@of_images("--image-format")
@of_work()
def expand(
    model: str,
    source: str,
    labels: Path,
    out: Path,
    maps: tuple[str, ...],
    drop_others: bool,
    voc_origin: str,
    sets: tuple[str, ...],
    as_json: bool,
    **options: Any,
) -> None:
    """Translate the images of SOURCE with MODEL, and carry their labels over to the results.

    Faults of the labels are told together, and nothing is written. Generated images are not written among others.
    """
    with undisturbed():  # torch costs two seconds: only when the work starts
        import cv2  # noqa: F401 - it would load with the first image, where a signal could break it

        from spectra.cli.progress import Bars
        from spectra.labels.class_map import parse_map
        from spectra.translation import expand as growing

    first_pixel = cast(Literal[0, 1], int(voc_origin))
    options |= {"merge": parse_map(maps, drop_others), "first_pixel": first_pixel, **settings_of(sets)}
    with going_on_later(), Bars() as bars:
        done = growing.expand(model, source, labels, out, progress=bars.told, **options)
    click.echo(json.dumps(_described(done), indent=2) if as_json else _told(done, out))
    end_with(reason for _, reason in done.images.failed)


def _described(done: Expanded) -> dict[str, Any]:
    return {
        "task": done.images.task,
        "out": str(done.images.out),
        "written": len(done.images.written),
        "skipped": len(done.images.skipped),
        "failed": [{"source": str(source), "reason": reason} for source, reason in done.images.failed],
        "images": len(done.labels.images),
        "boxes": done.labels.counts(),
        "notes": done.notes,
    }


def _told(done: Expanded, out: Path) -> str:
    images, labels = done.images, done.labels
    parts = [f"{_count(len(images.written), 'image')} translated ({images.task}) into {str(images.out)!r}"]
    parts += [f"{len(images.skipped)} were there already"] * bool(images.skipped)
    parts += [f"{len(images.failed)} failed"] * bool(images.failed)
    boxes = f"{_count(len(labels.boxes), 'box', 'es')} on {_count(len(labels.images), 'image')}"
    lines = [f"{'; '.join(parts)}.", f"Labels of {boxes} written into {str(out)!r}.", "", done.table]
    return "\n".join([*lines, *(f"Note: {note}" for note in done.notes)])


def _count(count: int, noun: str, many: str = "s") -> str:
    return f"{count} {noun}{many * (count != 1)}"
