"""The train and test pairs that a recipe speaks of."""

from __future__ import annotations

from dataclasses import dataclass

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
    task = recipe.resolved_task()
    folders = folder_modalities(task, data.source.folder, data.target.folder)
    train, test = (FolderPairs(data.root, split, task, folders) for split in (data.train, data.test))
    if data.train != data.test and (shared := _shared_files(train, test)):
        raise DataError(f"The train and the test split share {len(shared)} files, the first is {shared[0]!r}.")
    return Data(
        Remembered(train), Remembered(test), f"{data.root.name} ({len(train)} train, {len(test)} test pairs)", False
    )


def _shared_files(train: FolderPairs, test: FolderPairs) -> list[str]:
    known = {files.source.resolve() for files in train.files}
    return [files.name for files in test.files if files.source.resolve() in known]


def _scenes(recipe: Recipe) -> Data:
    scenes, task = recipe.data.scenes, recipe.resolved_task()
    shape = {"view": scenes.view, "size": scenes.size, "bits": scenes.bits, "seed": scenes.seed}
    train = ScenePairs(task, "train", scenes.train, **shape)  # type: ignore[arg-type]
    test = ScenePairs(task, "test", scenes.test, **shape)  # type: ignore[arg-type]
    shape_told = f"{scenes.size}×{scenes.size}, {scenes.bits} bits"
    origin = f"built-in {scenes.view} scenes ({len(train)} train, {len(test)} test, {shape_told})"
    return Data(Remembered(train), Remembered(test), origin, True)
