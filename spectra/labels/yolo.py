"""Labels as YOLO has them: a text file for each image, a line for each box, all relative to the image's size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from spectra.labels.beside import by_place, find_classes, read_classes, text_at
from spectra.labels.faults import Faults, number
from spectra.labels.labels import Box, Image, Labels

NAME = "yolo"
SUFFIX = ".txt"
DIGITS = 12  # behind the point: less than a millionth of a pixel of any image


def read(folder: Path, images: Sequence[Image], faults: Faults, classes: Path | None = None) -> Labels:
    """The labels of `images`, each in a file with the path of its image below `folder`.

    An image without a file has no box. Polygons and keypoints stay in `extra` as they are.
    """
    listed = classes or find_classes(folder)
    if listed is None:
        faults.add(folder, "", "no list of the classes is there (data.yaml, classes.txt): name one with --classes")
        return Labels(list(images), [], ())
    names, extra = read_classes(listed, faults)
    lines = _Lines(names, extra.get("kpt_shape"), faults)
    boxes: list[Box] = []
    for place, (image, *others) in by_place(images, SUFFIX).items():
        path = folder / place
        if others:
            faults.add(path, "", f"belongs to {image.file!r} and to {others[0].file!r}: rename one of them")
        elif path.is_file() and image.width:
            boxes += lines.boxes(path, image)
    return Labels(list(images), boxes, names, extra)


def files(labels: Labels) -> Iterator[tuple[str, str]]:
    """The paths of the files of a set whose images lie in ``images/``, and what is in them."""
    numbers = {name: place for place, name in enumerate(labels.classes)}
    lines: dict[int, list[str]] = {image.id: [] for image in labels.images}
    sizes = {image.id: image for image in labels.images}
    for box in labels.boxes:
        lines[box.image].append(f"{numbers[box.name]} {' '.join(_columns(box, sizes[box.image]))}\n")
    for image in labels.images:
        yield f"labels/{PurePosixPath(image.file).with_suffix(SUFFIX)}", "".join(lines[image.id])
    content = {"train": "images", "nc": len(numbers), "names": dict(enumerate(labels.classes)), **labels.extra}
    yield "data.yaml", yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def _columns(box: Box, image: Image) -> list[str]:
    if polygon := box.extra.get("polygon"):
        return [str(value) for value in polygon]
    center = ((box.left + box.width / 2) / image.width, (box.top + box.height / 2) / image.height)
    sides = (*center, box.width / image.width, box.height / image.height)
    return [*(f"{side:.{DIGITS}f}".rstrip("0").rstrip(".") for side in sides), *box.extra.get("keypoints", ())]


@dataclass
class _Lines:
    """How the lines of the files are to be read."""

    names: Sequence[str]
    keypoints: Any
    faults: Faults

    def boxes(self, path: Path, image: Image) -> Iterator[Box]:
        text = text_at(path, self.faults)
        for place, line in enumerate((text or "").splitlines(), start=1):
            if words := line.split():
                name, values = self._name(words[0]), [_number(word) for word in words[1:]]
                told = self._wrong(name, words, values)
                if told:
                    self.faults.add(path, place, told)
                    continue
                box = self._box(str(name), image, words[1:], values)
                if sound := self.faults.sound(path, place, box, image):
                    yield sound if sound is box else _cut(sound, values)

    def _name(self, word: str) -> str | None:
        return self.names[int(word)] if word.isdecimal() and int(word) < len(self.names) else None

    def _wrong(self, name: str | None, words: list[str], values: list[float | None]) -> str:
        if name is None:
            return f"no class has the number {words[0]!r}: there are {len(self.names)}, counted from 0"
        for word, value in zip(words[1:], values, strict=True):
            if value is None:
                return f"{word!r} is no finite number"
        return self._wrong_count(len(values))

    def _wrong_count(self, count: int) -> str:
        if self.keypoints is not None:
            wanted = 4 + int(self.keypoints[0]) * int(self.keypoints[1]) if _shape(self.keypoints) else 0
            return "" if count == wanted else f"has {count} numbers, and a box with keypoints {self.keypoints} {wanted}"
        if count == 4 or (count >= 6 and count % 2 == 0):
            return ""
        if count == 5:
            return "has five numbers: a confidence is of predictions, not of labels"
        return f"has {count} numbers: a box has four, a polygon six or more in pairs"

    def _box(self, name: str, image: Image, words: list[str], values: list[Any]) -> Box:
        across, down = image.width, image.height
        if len(values) > 4 and self.keypoints is None:
            left, top = min(values[::2]) * across, min(values[1::2]) * down
            sides = (max(values[::2]) * across - left, max(values[1::2]) * down - top)
            return Box(image.id, name, left, top, *sides, extra={"polygon": tuple(words)})
        x, y, width, height = values[:4]
        extra = {"keypoints": tuple(words[4:])} if len(words) > 4 else {}
        sides = (width * across, height * down)
        return Box(image.id, name, (x - width / 2) * across, (y - height / 2) * down, *sides, extra=extra)


def _cut(box: Box, values: list[Any]) -> Box:
    """A box that was cut, and its polygon with it."""
    if "polygon" not in box.extra:
        return box
    return replace(box, extra={"polygon": tuple(repr(min(max(value, 0.0), 1.0)) for value in values)})


def _number(word: str) -> float | None:
    try:
        value = float(word)
    except ValueError:
        return None
    return value if number(value) else None


def _shape(told: Any) -> bool:
    return isinstance(told, list) and len(told) == 2 and all(isinstance(side, int) for side in told)
