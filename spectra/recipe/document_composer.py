"""Turns the events of PyYAML's parser into plain data with positions, and collects every fault on the way.

Events rather than nodes: depth and number are checked before anything is built, and nothing is ever constructed by tag.
"""

from __future__ import annotations

from typing import Any

from yaml import MarkedYAMLError, SafeLoader
from yaml import events as yaml_events

from spectra.recipe.document_scalars import plain_scalar, whole_text
from spectra.recipe.document_syntax import plain_words
from spectra.recipe.faults import Fault, clipped
from spectra.recipe.positions import Lines, Path, Position

DEPTH_LIMIT = 20  # levels of mappings and lists
EVENT_LIMIT = 10_000  # keys, values, and the two ends of each mapping and list
_STANDARD = "tag:yaml.org,2002:"  # what `!!` stands for


class Hopeless(Exception):
    """A fault after which reading on makes no sense; it has been noted."""


class Composer:
    """Reads one document. `faults` is complete afterwards; the data are only of use where it is empty."""

    def __init__(self, text: str, name: str) -> None:
        self.faults: list[Fault] = []
        self.keys: dict[Path, Position] = {}
        self.values: dict[Path, Position] = {}
        self.root: Any = None  # the event of the outermost value
        self.end = 0  # the index behind that value
        self._lines = Lines(text, name)
        self._loader: Any = SafeLoader(text)
        self._last: Any = None
        self._events = 0

    def compose(self) -> Any:
        """The data of the only document, or None where there is none."""
        try:
            return self._document()
        except Hopeless:
            return None

    def fault(self, message: str, index: int, path: Path = ()) -> None:
        position = self._lines.position(index)
        self.faults.append(Fault(message, path, position.file, position.line, position.column))

    def _document(self) -> Any:
        self._next()
        if isinstance(self._next(), yaml_events.StreamEndEvent):
            return None
        self.root = self._next()
        data = self._value(self.root, (), 1)
        self.end = self._last.end_mark.index
        self._next()
        following = self._next()
        if not isinstance(following, yaml_events.StreamEndEvent):
            self.fault("a second document starts here. Keep one recipe to a file.", following.start_mark.index)
        return data

    def _next(self) -> Any:
        try:
            event = self._loader.get_event()
        except MarkedYAMLError as error:
            self._give_up(*plain_words(error))
        except (ValueError, OverflowError):  # PyYAML converts "\UFFFFFFFF" and the digits of %YAML unchecked
            self._give_up("a number or an escape that is out of range.", self._loader.get_mark().index)
        self._events += 1
        if self._events > EVENT_LIMIT:
            self._give_up(f"more than {EVENT_LIMIT:,} entries, the most a recipe may have.", event.start_mark.index)
        self._last = event
        return event

    def _give_up(self, message: str, index: int) -> None:
        self.fault(message, index)
        raise Hopeless

    def _value(self, event: Any, path: Path, depth: int) -> Any:
        self.values[path] = self._lines.position(event.start_mark.index)
        return self._data(event, path, depth)

    def _data(self, event: Any, path: Path, depth: int) -> Any:
        self._check_properties(event, path)
        if isinstance(event, yaml_events.ScalarEvent):
            return self._scalar(event, path)
        if isinstance(event, yaml_events.AliasEvent):
            return None
        if depth > DEPTH_LIMIT:
            self._give_up(f"more than {DEPTH_LIMIT} levels, the most a recipe may have.", event.start_mark.index)
        if isinstance(event, yaml_events.MappingStartEvent):
            return self._mapping(path, depth)
        return self._sequence(path, depth)

    def _check_properties(self, event: Any, path: Path) -> None:
        index, tag = event.start_mark.index, getattr(event, "tag", None)
        if event.anchor is not None:
            sign = "*" if isinstance(event, yaml_events.AliasEvent) else "&"
            name = clipped(sign + event.anchor)
            self.fault(f"{name}: anchors and aliases are not allowed. Use `extends:`, or quotes for text.", index, path)
        if tag is not None:
            name = clipped(tag.replace(_STANDARD, "!!", 1))
            self.fault(f"{name}: tags are not allowed. Remove it, or use quotes for text.", index, path)

    def _scalar(self, event: Any, path: Path) -> Any:
        try:
            return plain_scalar(event.value) if event.style is None else whole_text(event.value)
        except ValueError as error:
            self.fault(str(error), event.start_mark.index, path)
            return None

    def _sequence(self, path: Path, depth: int) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := self._next(), yaml_events.SequenceEndEvent):
            item = (*path, len(items))
            self.keys[item] = self._lines.position(event.start_mark.index)
            items.append(self._value(event, item, depth + 1))
        return items

    def _mapping(self, path: Path, depth: int) -> dict[str, Any]:
        data: dict[str, Any] = {}
        while not isinstance(event := self._next(), yaml_events.MappingEndEvent):
            key = self._key(event, path, depth)
            entry = (*path, key)
            position = self._lines.position(event.start_mark.index)
            if key in data:
                first = self.keys[entry].line
                self.fault(f"{clipped(key)} is given twice: first on line {first}.", event.start_mark.index, entry)
            self.keys.setdefault(entry, position)
            data[key] = self._value(self._next(), entry, depth + 1)
        return data

    def _key(self, event: Any, path: Path, depth: int) -> str:
        index, known = event.start_mark.index, len(self.faults)
        key = self._data(event, path, depth + 1)
        if isinstance(key, str) and (event.style is not None or key != "<<"):
            return key
        if key == "<<":
            self.fault("merge keys (<<) are not allowed. Use `extends:`.", index, path)
        elif len(self.faults) == known:
            self.fault(_wrong_key(event), index, path)
        return f"<key at {index}>"  # unlike any other, so that the rest can still be checked


def _wrong_key(event: Any) -> str:
    if not isinstance(event, yaml_events.ScalarEvent):
        return "a list or mapping cannot be a key. Keys are text."
    if not event.value:
        return "a key is missing before the ':'."
    return f"the key {event.value[:40]} is not text. If text is meant, put it in quotes."
