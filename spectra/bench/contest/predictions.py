"""Predictions as files: what a method made of the test images, in a folder that anybody may have written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from torch import Tensor

from spectra.bench.counted import Counted, Told, silent
from spectra.bench.scoring import answer
from spectra.data.images import find_images, read_image, write_image
from spectra.data.pairs import Pair, PairSet, Picture
from spectra.data.pictures import as_picture, as_stored, to_array
from spectra.errors import DataError, SpectraError
from spectra.modalities import Modality, Task
from spectra.model import Model

LISTED = 5


@dataclass(frozen=True)
class Predictions:
    """One file for each test image: at its name, with any suffix of an image."""

    folder: Path
    files: Mapping[str, Path]
    target: Modality
    strangers: int = 0
    """Images in the folder that are of no test image."""
    notes: tuple[str, ...] = ()
    """What is to be said of how they are read."""

    @classmethod
    def of(cls, folder: Path, names: Sequence[str], task: Task) -> Predictions:
        """Those in a folder; it must hold one for each name, and may hold others."""
        found = _by_name(folder)
        missing = [name for name in names if name not in found]
        if missing:
            told = ", ".join(missing[:LISTED]) + (f" and {len(missing) - LISTED} more" if len(missing) > LISTED else "")
            raise DataError(
                f"{str(folder)!r} has no prediction for {len(missing)} of {len(names)} test images: {told}. A "
                "prediction is an image with the name of the test image, such as NAME.png; subfolders count."
            )
        strangers = len(found.keys() - set(names))
        return cls(folder, {name: _only(found[name]) for name in names}, task.target, strangers)

    def predict(self, pair: Pair) -> Tensor:
        """What a file of the target's type would hold, as of every method: clipped and rounded."""
        return as_stored(self._picture(pair).pixels, pair.target.scale, pair.target.dtype)

    def _picture(self, pair: Pair) -> Picture:
        """What the file holds, on the target's scale; of `dtype`, on that of its own type."""
        scale = replace(self.target.scale, nodata=None)  # a prediction has a value everywhere
        file = self.files[pair.name]
        image = read_image(file)
        if wrong := int(np.count_nonzero(~np.isfinite(image))):
            raise DataError(
                f"{str(file)!r} holds {wrong} values that are not finite, and a prediction has one everywhere: "
                "write a number in their place. Where the target has no data any will do, as it is not scored there."
            )
        return as_picture(image, file, self.target.with_scale(scale))

    def checked(self, test: PairSet, told: Told = silent) -> Predictions:
        """Each read once: one that cannot be used is told before anything is scored."""
        types: dict[tuple[str, str], None] = {}
        for pair in Counted(test, "look through predictions", told):
            picture = self._picture(pair)
            self._refuse_other_values(picture, pair)
            types[picture.dtype, pair.target.dtype] = None
        return replace(self, notes=tuple(self._notes([(own, target) for own, target in types if own != target])))

    def _refuse_other_values(self, picture: Picture, pair: Pair) -> None:
        """Floats that cannot be what the scale `dtype` takes them for: the numbers of another scale."""
        low, high = (float(value) for value in (picture.pixels.min(), picture.pixels.max()))
        if self.target.scale.low is None and picture.dtype == "float32" and (low < -1 or high > 2):
            raise DataError(
                f"{str(self.files[pair.name])!r} holds floats from {low:.4g} to {high:.4g}, and on the scale `dtype` a "
                "float image holds 0 to 1. Divide them, write the type of the targets, or declare the target's scale, "
                f"such as --set data.target.scale='{self.target.name} 0..10000'."
            )

    def _notes(self, differing: Sequence[tuple[str, str]]) -> Iterator[str]:
        scale = self.target.scale
        for own, target in differing:
            how = "in the unit interval of its own type" if scale.low is None else f"as values of {scale}"
            yield f"Predictions of {own} where targets are {target}: read {how}, then clipped and rounded as {target}."
        if self.strangers:
            yield f"{self.strangers} other images lie in its folder, and are of no test image."


def _by_name(folder: Path) -> dict[str, list[Path]]:
    """Every image by its path below the folder without the suffix."""
    found: dict[str, list[Path]] = {}
    for path in find_images(folder):
        found.setdefault(str(PurePosixPath(path.relative_to(folder).as_posix()).with_suffix("")), []).append(path)
    return found


def _only(files: Sequence[Path]) -> Path:
    if len(files) > 1:
        raise DataError(
            f"Several files are a prediction of one image: {', '.join(map(repr, map(str, files)))}. Keep one."
        )
    return files[0]


def write_predictions(folder: Path, model: Model, test: PairSet, told: Told = silent) -> None:
    """One file for each test image, in the type of its target: what is scored is what they hold."""
    for pair in Counted(test, f"{model.name}: predict", told):
        made, target = answer(model, pair), pair.target
        if not bool(torch.isfinite(made).all()):
            raise SpectraError(f"{model.name} made values of {pair.name} that are not finite.")
        path = folder / f"{pair.name}{_suffix(target)}"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, to_array(made, target.scale, target.dtype))


def _suffix(target: Picture) -> str:
    """PNG where it can hold the image: it is what most programs read."""
    return ".png" if target.dtype != "float32" and target.pixels.shape[0] in (1, 3) else ".tif"
