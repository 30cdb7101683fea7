"""Small folders of pairs, for tests that read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from spectra.data.images import write_image
from spectra.data.recognise import read_catalogue
from spectra.data.sets.listed_pairs import ListedPairs
from spectra.modalities import Task

RECIPE = "task: rgb2ir\ntranslator: graydef\npreset: fit\n"


def write_pairs(
    root: Path,
    split: str = "train",
    names: tuple[str, ...] = ("a", "b", "c"),
    *,
    size: tuple[int, int] = (16, 12),
    seed: int | None = None,
    suffixes: tuple[str, str] = (".png", ".png"),
    dtype: str = "uint8",
) -> None:
    """Pairs whose infrared is 1.2 times the grey, with noise."""
    random = np.random.default_rng(sum(split.encode()) if seed is None else seed)
    most = np.iinfo(dtype).max
    for name in names:
        source = random.integers(0, most * 3 // 4, (*size, 3))
        target = np.clip(source.mean(2, keepdims=True) * 1.2 + random.normal(0, most / 25, (*size, 1)), 0, most)
        for modality, suffix, image in (("rgb", suffixes[0], source), ("ir", suffixes[1], target)):
            path = root / split / modality / f"{name}{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_image(path, image.astype(dtype))


def write_data(root: Path, **options: object) -> Path:
    """Two splits: four pairs to learn from, three to judge by."""
    write_pairs(root, "train", ("a", "b", "c", "d"), **options)  # type: ignore[arg-type]
    write_pairs(root, "test", ("e", "f", "g"), **options)  # type: ignore[arg-type]
    return root


def listed_pairs(root: Path, split: str = "train", task: Task | None = None, **options: Any) -> ListedPairs:
    """The pairs of one split of `ROOT/SPLIT/MODALITY/NAME.ext`."""
    places = [place for place in read_catalogue(root, "folders").places if place.split == split]
    return ListedPairs(places, task or Task.parse("rgb2ir"), **options)


def write_recipe(folder: Path, text: str = RECIPE, name: str = "small.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def tree(folder: Path) -> dict[str, bytes | None]:
    """Every path below a folder, hidden ones too, and what the files hold."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
    }
