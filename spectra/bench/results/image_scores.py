"""`scores.csv`: what every image scored, for statistics of your own."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from spectra.bench.results.csv_text import csv_text
from spectra.data.atomic import write_text
from spectra.errors import SpectraError

SCORES_FILE = "scores.csv"
ABOUT = ("task", "method", "seed", "image", "group")


@dataclass(frozen=True)
class ImageScores:
    """One image as one method translated it. A metric that has no value for it, or none for any image, is None."""

    task: str
    method: str
    seed: int | None
    """None for a method that is not trained with seeds of the bench: a floor, a model folder, predictions."""
    image: str
    group: str
    scores: Mapping[str, float | None]


def scores_text(images: Sequence[ImageScores]) -> str:
    """A line an image; the metrics of all tasks are columns, and a cell is empty where there is no score."""
    names = list(dict.fromkeys(name for image in images for name in image.scores))
    return csv_text([[*ABOUT, *names], *(_line(image, names) for image in images)])


def _line(image: ImageScores, names: Sequence[str]) -> list[str]:
    about = [image.task, image.method, "" if image.seed is None else str(image.seed), image.image, image.group]
    return [*about, *(_written(image.scores.get(name)) for name in names)]


def write_image_scores(folder: Path, images: Sequence[ImageScores]) -> None:
    write_text(folder / SCORES_FILE, scores_text(images))


def read_image_scores(folder: Path) -> tuple[ImageScores, ...]:
    """The lines of `scores.csv` in this folder."""
    file = folder / SCORES_FILE
    try:
        lines = list(csv.reader(io.StringIO(file.read_bytes().decode(), newline=""), strict=True))
    except OSError as why:
        raise SpectraError(f"{str(file)!r} cannot be read: {why.strerror}. Name the folder of a bench.") from None
    except (UnicodeDecodeError, csv.Error) as why:
        raise _damaged(file, str(why)) from None
    if not lines or tuple(lines[0][: len(ABOUT)]) != ABOUT or len(set(lines[0])) < len(lines[0]):
        raise _damaged(file, f"its first line does not begin with {','.join(ABOUT)}, or names a column twice")
    return tuple(_read(line, lines[0], file, number) for number, line in enumerate(lines[1:], start=2))


def _read(line: Sequence[str], header: Sequence[str], file: Path, number: int) -> ImageScores:
    if len(line) != len(header):
        raise _damaged(file, f"row {number} has {len(line)} cells, not {len(header)}")
    task, method, seed, image, group, *values = line
    try:
        scores = {name: _value(text) for name, text in zip(header[len(ABOUT) :], values, strict=True)}
        return ImageScores(task, method, int(seed) if seed else None, image, group, scores)
    except ValueError as why:
        raise _damaged(file, f"row {number}: {why}") from None


def _value(text: str) -> float | None:
    if not text:
        return None
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is no score")
    return value


def _written(value: float | None) -> str:
    if value is None:
        return ""
    if not math.isfinite(value):
        raise SpectraError(f"The score {value} cannot be written: a score that is not a number is None.")
    return repr(float(value))


def _damaged(file: Path, why: str) -> SpectraError:
    remedy = "Carry out the same `spectra bench` again: it writes the file anew from what is kept beside it."
    return SpectraError(f"{str(file)!r} is damaged: {why}. {remedy}")


def of_method(images: Iterable[ImageScores], task: str, method: str) -> tuple[ImageScores, ...]:
    """Those of one row of the table."""
    return tuple(image for image in images if (image.task, image.method) == (task, method))
