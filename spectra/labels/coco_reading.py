"""A COCO file taken apart, with every fault told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeGuard

from spectra.labels.faults import Faults, number, sound_name
from spectra.labels.labels import Box, Image, Labels

LISTS = ("images", "annotations", "categories")
OF_IMAGE = ("id", "file_name", "width", "height")
OF_BOX = ("image_id", "category_id", "bbox", "iscrowd")


class Reading:
    """One file under way."""

    def __init__(self, path: Path, faults: Faults) -> None:
        self.path, self.faults = Path(path), faults
        self.content = self._content()

    def labels(self) -> Labels:
        categories = self._categories()
        images = self._images()
        boxes = list(self._boxes({image.id: image for image in images.values()}, categories))
        head = {key: value for key, value in self.content.items() if key not in LISTS}
        by_name = {
            entry["name"]: {key: it for key, it in entry.items() if key != "name"} for entry in categories.values()
        }
        return Labels(list(images.values()), boxes, tuple(by_name), {**head, "categories": by_name})

    def _content(self) -> dict[str, Any]:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8-sig"))
        except json.JSONDecodeError as why:
            self.faults.add(self.path, f"line {why.lineno}, column {why.colno}", f"is no JSON: {why.msg}")
        except OSError as why:
            self.faults.add(self.path, "", f"cannot be read: {why.strerror}")
        except (ValueError, RecursionError) as why:  # bytes that are no UTF-8; numbers and depths beyond all measure
            self.faults.add(self.path, "", f"is no JSON: {why}")
        else:
            if isinstance(content, dict):
                self._check_head(content)
                return content
            self.faults.add(self.path, "", "is no COCO file: an object with images, annotations and categories")
        return {key: [] for key in LISTS}

    def _check_head(self, content: dict[str, Any]) -> None:
        for key, value in content.items():
            if key not in LISTS and not _finite(value):
                self.faults.add(self.path, key, "holds a number that is NaN or infinite")

    def _entries(self, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Where each entry stands, and what it holds."""
        entries = self.content.get(key)
        if not isinstance(entries, list):
            self.faults.add(self.path, key, "must be a list" if key in self.content else "is not there")
            return
        for place, entry in enumerate(entries):
            where = f"{key}[{place}]"
            if not isinstance(entry, dict):
                self.faults.add(self.path, where, "must be an object")
            elif not _finite(entry):
                self.faults.add(self.path, where, "holds a number that is NaN or infinite")
            else:
                yield where + (f" (id {entry['id']})" if number(entry.get("id")) else ""), entry

    def _identified(self, key: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Those that have a number of their own."""
        seen: set[int] = set()
        for where, entry in self._entries(key):
            own = entry.get("id")
            if not whole(own):
                self._add(where, f"its id must be a whole number, not {own!r}")
            elif own in seen:
                self._add(where, f"another of {key} has the id {own}")
            else:
                seen.add(own)
                yield where, entry

    def _categories(self) -> dict[int, dict[str, Any]]:
        found: dict[int, dict[str, Any]] = {}
        names: set[str] = set()
        for where, entry in self._identified("categories"):
            name = entry.get("name")
            if not sound_name(name):
                self._add(where, f"its name must be a text, not {name!r}")
            elif name in names:
                self._add(where, f"another category is named {name!r}")
            else:
                names.add(name)
                found[entry["id"]] = entry
        return found

    def _images(self) -> dict[str, Image]:
        found: dict[str, Image] = {}
        for where, entry in self._identified("images"):
            file, width, height = (entry.get(key) for key in OF_IMAGE[1:])
            if not isinstance(file, str) or not file:
                self._add(where, f"its file_name must be a text, not {file!r}")
            elif file in found:
                self._add(where, f"another image has the file_name {file!r}")
            elif not (whole(width) and whole(height) and width > 0 and height > 0):
                self._add(where, f"its width and height must be whole numbers above 0, not {width!r} and {height!r}")
            else:
                found[file] = Image(entry["id"], file, width, height, _other(entry, OF_IMAGE))
        return found

    def _boxes(self, images: dict[int, Image], categories: dict[int, dict[str, Any]]) -> Iterator[Box]:
        for where, entry in self._identified("annotations"):
            told = list(_wrong(entry, images, categories))
            for text in told:
                self._add(where, text)
            if told:
                continue
            image, name = images[entry["image_id"]], categories[entry["category_id"]]["name"]
            left, top, width, height = entry["bbox"]
            box = Box(image.id, name, left, top, width, height, bool(entry.get("iscrowd")), _other(entry, OF_BOX))
            if sound := self.faults.sound(self.path, where, box, image):
                yield sound

    def _add(self, where: str, text: str) -> None:
        self.faults.add(self.path, where, text)


def _wrong(entry: dict[str, Any], images: dict[int, Image], categories: dict[int, dict[str, Any]]) -> Iterator[str]:
    """What is wrong with an annotation before one looks at where its box lies."""
    image, category, sides, crowd = (entry.get(key) for key in OF_BOX)
    if not whole(image) or image not in images:
        yield f"no image has the id {image!r}"
    if not whole(category) or category not in categories:
        yield f"no category has the id {category!r}"
    if not (isinstance(sides, list) and len(sides) == 4):
        yield f"its bbox must be four numbers, not {sides!r}"
    if crowd not in (None, 0, 1):
        yield f"its iscrowd must be 0 or 1, not {crowd!r}"


def _finite(entry: Any) -> bool:
    try:
        json.dumps(entry, allow_nan=False)
    except ValueError:
        return False
    return True


def whole(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _other(entry: dict[str, Any], known: tuple[str, ...]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if key not in known}
