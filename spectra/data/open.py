"""The train and test pairs that a recipe speaks of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from spectra.data.folders import FolderPairs, folder_modalities
from spectra.data.pairs import PairSet
from spectra.data.remembered import Remembered
from spectra.data.scene_pairs import ScenePairs
from spectra.errors import DataError
from spectra.recipe.recipe import DataSettings, Recipe


@dataclass(frozen=True)
class Data:
    train: PairSet
    test: PairSet
    origin: str
    """Where it came from, in words for a reader."""
    from_scenes: bool


def open_data(recipe: Recipe) -> Data:
    """Folders where the recipe names a root, the built-in scenes where it does not; never one in place of the other."""
    return _folders(recipe, recipe.data) if recipe.data.root else _scenes(recipe)


def _folders(recipe: Recipe, data: DataSettings) -> Data:
    assert data.root is not None
    if data.train == data.test:
        raise DataError(f"The recipe learns from and judges by the same split {data.train!r}. Name two.")
    train, test = _opened(data.root, recipe)
    if shared := _shared(train, test):
        raise DataError(
            f"The splits {data.train!r} and {data.test!r} of {str(data.root)!r} share {len(shared)} pairs, the first "
            f"{shared[0]!r}. Scores of images that were learned from mean nothing: keep each pair in one split."
        )
    origin = f"{data.root.name} ({len(train)} train, {len(test)} test pairs)"
    return Data(Remembered(train), Remembered(test), origin, False)


def _opened(root: Path, recipe: Recipe) -> tuple[FolderPairs, FolderPairs]:
    """Both splits; their faults are told together."""
    task, data = recipe.resolved_task(), recipe.data
    folders = folder_modalities(task, data.source.folder, data.target.folder)
    found, faults = [], []
    for split in (data.train, data.test):
        try:
            found.append(FolderPairs(root, split, task, folders))
        except DataError as why:
            faults.append(str(why))
    if faults:
        raise DataError("\n".join(dict.fromkeys(faults)))
    return found[0], found[1]


def _shared(train: FolderPairs, test: FolderPairs) -> list[str]:
    """Test pairs whose two files are those of a training pair: linked or copied, under whatever name."""
    known = set(train.fingerprints)
    return [files.name for files, mark in zip(test.files, test.fingerprints, strict=True) if mark in known]


def _scenes(recipe: Recipe) -> Data:
    scenes, task = recipe.data.scenes, recipe.resolved_task()
    shape = {"view": scenes.view, "size": scenes.size, "bits": scenes.bits, "seed": scenes.seed}
    train = ScenePairs(task, "train", scenes.train, **shape)  # type: ignore[arg-type]
    test = ScenePairs(task, "test", scenes.test, **shape)  # type: ignore[arg-type]
    shape_told = f"{scenes.size}×{scenes.size}, {scenes.bits} bits"
    origin = f"built-in {scenes.view} scenes ({len(train)} train, {len(test)} test, {shape_told})"
    return Data(Remembered(train), Remembered(test), origin, True)
