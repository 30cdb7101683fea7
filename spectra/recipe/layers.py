"""Partial recipes laid over one another, each value remembering where it was written."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spectra.errors import RecipeError
from spectra.recipe.document import Document, load_document, parse_value
from spectra.recipe.document_composer import DEPTH_LIMIT
from spectra.recipe.faults import Fault, clipped, raise_faults
from spectra.recipe.links import unfolded
from spectra.recipe.positions import Position

Key = tuple[str | int, ...]
DEEPEST = 16
MOST_ENTRIES = 10_000
PATHS = (("data", "root"), ("data", "split", "file"), ("init_from",), ("init_from", "recipe"), ("init_from", "run"))


@dataclass
class Layers:
    """The values so far. Mappings are merged key by key; anything else replaces what was there."""

    data: dict[str, Any] = field(default_factory=dict)
    positions: dict[Key, Position] = field(default_factory=dict)

    def lay(self, data: Mapping[str, Any], positions: Mapping[Key, Position] | Position) -> None:
        _merge(self.data, data)
        if isinstance(positions, Position):
            positions = dict.fromkeys(_paths(data), positions)
        self.positions.update(positions)

    def set(self, path: Key, value: Any, origin: str) -> None:
        """One value by its path, as `--set` and the rows of a matrix do."""
        node = self.data
        for depth, key in enumerate(path[:-1]):
            if node.get(str(key)) is None:  # a key that is left empty holds nothing yet
                node[str(key)] = {}
                self.positions[path[: depth + 1]] = Position(origin, 0, 0)
            node = node[str(key)]
            if not isinstance(node, dict):
                here = ".".join(map(str, path[: depth + 1]))
                raise RecipeError(f"{origin}: {here} is {node!r}, which holds nothing named {path[depth + 1]!r}.")
        node[str(path[-1])] = deepcopy(value)
        self.positions[path] = Position(origin, 0, 0)

    def position(self, path: Key) -> Position:
        for length in range(len(path), -1, -1):
            if found := self.positions.get(path[:length]):
                return found
        return Position("", 0, 0)

    def fault(self, message: str, path: Key) -> Fault:
        where = self.position(path)
        return Fault(message, path, where.file, where.line, where.column)

    def copy(self) -> Layers:
        return Layers(deepcopy(self.data), dict(self.positions))


def read_layers(path: Path) -> Layers:
    """A recipe file on top of those it extends."""
    layers = Layers()
    for document in reversed(_chain(path)):
        said = {key: value for key, value in document.data.items() if key != "extends"}
        own, positions = unfolded(said, document.positions, document.file.parent)
        layers.lay(own, {(): Position(str(document.file), 1, 1), **positions})
        _anchor_paths(layers, document.file.parent, own)
    return layers


@dataclass(frozen=True)
class _Named:
    file: Path
    data: dict[str, Any]
    positions: dict[Key, Position]


def _chain(path: Path) -> list[_Named]:
    found: list[_Named] = []
    current: Path | None = path
    while current is not None:
        if any(_same(current, known.file) for known in found) or len(found) == DEEPEST:
            raise RecipeError(
                f"{found[-1].file}: `extends` goes round in a circle, or through more than {DEEPEST} files."
            )
        document = _loaded(current, found)
        found.append(_Named(current, document.data, document.positions))
        if sum(len(known.positions) for known in found) > MOST_ENTRIES:
            raise RecipeError(f"{path}: it and what it extends hold more than {MOST_ENTRIES} entries together.")
        base = document.data.get("extends")
        if base is not None and not isinstance(base, str):
            where = document.position(("extends",))
            raise_faults(
                [Fault("extends: write the path of one recipe.", ("extends",), where.file, where.line, where.column)]
            )
        current = None if base is None else current.parent / base
    for base_recipe in found[1:]:
        base_recipe.data.pop("name", None)
    return found


def _loaded(path: Path, above: list[_Named]) -> Document:
    """The document; where a base cannot be read, the fault stands where it is asked for."""
    try:
        return load_document(path)
    except RecipeError as why:
        if not above or path.is_file():
            raise
        where = above[-1].positions[("extends",)]
        raise_faults([Fault(f"extends: {why}", ("extends",), where.file, where.line, where.column)])


def _same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve()


def _anchor_paths(layers: Layers, folder: Path, own: Mapping[str, Any]) -> None:
    """Relative paths of data, recipes and models are relative to the file that says them."""
    for path in PATHS:
        said: Any = own
        for key in path:
            said = said.get(key) if isinstance(said, dict) else None
        if isinstance(said, str):
            node = layers.data
            for key in path[:-1]:
                node = node[key]
            node[path[-1]] = str(folder / Path(said).expanduser()) if said else ""


def parse_assignment(text: str) -> tuple[Key, Any]:
    """`train.lr=1e-4` as a path and a value, by the rules of a recipe."""
    path, equals, value = text.partition("=")
    if not equals:
        raise RecipeError(f"--set {clipped(text)}: write PATH=VALUE, such as train.lr=1e-4.")
    return parse_path(path), parse_value(value)


def parse_path(text: str) -> Key:
    """`train.lr` as a path."""
    parts = tuple(part.strip() for part in text.split("."))
    if not all(parts) or len(parts) > DEPTH_LIMIT:
        raise RecipeError(f"{clipped(text)} is no path: write names with dots between them, such as train.lr.")
    return parts


def overlap(one: Key, other: Key) -> bool:
    """Whether one path is the other, or leads to it."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _merge(base: dict[str, Any], over: Mapping[str, Any]) -> None:
    for key, value in over.items():
        if isinstance(value, Mapping) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = deepcopy(value)


def _paths(data: Mapping[str, Any], above: Key = ()) -> list[Key]:
    found: list[Key] = []
    for key, value in data.items():
        found.append((*above, key))
        if isinstance(value, Mapping):
            found.extend(_paths(value, (*above, key)))
    return found
