"""A recipe file as plain data that remembers where everything stands. Strict, and safe to point at any file.

At most 128 KiB of UTF-8, 20 levels and 10,000 entries; no anchors, aliases, merge keys or tags; no key twice.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yaml import events

from spectra.recipe.document_composer import Composer
from spectra.recipe.document_text import check_text, read_text
from spectra.recipe.faults import Fault, clipped, raise_faults
from spectra.recipe.positions import Position

__all__ = ["Document", "Position", "load_document", "parse_document", "parse_value"]


@dataclass
class Document:
    """The data of a recipe, and where each part of them stands in the file."""

    data: dict[str, Any]
    positions: dict[tuple[str | int, ...], Position]
    values: dict[tuple[str | int, ...], Position] = field(default_factory=dict, repr=False)

    def position(self, path: tuple[str | int, ...]) -> Position:
        """Where the key or item stands, or else its nearest known ancestor. Line 0 where nothing is known."""
        return _nearest(self.positions, path) or self.value_position(())

    def value_position(self, path: tuple[str | int, ...]) -> Position:
        """Where the value stands, or else that of its nearest known ancestor."""
        return _nearest(self.values, path) or Position("", 0, 0)


def load_document(path: Path) -> Document:
    """Read a recipe file; RecipeError lists every fault with file, line and column."""
    return parse_document(read_text(path), os.fspath(path))


def parse_document(text: str, name: str = "<text>") -> Document:
    """Read the text of a recipe; `name` stands for the file in positions and faults."""
    text = text.removeprefix("\ufeff")
    check_text(text, name)
    composer = Composer(text, name)
    data = composer.compose()
    if not composer.faults and not isinstance(data, dict):
        _refuse_top(composer, name)
    if composer.faults:
        raise_faults(composer.faults)
    return Document(data, composer.keys, composer.values)


def parse_value(text: str) -> Any:
    """One value as it is written behind `--set KEY=`: a scalar, or a list or mapping in brackets; the same rules."""
    name = clipped(text)
    check_text(text, name)
    composer = Composer(text, name)
    data = composer.compose()
    if not composer.faults:
        _check_value(composer, text)
    if composer.faults:
        raise_faults([Fault(fault.message, fault.path, name) for fault in composer.faults])
    return data


def _nearest(known: dict[tuple[str | int, ...], Position], path: tuple[str | int, ...]) -> Position | None:
    for length in range(len(path), -1, -1):
        if found := known.get(path[:length]):
            return found
    return None


def _refuse_top(composer: Composer, name: str) -> None:
    root = composer.root
    if root is None or (isinstance(root, events.ScalarEvent) and not root.value):
        composer.faults.append(Fault("is empty. A recipe needs at least a task and a translator.", file=name))
        return
    kind = "a list" if isinstance(root, events.SequenceStartEvent) else "a single value"
    composer.fault(f"a recipe is a mapping of `key: value` lines, and this is {kind}.", root.start_mark.index)


def _check_value(composer: Composer, text: str) -> None:
    """Refuse what YAML would drop without a word, such as the comment in `a # b`."""
    root, start = composer.root, composer.root.start_mark.index if composer.root else 0
    if isinstance(root, events.CollectionStartEvent) and not root.flow_style:
        composer.fault("put a list in [] and a mapping in {}, or text in quotes.", 0)
    elif (text[:start] + text[composer.end :]).strip():
        composer.fault("a part of this would be dropped, as what follows a '#' is. Put the text in quotes.", start)
