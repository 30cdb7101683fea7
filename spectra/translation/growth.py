"""The labels of a data set on their way to the translated images."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spectra.data.images import find_images
from spectra.errors import DataError, ImageError
from spectra.labels import coco, voc, yolo
from spectra.labels.class_map import ClassMap, table
from spectra.labels.convert import converted
from spectra.labels.faults import Faults
from spectra.labels.labels import Image, Labels
from spectra.labels.mix import mixed, seen_from
from spectra.labels.open import Fitted, Where, fitted
from spectra.labels.resize import resized
from spectra.model import Model
from spectra.translation.inputs import opened
from spectra.translation.sources import Job, Source

LISTED = 3
WRITERS = {
    "coco": lambda labels: iter([("labels.json", coco.text_of(labels))]),
    "yolo": yolo.files,
    "voc": voc.files,
}


@dataclass(frozen=True)
class Real:
    """Labels of real images that the file shall hold, too."""

    where: Where
    folder: Path
    """Below which their images lie."""


@dataclass
class Growth:
    """What is asked for, and how far the labels are."""

    where: Where
    written: str
    merging: ClassMap
    out: Path
    real: Real | None = None
    clip: bool = False
    partial: bool = False
    notes: list[str] = field(default_factory=list)
    left: dict[str, list[str]] = field(default_factory=dict)
    """Names of what was left out, by the reason."""
    table: str = ""
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    """Boxes of each class, before and after."""
    labels: Labels = field(default_factory=lambda: Labels([], [], ()))
    beside: Labels | None = None
    """Those of the real images."""

    @property
    def work(self) -> dict[str, Any]:
        """All that decides what the labels of an image become."""
        said = {
            "labels": str(self.where.path.resolve()),
            "format": self.where.format,
            "written_as": self.written,
            "classes_from": str(self.where.classes.resolve()) if self.where.classes else None,
            "first_pixel": self.where.first_pixel,
            "merged": {new: list(olds) for new, olds in self.merging.merged.items()},
            "others": "dropped" if self.merging.drop_others else "kept",
            "clip": self.clip,
        }
        return {**said, "mixed_with": str(self.real.where.path.resolve()) if self.real else None}

    def read(self, sources: Mapping[str, Source], georeference: bool) -> list[Source]:
        """Read all labels, and tell all faults; what is to be translated."""
        faults = Faults(self.clip)
        shown = images_at({file: source.path for file, source in sources.items()}, georeference)
        fit = fitted(self.where, shown, faults, self.out)
        self._told(fit, faults, self.where.path, of_real=False)
        classes = fit.labels.classes
        if self.real:
            beside = self._read_real(self.real, faults)
            classes = tuple(dict.fromkeys([*classes, *beside.classes]))
        faults.require_none()
        self.merging.check(classes)
        self._of_edges(faults)
        self.labels = fit.labels
        return [sources[image.file] for image in fit.labels.images]

    def plan(self, model: Model, jobs: Sequence[Job]) -> None:
        """The labels of the results, as if all were there; faults that show only here are told."""
        faults = Faults()
        merged = self.merging.apply(self.labels)
        self.table = table(self.labels, merged, self.merging)
        self.counts = {"before": self.labels.counts(), "after": merged.counts()}
        self._of_empty(merged)
        sizes = {image.id: result_size(model, image) for image in merged.images}
        sized = resized(merged, sizes, self.where.path, faults)
        faults.require_none()
        final, notes = converted(sized, self.where.format, self.written)
        self.notes += notes
        if any(sizes[image.id] != (image.height, image.width) for image in merged.images):
            self.notes.append("The labels were brought to the size of the results.")
        depth = model.task.target.channels
        images = [self._named(image, job, depth) for image, job in zip(final.images, jobs, strict=True)]
        self.labels = replace(final, images=images)
        if self.beside is not None:
            self.notes += mixed(self.beside, self.labels)[1]
        for _ in self.files(self.finished(())):  # what cannot be written is told before anything is translated
            pass

    def finished(self, failed: Iterable[Path]) -> Labels:
        """The labels of the results that are there, and of the real images where they are wished for."""
        without = {path.relative_to(self.out / "images").as_posix() for path in failed}
        there = {image.id for image in self.labels.images if image.width and image.file not in without}
        labels = self.labels.of_images(there)
        return labels if self.beside is None else mixed(self.beside, labels)[0]

    def files(self, labels: Labels) -> Iterator[tuple[str, str]]:
        return WRITERS[self.written](labels)

    def _named(self, image: Image, job: Job, depth: int) -> Image:
        mark = {"generated": True, **({"depth": depth} if self.written == "voc" else {})}
        file = job.output.relative_to(self.out / "images").as_posix()
        return replace(image, file=file, extra={**image.extra, **mark})

    def _read_real(self, real: Real, faults: Faults) -> Labels:
        names = (path.relative_to(real.folder) for path in find_images(real.folder))
        ours, folder = self.out.resolve(), real.folder.resolve()
        paths = {name.as_posix(): real.folder / name for name in names if not (folder / name).is_relative_to(ours)}
        shown = images_at(paths, georeference=True)
        for image in shown:
            if not image.width:
                faults.add(real.folder / image.file, "", "is a real image that cannot be read")
        if not shown:
            raise DataError(f"The folder {str(real.folder)!r} of the real images holds no image.")
        fit = fitted(real.where, shown, faults, self.out)
        self._told(fit, faults, real.where.path, of_real=True)
        labels, notes = converted(self.merging.apply(fit.labels), real.where.format, self.written)
        self.notes += notes
        self.beside = seen_from(labels, real.folder, self.out / "images")
        return fit.labels

    def _told(self, fit: Fitted, faults: Faults, path: Path, *, of_real: bool) -> None:
        """What does not fit is a fault, or a note where parts are enough."""
        kind = "real_" if of_real else ""
        both = [("without_image", fit.missing, "entries of the labels without an image")]
        both += [("without_labels", fit.unlabelled, f"{'real ' * of_real}images without labels")]
        for reason, names, what in both:
            if names and not (self.partial or (of_real and reason == "without_labels")):
                faults.add(path, "", f"{what}: {some(names)}. --partial leaves them out")
            elif names:
                self.left[kind + reason] = names
                self.notes.append(f"Left out, {what}: {some(names)}.")
        if fit.bare:
            self.notes.append(f"{fit.bare} images have no label file, which in YOLO means that nothing is on them.")

    def _of_edges(self, faults: Faults) -> None:
        if faults.cut:
            self.notes.append(f"{faults.cut} boxes reached out of their images, and were cut at the edge.")
        if faults.lost:
            self.notes.append(f"{faults.lost} boxes had no area inside their images, and were dropped.")

    def _of_empty(self, merged: Labels) -> None:
        before, after = ({box.image for box in labels.boxes} for labels in (self.labels, merged))
        if len(before) > len(after):
            self.notes.append(f"{len(before) - len(after)} images have no box left; they stay, as images of none.")


def images_at(paths: Mapping[str, Path], georeference: bool) -> list[Image]:
    """The images with their sizes, numbered from 1; those whose header cannot be read have a width of 0."""
    found = []
    for number, (file, path) in enumerate(paths.items(), start=1):
        try:
            with opened(path, georeference) as source:
                found.append(Image(number, file, source.header.width, source.header.height))
        except ImageError:  # the translation tells it, with the reason
            found.append(Image(number, file, 0, 0))
    return found


def result_size(model: Model, image: Image) -> tuple[int, int]:
    return model.size_of((image.height, image.width)) if image.width else (0, 0)


def some(names: Sequence[str]) -> str:
    """How many there are, and the first of them."""
    more = ", ..." if len(names) > LISTED else ""
    return f"{len(names)} ({', '.join(map(repr, names[:LISTED]))}{more})"
