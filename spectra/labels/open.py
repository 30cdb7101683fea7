"""Labels in any known format, and how they fit the images that are there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from spectra.errors import DataError
from spectra.labels import coco, voc, yolo
from spectra.labels.beside import label_files
from spectra.labels.faults import Faults
from spectra.labels.labels import Image, Labels

FORMATS = ("coco", "yolo", "voc")
_OF_FOLDER = {"yolo": yolo.SUFFIX, "voc": voc.SUFFIX}


@dataclass(frozen=True)
class Where:
    """Where labels lie, and how they are to be read."""

    path: Path
    format: str
    classes: Path | None = None
    first_pixel: Literal[0, 1] = 1


@dataclass
class Fitted:
    """The labels of the images that are there, and what does not fit."""

    labels: Labels
    missing: list[str]
    """What the labels speak of, and is not there: names of images, or label files without an image."""
    unlabelled: list[str]
    """Images of which the labels do not speak."""
    bare: int = 0
    """Images without a label file, which in YOLO means without a box."""


def find(path: Path, format: str | None = None, classes: Path | None = None, first_pixel: Literal[0, 1] = 1) -> Where:
    """The format is recognised: a JSON file is COCO, a folder of XML files VOC, one of text files YOLO."""
    if format not in (None, *FORMATS):
        raise DataError(f"There is no format of labels {format!r}: choose {', '.join(FORMATS)}.")
    if not path.exists():
        raise DataError(f"There are no labels {str(path)!r}.")
    if path.is_file():
        if format not in (None, "coco"):
            raise DataError(f"The labels {str(path)!r} are a file: {format} has a folder of them, one for each image.")
        return Where(path, "coco")
    if format == "coco":
        raise DataError(f"The labels {str(path)!r} are a folder: COCO has one JSON file.")
    found = [name for name, suffix in _OF_FOLDER.items() if label_files(path, suffix)]
    if format is None and len(found) != 1:
        what = (
            "text files and XML files: say which are the labels" if found else "no .txt and no .xml file: name COCO's"
        )
        raise DataError(f"The folder {str(path)!r} holds {what} (--format).")
    return Where(path, format or found[0], classes, first_pixel)


def fitted(where: Where, images: Sequence[Image], faults: Faults, without: Path | None = None) -> Fitted:
    """The labels of `images`; one whose file could not be read has a width of 0, and is not checked.

    What lies below `without` are no labels.
    """
    if where.format == "coco":
        return _of_coco(where, images, faults)
    if where.format == "voc":
        labels = voc.read(where.path, images, faults, where.classes, where.first_pixel)
    else:
        labels = yolo.read(where.path, images, faults, where.classes)
    suffix = _OF_FOLDER[where.format]
    places = {str(PurePosixPath(image.file).with_suffix(suffix)) for image in images}
    there = {place for place in places if (where.path / place).is_file()}
    if not there:
        faults.add(
            where.path, "", f"no image has its labels there: that of {images[0].file!r} would be {min(places)!r}"
        )
    missing = [place for place in label_files(where.path, suffix, without) if place not in places]
    bare = len(places) - len(there) if where.format == "yolo" else 0
    return Fitted(labels, missing, _without(images, labels), bare)


def _of_coco(where: Where, images: Sequence[Image], faults: Faults) -> Fitted:
    labels = coco.read(where.path, faults)
    there = {image.file: image for image in images}
    kept = [image for image in labels.images if _plain(image.file) in there]
    if labels.images and not kept:
        faults.add(
            where.path, "images", f"none is there: {labels.images[0].file!r} is sought below the folder of the images"
        )
    twice = Counter(_plain(image.file) for image in kept)
    for image in kept:
        if twice[_plain(image.file)] > 1:
            faults.add(
                where.path, f"images (id {image.id})", f"another entry is of the file {_plain(image.file)!r}, too"
            )
        _check_size(where.path, image, there[_plain(image.file)], faults)
    missing = [image.file for image in labels.images if _plain(image.file) not in there]
    known = labels.of_images({image.id for image in kept})
    named = replace(known, images=[replace(image, file=_plain(image.file)) for image in kept])
    return Fitted(named, missing, _without(images, named))


def _plain(file: str) -> str:
    """Without ``./`` and double slashes."""
    return str(PurePosixPath(file))


def _check_size(path: Path, said: Image, real: Image, faults: Faults) -> None:
    if real.width and (said.width, said.height) != (real.width, real.height):
        told = (str(said.width), str(said.height))
        faults.add(path, f"images (id {said.id})", voc.wrong_size("×".join(told), real, told))


def _without(images: Sequence[Image], labels: Labels) -> list[str]:
    known = {image.file for image in labels.images}
    return [image.file for image in images if image.file not in known]
