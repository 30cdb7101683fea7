"""Labels of which each image has a file of its own: where it lies, and the names of the classes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from spectra.labels.faults import Faults, sound_name
from spectra.labels.labels import Image

CLASS_FILES = ("data.yaml", "dataset.yaml", "classes.txt", "obj.names")


def by_place(images: Sequence[Image], suffix: str) -> dict[str, list[Image]]:
    """The images by the place of their label file: the path of the image with another suffix."""
    places: dict[str, list[Image]] = {}
    for image in images:
        places.setdefault(str(PurePosixPath(image.file).with_suffix(suffix)), []).append(image)
    return places


def label_files(folder: Path, suffix: str, without: Path | None = None) -> list[str]:
    """The label files below a folder, without hidden ones, lists of classes, and what lies below `without`."""
    found = (path.relative_to(folder) for path in folder.rglob(f"*{suffix}") if path.name not in CLASS_FILES)
    shown = (name for name in found if not any(part.startswith(".") for part in name.parts))
    if without is not None:
        real, left = folder.resolve(), without.resolve()
        shown = (name for name in shown if not (real / name).is_relative_to(left))
    return sorted(name.as_posix() for name in shown)


def text_at(path: Path, faults: Faults) -> str | None:
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as why:
        faults.add(path, "", f"cannot be read: {why.strerror}")
    except UnicodeDecodeError as why:
        faults.add(path, "", f"is no text in UTF-8: {why.reason} at byte {why.start}")
    return None


def find_classes(folder: Path) -> Path | None:
    """The list of classes in the folder of the labels, or else in that around it."""
    places = (place / name for place in (folder, folder.absolute().parent) for name in CLASS_FILES)
    return next((place for place in places if place.is_file()), None)


def read_classes(path: Path, faults: Faults) -> tuple[tuple[str, ...], dict[str, Any]]:
    """The names in the order of their numbers, and what a YAML file says besides."""
    text = text_at(path, faults)
    if text is None:
        return (), {}
    if path.suffix.lower() in (".yaml", ".yml"):
        return _of_yaml(path, text, faults)
    names = [line.strip() for line in text.rstrip().splitlines()]
    return _sound(path, names, faults), {}


def _of_yaml(path: Path, text: str, faults: Faults) -> tuple[tuple[str, ...], dict[str, Any]]:
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as why:
        mark = getattr(why, "problem_mark", None)
        faults.add(path, mark.line + 1 if mark else "", f"is no YAML: {getattr(why, 'problem', None) or why}")
        return (), {}
    if not isinstance(content, dict):
        content = {}
    names = content.get("names")
    if isinstance(names, dict) and set(names) == set(range(len(names))):
        names = [names[place] for place in range(len(names))]
    if not isinstance(names, list):
        faults.add(path, "names", "must be a list of the classes, or say one for each number from 0")
        return (), {}
    if content.get("nc") not in (None, len(names)):
        faults.add(path, "nc", f"says {content['nc']!r}, and there are {len(names)} names")
    known = ("kpt_shape", "flip_idx")
    return _sound(path, names, faults), {key: content[key] for key in known if key in content}


def _sound(path: Path, names: Sequence[Any], faults: Faults) -> tuple[str, ...]:
    if not names:
        faults.add(path, "", "names no class")
    for place, name in enumerate(names):
        if not sound_name(name):
            faults.add(path, f"class {place}", f"its name must be a text, not {name!r}")
        elif name in names[:place]:
            faults.add(path, f"class {place}", f"{name!r} is the name of another class, too")
    return tuple(str(name) for name in names)
