"""Small images and folders of them, good and bad, for tests that translate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra.data.images import read_image, write_image


def image(seed: int, channels: int = 3, dtype: str = "uint8", size: tuple[int, int] = (6, 9)) -> NDArray[Any]:
    values = np.random.default_rng(seed).random((*size, channels), dtype=np.float32)
    return values if dtype == "float32" else (values * np.iinfo(dtype).max).round().astype(dtype)


def make(folder: Path, *names: str, channels: int = 3) -> Path:
    for seed, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, image(seed, channels))
    return folder


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "spectra.json"
    }


def seed_of(path: Path, count: int) -> int:
    """Which of the made images a copy shows."""
    shown = read_image(path)
    return next(seed for seed in range(count) if np.array_equal(image(seed), shown))


def bad_files(folder: Path) -> None:
    folder.mkdir()
    whole = folder / "a.png"
    write_image(whole, image(0))
    content = whole.read_bytes()
    (folder / "empty.png").write_bytes(b"")
    (folder / "truncated.png").write_bytes(content[:-30])
    (folder / "misnamed.tif").write_bytes(content)
    (folder / "huge.png").write_bytes(content[:16] + b"\x7f\xff\xff\xff" * 2 + content[24:])
    nan, infinite = image(0, dtype="float32"), image(0, dtype="float32")
    nan[0, 0, 0], infinite[3, 3, 2] = np.nan, np.inf
    write_image(folder / "nan.npy", nan)
    write_image(folder / "infinite.tif", infinite)
    np.save(folder / "double.npy", np.zeros((3, 3, 3)))
    write_image(folder / "z.png", image(1))
