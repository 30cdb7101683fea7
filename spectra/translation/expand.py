"""A data set grown: its images translated, its labels carried over. What `spectra expand` does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from spectra.devices import checked_device
from spectra.errors import DataError
from spectra.labels.class_map import ClassMap
from spectra.labels.labels import Labels
from spectra.labels.open import FORMATS, find
from spectra.modalities import Task
from spectra.model import Model
from spectra.translation.alone import alone
from spectra.translation.growth import Growth, Real
from spectra.translation.passage import Passage
from spectra.translation.provenance import MADE_BY, Provenance, hash_of, hash_of_labels
from spectra.translation.sources import Job, Source, find_sources, planned
from spectra.translation.stamp import identity, stamped
from spectra.translation.translate import Series, Suffixes, Told, Translated, dtype_for, model_for, threads_for


@dataclass
class Expanded:
    """What became of the images and of their labels."""

    images: Translated
    labels: Labels
    """As they were written."""
    table: str
    """Boxes of each class, before and after."""
    files: list[Path] = field(default_factory=list)
    """Of the labels."""
    notes: list[str] = field(default_factory=list)
    """What was left out, cut or changed."""


def expand(
    model: Model | Path | str,
    source: Path | str,
    labels: Path | str,
    out: Path | str,
    *,
    format: str | None = None,
    write: str | None = None,
    classes: Path | str | None = None,
    merge: ClassMap | Mapping[str, Sequence[str]] | None = None,
    clip: bool = False,
    partial: bool = False,
    first_pixel: Literal[0, 1] = 1,
    mix: Path | str | None = None,
    mix_images: Path | str | None = None,
    task: str | Task | None = None,
    preset: str | None = None,
    depth: str | int | None = None,
    image_format: str | None = None,
    georeference: bool = True,
    device: str | None = None,
    threads: int | None = None,
    progress: Told | None = None,
    **settings: Any,
) -> Expanded:
    """Translate the images of ``source`` into ``out/images``, and write their labels beside them.

    ``labels`` is a COCO file, or a folder of YOLO's or VOC's files (``format``, else recognised); ``write`` is another
    format for those of the results. ``merge`` says what each new class is made of. Faults of the labels are raised
    together before anything is written; ``clip`` cuts boxes at the edges of their images, and ``partial`` leaves out
    images without labels and labels without images. ``mix`` names labels of real images, which lie below
    ``mix_images`` and shall be in the same COCO file. The rest is as for ``spectra.translate``; the same call goes on
    where an earlier one was stopped::

        expand("runs/mine", "photos/", "photos.json", "infrared/", merge={"car": ["car", "truck", "bus"]})
    """
    out = Path(out)
    where = find(Path(labels), format, Path(classes) if classes else None, first_pixel)
    merging = merge if isinstance(merge, ClassMap) else ClassMap(merge or {})
    growth = Growth(where, _written(write or where.format), merging, out, _real(mix, mix_images), clip, partial)
    _require_coco(growth)
    results: set[Path] = set()
    found = find_sources([source], out, results)
    ready = model_for(model, found, task, preset, settings)
    if device is not None or not isinstance(model, Model):
        ready.to(checked_device(device or "cpu"))
    dtype = dtype_for(depth, ready)
    suffixes = Suffixes(image_format, dtype, ready.task.target)
    jobs = planned(growth.read(_by_name(found), georeference), out / "images", suffixes)
    growth.plan(ready, jobs)
    options = {
        "depth": dtype or "as the source",
        "format": image_format or "as the source",
        "georeference": "as the source" if georeference else "left out",
    }
    what = identity(ready, options, [one.root for one in found])
    left = [f"{str(folder)!r} holds results of `spectra translate`, and was left out." for folder in sorted(results)]
    done = Translated(str(ready.task), out / "images", notes=[*ready.notes, *suffixes.notes, *left])
    passage = Passage(ready, dtype, chosen=depth is not None, georeference=georeference)

    def translated() -> None:
        with stamped(out / "images", what, done.notes, jobs), passage.open():
            Series(jobs, passage, done, progress).carry_out(threads_for(threads))

    name = "a model in memory" if isinstance(model, Model) else str(model)
    return _carried_out(growth, done, jobs, what, translated, name)


def _carried_out(
    growth: Growth,
    done: Translated,
    jobs: Sequence[Job],
    model: Mapping[str, Any],
    translated: Callable[[], None],
    name: str,
) -> Expanded:
    """Images first, then their labels, then what is said of both."""
    out = growth.out
    with alone(out, MADE_BY):
        provenance = Provenance(out, growth.work)
        provenance.begin([job.output for job in jobs], model)
        translated()
        failed = dict(done.failed)
        labels = growth.finished([job.output for job in jobs if job.source in failed])
        files = provenance.write_labels(growth.files(labels))
        made = [job for job in jobs if job.source not in failed]
        notes = [*growth.notes, *done.notes]
        provenance.end(
            {
                "spectra": version("spectra-translate"),
                "model_given": name,
                "labels_sha256": hash_of_labels(growth.where.path),
                "boxes": growth.counts,
                "left_out": {**growth.left, "failed": {str(path): why for path, why in failed.items()}},
                "notes": notes,
                "files": files,
                "images": list(_noted(made, growth)),
            }
        )
    return Expanded(done, labels, growth.table, [out / name for name in files], notes)


def _noted(jobs: Sequence[Job], growth: Growth) -> Iterator[dict[str, str | None]]:
    for job in jobs:
        image = job.output.relative_to(growth.out / "images").as_posix()
        yield {"image": image, "source": str(job.source), "sha256": _hash(job.source)}


def _hash(path: Path) -> str | None:
    try:
        return hash_of(path)
    except OSError:  # it was there when it was translated
        return None


def _by_name(found: Sequence[Source]) -> dict[str, Source]:
    return {source.path.relative_to(source.root).as_posix(): source for source in found}


def _written(format: str) -> str:
    if format not in FORMATS:
        raise DataError(f"There is no format of labels {format!r}: choose {', '.join(FORMATS)}.")
    return format


def _real(labels: Path | str | None, images: Path | str | None) -> Real | None:
    if labels is None:
        if images is not None:
            raise DataError("--mix-images says where real images lie: --mix must say where their labels are.")
        return None
    where = find(Path(labels))
    if images is None and where.format != "coco":
        raise DataError(f"Where do the real images of {str(labels)!r} lie? Say --mix-images DIR.")
    return Real(where, Path(images) if images is not None else where.path.parent)


def _require_coco(growth: Growth) -> None:
    if growth.real and growth.written != "coco":
        raise DataError(
            f"Real images are mixed in by COCO's file alone, where each generated one is marked: add --write coco. "
            f"A folder of {growth.written} can be named beside the real one where you train."
        )
