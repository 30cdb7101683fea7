"""Who translates the labelled images: trained from pairs without labels, or given; and the images that come of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from spectra import DataError, SpectraError, expand, load, load_recipe, run
from spectra_detect.files import read_json, write_json, write_text
from spectra_detect.images import IMAGES, LABELS, LabelledImages
from spectra_detect.settings import Settings
from spectra_detect.splits import PAIRS

Told = Callable[[str, int, int], None]
RECIPE, MODEL, GENERATED, KEPT = "generator.yaml", "generator", "generated", "generated.json"


@dataclass(frozen=True)
class Generator:
    """``folder`` is that of the experiment; ``root`` that of its data, where it has its own."""

    folder: Path
    settings: Settings
    root: Path | None
    device: str
    told: Told

    def check(self) -> None:
        """Say what is wrong with the generator before anything is drawn or learned."""
        asked = self.settings.generator
        if asked.model is not None:
            load(asked.model, self.settings.task)
            return
        _refuse_other_data(asked.sets)
        write_text(self.folder / RECIPE, self._recipe())
        load_recipe(self.folder / RECIPE, preset=asked.preset, sets=asked.sets)

    def model(self) -> Path | str:
        """The model: the one that is given, or that of the finished run."""
        asked = self.settings.generator
        if asked.model is not None:
            return asked.model
        run(
            self.folder / RECIPE,
            out=self.folder / MODEL,
            preset=asked.preset,
            sets=asked.sets,
            device=self.device,
            told=self.told,
        )
        return self.folder / MODEL

    def generated(self, labelled: LabelledImages) -> LabelledImages:
        """The labelled images in the target modality, with the labels carried over; made once."""
        out, kept = self.folder / GENERATED, self.folder / KEPT
        if not kept.is_file():
            self._expand(labelled, out)
        found = LabelledImages(out, labelled.settings)
        refuse_other_labels(found, labelled)
        of = {"labelled": labelled.digest, "generated": found.digest}
        if not kept.is_file():
            write_json(kept, of)
        elif read_json(kept) != of:
            raise DataError(
                f"{str(out)!r} or {str(labelled.root)!r} has changed since the images were made. Choose another --out."
            )
        return found

    def _expand(self, labelled: LabelledImages, out: Path) -> None:
        expand(
            self.model(),
            labelled.root / IMAGES,
            labels=labelled.root / LABELS,
            out=out,
            task=self.settings.task,
            device=self.device,
            progress=self.told,
        )

    def _recipe(self) -> str:
        scenes, asked = self.settings.data.scenes, self.settings.generator
        street = {"view": "street", "size": scenes.size, "train": scenes.pairs, "test": 8, "seed": scenes.seed}
        said: dict[str, Any] = {
            "task": self.settings.task,
            "translator": asked.translator,
            "data": {"scenes": street} if self.root is None else {"root": str((self.root / PAIRS).resolve())},
        }
        return yaml.safe_dump(said, sort_keys=False)


def _refuse_other_data(sets: Sequence[str]) -> None:
    """What the generator learns from is the experiment's to say, as no test place may be among it."""
    for text in sets:
        key = [part.strip() for part in text.partition("=")[0].split(".")]
        if key[:1] == ["task"] or key == ["data"] or key[:2] in (["data", "root"], ["data", "scenes"]):
            raise SpectraError(
                f"generator.sets: {text}: task and data are those of the experiment: say `task` or `data` there."
            )


def refuse_other_labels(generated: LabelledImages, labelled: LabelledImages) -> None:
    """Every generated image has the size and the boxes of the labelled image that it was made from, box by box."""
    boxes = {Path(image.file).stem: found for image, found in zip(labelled.images, labelled.found, strict=True)}
    sizes = {Path(image.file).stem: (image.width, image.height) for image in labelled.images}
    names = {Path(image.file).stem for image in generated.images}
    if names != set(boxes):
        raise DataError(f"{len(names ^ set(boxes))} images are labelled and not generated, or the other way round.")
    for image, found in zip(generated.images, generated.found, strict=True):
        name = Path(image.file).stem
        own = boxes[name]
        if (image.width, image.height) != sizes[name] or not (
            found.boxes.shape == own.boxes.shape
            and bool((found.boxes == own.boxes).all())
            and bool((found.classes == own.classes).all())
            and bool((found.ignored == own.ignored).all())
        ):
            raise DataError(
                f"The generated image {name!r} has other boxes than the labelled image that it was made from. Remove "
                f"{str(generated.root)!r}, and give the command again."
            )
