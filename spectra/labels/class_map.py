"""Classes merged, renamed and dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spectra.errors import DataError, did_you_mean
from spectra.labels.labels import Labels
from spectra.recipe.document import load_document


@dataclass(frozen=True)
class ClassMap:
    """Each new class with those that become it: ``ClassMap({"car": ("car", "truck", "bus")})``.

    Classes that it does not name stay as they are, or go with their boxes where ``drop_others`` is true.
    """

    merged: Mapping[str, Sequence[str]] = field(default_factory=dict)
    drop_others: bool = False

    def __post_init__(self) -> None:
        olds = [old for several in self.merged.values() for old in several]
        twice = next((old for place, old in enumerate(olds) if old in olds[:place]), None)
        if twice is not None:
            raise DataError(f"The map of classes names {twice!r} twice: a class becomes one other.")
        if self.drop_others and not olds:
            raise DataError("All classes would be dropped: the map names none that stays.")

    def __bool__(self) -> bool:
        return bool(self.merged)

    def of(self, name: str) -> str | None:
        """What a class becomes; None: it is dropped."""
        for new, several in self.merged.items():
            if name in several:
                return new
        return None if self.drop_others else name

    def check(self, classes: Sequence[str]) -> None:
        """Refuse a map that names a class that is not there, or one that others would fall into unsaid."""
        for old in (old for several in self.merged.values() for old in several):
            if old not in classes:
                hint = did_you_mean(old, classes)
                raise DataError(f"The labels have no class {old!r}.{hint} They have: {', '.join(classes) or 'none'}.")
        for new in self.merged:
            if new in classes and self.of(new) == new and new not in self.merged[new]:
                raise DataError(
                    f"{new!r} is a class of the labels that would stay, and others would become it unsaid. "
                    f"Name it, too: {new}={','.join([new, *self.merged[new]])}"
                )

    def apply(self, labels: Labels) -> Labels:
        """The labels with the new classes, in the order of the old ones that come first."""
        become = {name: self.of(name) for name in labels.classes}
        boxes = [replace(box, name=new) for box in labels.boxes if (new := become[box.name]) is not None]
        classes = tuple(dict.fromkeys(new for new in become.values() if new is not None))
        extra = dict(labels.extra)
        if "categories" in extra:
            extra["categories"] = _categories(become, extra["categories"])
        return replace(labels, boxes=boxes, classes=classes, extra=extra)


def parse_map(words: Sequence[str], drop_others: bool = False) -> ClassMap:
    """Of the command line: ``car=car,truck,bus`` each, or the path of a YAML file that holds such lists."""
    merged: dict[str, Sequence[str]] = {}
    for word in words:
        new, equals, olds = word.partition("=")
        told = {new.strip(): tuple(old.strip() for old in olds.split(","))} if equals else _of_file(Path(word))
        if both := [name for name in told if name in merged]:
            raise DataError(f"The map of classes says twice what becomes {both[0]!r}.")
        merged |= told
    empty = [new for new, several in merged.items() if not new or not several or not all(several)]
    if empty:
        raise DataError(f"--map {empty[0]}=...: write NEW=OLD,OLD,..., such as car=car,truck,bus.")
    return ClassMap(merged, drop_others)


def table(before: Labels, after: Labels, classes: ClassMap) -> str:
    """The boxes of each class, before and after."""
    old, new = before.counts(), after.counts()
    rows = [("class", "before", "after", "")]
    for name in dict.fromkeys([*new, *old]):
        rows.append((name, str(old.get(name, "–")), str(new.get(name, "–")), _remark(name, old, new, classes)))
    rows.append(("all", str(sum(old.values())), str(sum(new.values())), ""))
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = (f"{row[0]:<{widths[0]}}  {row[1]:>{widths[1]}}  {row[2]:>{widths[2]}}  {row[3]}" for row in rows)
    return "\n".join(line.rstrip() for line in lines)


def _remark(name: str, old: Mapping[str, int], new: Mapping[str, int], classes: ClassMap) -> str:
    came = [other for other in old if other != name and classes.of(other) == name]
    said = [
        f"with {', '.join(came)}" if name in old and classes.of(name) == name else f"from {', '.join(came)}"
    ] * bool(came)
    if name in old and (became := classes.of(name)) != name:
        said.append("dropped" if became is None else f"became {became}")
    return "; ".join(said)


def _of_file(path: Path) -> dict[str, Sequence[str]]:
    if not path.is_file():
        raise DataError(f"--map {path}: there is no such file; or write NEW=OLD,OLD,..., such as car=car,truck,bus.")
    told: dict[str, Sequence[str]] = {}
    for new, olds in load_document(path).data.items():
        several = [olds] if isinstance(olds, str) else olds
        if not isinstance(several, list) or not all(isinstance(old, str) for old in several):
            raise DataError(f"{str(path)!r}: {new} must be a class or a list of classes, such as [car, truck, bus].")
        told[new] = tuple(several)
    return told


def _categories(become: Mapping[str, str | None], known: Mapping[str, Any]) -> dict[str, Any]:
    """What COCO says of a class: its own where a class of that name is among those that become it, else the first's."""
    found: dict[str, Any] = {}
    for new in dict.fromkeys(name for name in become.values() if name is not None):
        olds = [old for old, name in become.items() if name == new]
        if len({repr(known.get(old, {}).get("keypoints")) for old in olds}) > 1:
            raise DataError(f"The classes {', '.join(olds)} have different keypoints, and cannot become one class.")
        found[new] = known.get(new if new in olds else olds[0], {})
    return found
