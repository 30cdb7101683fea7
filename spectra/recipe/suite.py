"""A suite: a file that names recipes, to be carried out together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spectra.errors import RecipeError, did_you_mean
from spectra.recipe.document import Document, load_document
from spectra.recipe.faults import Fault, clipped, raise_faults

KEYS = ("name", "recipes")
MOST = 100
NAME = re.compile(r"[\w.-]{1,100}")
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Suite:
    """Recipes by their files, in the order in which they are named."""

    name: str
    file: Path
    recipes: tuple[Path, ...]


def read_suite(path: Path | str) -> Suite | None:
    """The suite of a file, all its faults told together; None where the file is a recipe."""
    path = Path(path)
    document = load_document(path)
    if "recipes" not in document.data:
        return None
    if faults := [_fault(document, where, message) for where, message in _problems(document.data, path)]:
        raise_faults(faults)
    name = document.data.get("name") or re.sub(r"[^\w.-]+", "_", path.stem)[:100]
    return Suite(name, path, tuple(_member(path, said) for said in document.data["recipes"]))


def _member(suite: Path, said: str) -> Path:
    """The file of a recipe, which is named relative to the suite."""
    return suite.parent / Path(said).expanduser()


def _fault(document: Document, where: Where, message: str) -> Fault:
    place = document.position(where)
    return Fault(message, where, place.file, place.line, place.column)


def _problems(data: Mapping[str, Any], path: Path) -> Iterator[tuple[Where, str]]:
    for key in data:
        if key not in KEYS:
            yield (
                (key,),
                f"{key}: a suite says only `name` and `recipes`.{did_you_mean(key, KEYS)} What a recipe is to do "
                "stands in its own file, or is set for all with --set.",
            )
    name = data.get("name")
    if name is not None and not (isinstance(name, str) and NAME.fullmatch(name)):
        yield ("name",), "name: write letters, digits, `_`, `.` and `-` alone."
    yield from _of_recipes(data["recipes"], path)


def _of_recipes(said: Any, path: Path) -> Iterator[tuple[Where, str]]:
    if not isinstance(said, list) or not said:
        yield ("recipes",), "recipes: write a list of recipe files, such as `[pbvs_sar2eo.yaml, pbvs_sar2rgb.yaml]`."
        return
    if len(said) > MOST:
        yield ("recipes",), f"recipes: {len(said)} are too many: a suite names at most {MOST}."
        return
    known: set[Path] = set()
    for place, one in enumerate(said):
        if wrong := _wrong(one, path, known):
            yield ("recipes", place), f"recipes.{place}: {wrong}"


def _wrong(said: Any, path: Path, known: set[Path]) -> str:
    """Why an entry is no recipe of the suite; empty where it is one, which is then known."""
    if not isinstance(said, str) or not said:
        return f"write the path of a recipe, not {clipped(str(said))}."
    file = _member(path, said)
    if not file.is_file():
        return f"there is no file {str(file)!r}."
    if file.resolve() in known:
        return f"{said!r} is named twice."
    known.add(file.resolve())
    if file.resolve() == path.resolve() or _names_recipes(file):
        return f"{said!r} is a suite itself: name its recipes."
    return ""


def _names_recipes(file: Path) -> bool:
    try:
        return "recipes" in load_document(file).data
    except RecipeError:  # told when the recipe itself is read
        return False
