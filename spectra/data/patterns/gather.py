"""From files to places, as the patterns of a layout say."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from spectra.data.catalogue import Catalogue, ImageFile, Place
from spectra.data.patterns.expression import BadPattern, Expression
from spectra.data.patterns.lists import by_lists, one_or_many
from spectra.data.patterns.pattern import Pattern, spelled
from spectra.data.patterns.tree import Tree, join
from spectra.errors import DataError

if TYPE_CHECKING:
    from spectra.data.layout import Layout, Side

TEMPLATE = re.compile(r"(?:[^{}]|\{([A-Za-z][A-Za-z0-9_]*)\})*")
NAME = re.compile(r"\{(\w+)\}")


def check(layout: Layout) -> None:
    """Raises DataError where an entry contradicts itself, with its name and the pattern."""
    lists = [text for patterns in layout.lists.values() for text in one_or_many(patterns)]
    patterns = [*(side.pattern for side in layout.sides), *lists, *layout.telltale]
    try:
        for text in patterns:
            _ = Pattern(text).globs
        for text in layout.splits:
            Expression("split", text)
    except BadPattern as why:
        raise DataError(f"The layout {layout.name!r}: the pattern {text!r} {why}.") from None
    for what in ("key", "group", "split"):
        template = getattr(layout, what)
        if not TEMPLATE.fullmatch(template):
            raise DataError(f"The layout {layout.name!r}: its {what} {template!r} is no text with names in braces.")
        for side in layout.sides:
            missing = sorted(set(NAME.findall(template)) - side.read.names)
            if missing and not side.alone:
                raise DataError(
                    f"The layout {layout.name!r}: its {what} {template!r} needs {', '.join(missing)}, "
                    f"which the pattern {side.pattern!r} does not name."
                )


@dataclass(frozen=True)
class Found:
    """One image, and the names that its path gave."""

    side: Side
    parts: Mapping[str, str]
    path: str
    inside: str
    """The path below the folder in which the layout lies."""


def best_prefix(layout: Layout, tree: Tree) -> str:
    """The folder below the root in which most of the layout lies: as it is, in one of its roots, or one level down."""
    prefixes = _prefixes(layout, tree)
    return prefixes[0] if len(prefixes) == 1 else max(prefixes, key=lambda prefix: _count(layout, tree, prefix))


def fitting(layout: Layout, tree: Tree, prefix: str) -> int:
    """How many images the patterns match; none, unless two modalities are there, or the only one there can be."""
    wanted = min(2, len({side.modality for side in layout.sides}))
    return _count(layout, tree, prefix) if len(_kinds(layout, tree, prefix)) >= wanted else 0


def has_telltale(layout: Layout, tree: Tree, prefix: str) -> bool:
    if not layout.telltale:
        return True
    patterns = [Pattern(text) for text in layout.telltale]
    texts = (below(text, prefix) for text in tree.texts)
    if any(pattern.match(spelled(text)) is not None for text in texts if text is not None for pattern in patterns):
        return True
    readers = _readers(tree, prefix, patterns)
    return any(_any(regex, tree.spelled[folder]) for folder, found in readers for _, _, regex in found)


def _any(regex: re.Pattern[str], names: Sequence[str]) -> bool:
    return any(map(regex.fullmatch, names))


def gather(layout: Layout, root: Path, tree: Tree) -> Catalogue | None:
    """The catalogue of what the patterns match, or None where that is nothing."""
    prefix = best_prefix(layout, tree)
    found = list(_found(layout, tree, prefix))
    if not found:
        return None
    places = _places(layout, root, found)
    places, notes = by_lists(layout, root, prefix, tree.texts, places) if layout.lists else (places, [])
    known = {it.path for it in found}
    return Catalogue(
        root=root,
        layout=layout.name,
        places=sorted(places, key=lambda place: (place.split, place.name)),
        strangers=[root / path for path in tree.paths() if path not in known],
        notes=notes,
        sides=_in_order(layout, places),
    )


def below(path: str, prefix: str) -> str | None:
    """A path relative to a folder, or None where it is not in it."""
    if not prefix:
        return path
    return path[len(prefix) + 1 :] if path.startswith(prefix + "/") else None


def _prefixes(layout: Layout, tree: Tree) -> list[str]:
    tops = {folder.partition("/")[0] for folder in tree.folders}
    starts = ["", *tops] if len(tops) == 1 and "" not in tops else [""]
    found = list(starts)
    for start in starts:
        for name in layout.roots:
            depth = name.count("/") + 1 + (1 if start else 0)
            wanted = join(spelled(start), spelled(name)).casefold()
            found += sorted(head for head in tree.heads(depth) if spelled(head).casefold() == wanted)
    return list(dict.fromkeys(found))


Reader = tuple[int, dict[str, str], re.Pattern[str]]


def _readers(tree: Tree, prefix: str, patterns: Sequence[Pattern]) -> Iterator[tuple[str, list[Reader]]]:
    """Each folder that a pattern may be about, with the expressions for the names of its images."""
    skipped = prefix.count("/") + 1 if prefix else 0
    depths = {skipped + len(pattern.globs) - 1 for pattern in patterns}
    for folder, path in tree.parts.items():
        if len(path) not in depths or (prefix and folder != prefix and not folder.startswith(prefix + "/")):
            continue
        parts = path[skipped:]
        found = [
            (number, known, pattern.file(known))
            for number, pattern in enumerate(patterns)
            if (known := pattern.folder(parts)) is not None
        ]
        if found:
            yield folder, found


def _kinds(layout: Layout, tree: Tree, prefix: str) -> set[str]:
    """The modalities that are there."""
    kinds: set[str] = set()
    for folder, readers in _readers(tree, prefix, [side.read for side in layout.sides]):
        for number, _, regex in readers:
            modality = layout.sides[number].modality
            if modality not in kinds and _any(regex, tree.spelled[folder]):
                kinds.add(modality)
    return kinds


def _count(layout: Layout, tree: Tree, prefix: str) -> int:
    total = 0
    for folder, readers in _readers(tree, prefix, [side.read for side in layout.sides]):
        left = tree.spelled[folder]
        for _, _, regex in readers:
            before, match = len(left), regex.fullmatch
            left = [name for name in left if not match(name)]
            total += before - len(left)
    return total


def _found(layout: Layout, tree: Tree, prefix: str) -> Iterator[Found]:
    for folder, readers in _readers(tree, prefix, [side.read for side in layout.sides]):
        for name, text in zip(tree.folders[folder], tree.spelled[folder], strict=True):
            taken = set[str]()
            for number, known, regex in readers:
                side = layout.sides[number]
                if "" in taken or side.part in taken or (taken and not side.part):
                    continue
                if match := regex.fullmatch(text):
                    taken.add(side.part)
                    path = join(folder, name)
                    yield Found(side, {**known, **match.groupdict()}, path, below(path, prefix) or path)


@dataclass
class _Grown:
    """A place while it grows."""

    name: str
    group: str
    split: str
    images: dict[str, list[ImageFile]]
    alone: bool = False


def _places(layout: Layout, root: Path, found: Sequence[Found]) -> list[Place]:
    grown: dict[tuple[str, str], _Grown] = {}
    split_of = _splits(layout)
    for it in sorted(found, key=lambda it: it.side.alone):
        name, group, split = _said(layout, it, split_of)
        place = grown.setdefault(_identity(layout, split, name), _Grown(name, group or name, split, {}, it.side.alone))
        images = place.images.setdefault(it.side.modality, [])
        images.append(ImageFile(root / it.path, it.side.part))
        if len(images) > 1 and not layout.several:
            raise twice(root, place.name, it.side.modality, *sorted(images)[:2])
    order = dict.fromkeys(side.modality for side in layout.sides)
    return [
        Place(
            *(it.name, it.group, it.split),
            images={side: tuple(sorted(it.images[side])) for side in order if side in it.images},
            alone=it.alone,
        )
        for it in grown.values()
    ]


def _identity(layout: Layout, split: str, name: str) -> tuple[str, str]:
    return (split, name) if layout.generic else (split.casefold(), name.casefold())


def _said(layout: Layout, it: Found, split_of: Callable[[str], str]) -> tuple[str, str, str]:
    """Name, group and split of an image; one that stands alone may lack the parts that they are made of."""
    if it.side.alone:
        name = spelled(str(PurePosixPath(it.inside).with_suffix("")))
        return name, _filled(layout.group, it.parts), split_of(_filled(layout.split, it.parts))
    parts = it.parts
    name, group = (template.format_map(parts).strip("/") for template in (layout.key, layout.group))
    return name, group, split_of(layout.split.format_map(parts))


def _filled(template: str, parts: Mapping[str, str]) -> str:
    return template.format_map(parts) if set(NAME.findall(template)) <= parts.keys() else ""


def _splits(layout: Layout) -> Callable[[str], str]:
    expressions = [(re.compile(text, re.IGNORECASE), name) for text, name in layout.splits.items()]

    @cache
    def split_of(text: str) -> str:
        return next((name for expression, name in expressions if expression.fullmatch(text)), text)

    return split_of


def twice(root: Path, name: str, side: str, one: ImageFile, other: ImageFile) -> DataError:
    if one.path.parent == other.path.parent:
        return DataError(
            f"Two images in {str(one.path.parent)!r} have the name {name!r}: {one.path.name!r} and {other.path.name!r}."
        )
    paths = " and ".join(repr(str(it.path.relative_to(root))) for it in (one, other))
    return DataError(f"Two images below {str(root)!r} are the {side} of {name!r}: {paths}. Remove or rename one.")


def _in_order(layout: Layout, places: Sequence[Place]) -> list[str]:
    there = {side for place in places for side in place.images}
    return [name for name in dict.fromkeys(side.modality for side in layout.sides) if name in there]
