"""From a folder to its catalogue: by the layout that is named, or by the one that explains what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from spectra.data.catalogue import Catalogue
from spectra.data.images import SUFFIXES
from spectra.data.known import known_layouts
from spectra.data.layout import Layout
from spectra.data.patterns.tree import Tree
from spectra.data.uncollected import uncollected
from spectra.data.walk import walk
from spectra.errors import DataError, SpectraError
from spectra.registry import Plugin, reason, registry

MANIFESTS = (".csv", ".jsonl")
DEFAULT = "folders"
SHARE = 0.2
SHOWN = 6


@dataclass(frozen=True)
class Fit:
    """A layout that fits, and how many images it explains."""

    plugin: Plugin
    layout: Layout
    images: int


def read_catalogue(root: Path, layout: str | None = None) -> Catalogue:
    """All places of the data set at a root: a folder, or a manifest.

    Without the name of a layout, the one that explains most images is taken, named ones before generic ones.
    """
    if root.is_file() and root.suffix.lower() in MANIFESTS:
        return _by_name(root, "manifest" if layout is None else layout, Tree({}))
    if root.is_file():
        raise DataError(
            f"{str(root)!r} is a file, where a folder or a manifest ({', '.join(MANIFESTS)}) is due. Archives must be "
            "unpacked first."
        )
    if not root.is_dir():
        raise DataError(f"There is no folder {str(root)!r}. Data lies in ROOT/SPLIT/MODALITY/NAME.ext.")
    with uncollected():
        tree = walk(root)
        if not tree.images:
            raise DataError(f"{str(root)!r} holds no image ({', '.join(sorted(SUFFIXES))}).")
        return _recognised(root, tree) if layout is None else _by_name(root, layout, tree)


def _by_name(root: Path, name: str, tree: Tree) -> Catalogue:
    plugin, layout = registry("layouts").find(name), registry("layouts").get(name)
    catalogue = _read(plugin, layout, root, tree)
    if catalogue is None:
        raise DataError(
            f"{str(root)!r} is not in the layout {name!r}. It holds:\n{_shown(tree)}\n"
            f"The layout {name!r} expects:\n{_indented(layout.tree or 'a tree that its author does not show')}"
        )
    return catalogue


def _recognised(root: Path, tree: Tree) -> Catalogue:
    notes: list[str] = []
    for tier in _tiers(list(_fits(root, tree, notes))):
        most = max(fit.images for fit in tier)
        best = [fit for fit in tier if fit.images == most]
        if len(best) > 1:
            names = ", ".join(_name(fit.plugin) for fit in best)
            raise DataError(
                f"{str(root)!r} fits several layouts equally well: {names}. Say which is meant: set `data.layout`."
            )
        catalogue = _read(best[0].plugin, best[0].layout, root, tree)
        if catalogue is not None:
            return replace(catalogue, notes=[*notes, *catalogue.notes])
    default = registry("layouts").get(DEFAULT)
    raise DataError(
        "\n".join(
            [
                f"No layout fits {str(root)!r}. It holds:\n{_shown(tree)}",
                f"Data lies in one of the layouts that `spectra data list` names, or in\n{_indented(default.tree)}",
                "Where you know the layout, set `data.layout`: the error then says what is missing.",
                *notes,
            ]
        )
    )


def _fits(root: Path, tree: Tree, notes: list[str]) -> Iterator[Fit]:
    for plugin, layout in known_layouts(notes):
        if not layout.recognised:
            continue
        try:
            images = int(layout.explains(root, tree))
        except Exception as why:  # a stranger's code may raise anything
            notes.append(f"The layout {_name(plugin)!r} was left out: {reason(why)}")
            continue
        if images > 0 and (layout.generic or images >= SHARE * tree.images):
            yield Fit(plugin, layout, images)


def _tiers(fits: list[Fit]) -> Iterator[list[Fit]]:
    """Named layouts first, then the generic ones by their priority."""
    ranks = sorted({_rank(fit) for fit in fits})
    return ([fit for fit in fits if _rank(fit) == rank] for rank in ranks)


def _rank(fit: Fit) -> tuple[bool, int]:
    return fit.layout.generic, -fit.layout.priority if fit.layout.generic else 0


def _read(plugin: Plugin, layout: Layout, root: Path, tree: Tree) -> Catalogue | None:
    """The catalogue of a layout, with what was passed over; whatever a stranger's code does becomes an error."""
    try:
        catalogue = layout.catalogue(root, tree)
    except SpectraError:
        raise
    except Exception as why:
        raise DataError(f"The layout {_name(plugin)!r} failed on {str(root)!r}: {reason(why)}") from why
    if catalogue is None or not catalogue.places:
        return None
    if not catalogue.strangers:
        return catalogue
    some, number = catalogue.strangers[0], len(catalogue.strangers)
    path = str(some.relative_to(catalogue.root)) if some.is_relative_to(catalogue.root) else str(some)
    told = f"1 image is no part of the layout: {path!r}." if number == 1 else (
        f"{number:,} images are no part of the layout, such as {path!r}."
    )  # fmt: skip
    return replace(catalogue, notes=[*catalogue.notes, told])


def _name(plugin: Plugin) -> str:
    return plugin.name if plugin.own else plugin.full_name


def _shown(tree: Tree) -> str:
    """A few folders and files, for a person who wonders."""
    counts = Counter({folder: len(names) for folder, names in tree.folders.items()})
    lines = [
        f"{folder or '.'}/: {number:,} image{'s' * (number > 1)}, such as {tree.folders[folder][0]!r}"
        for folder, number in sorted(counts.most_common(SHOWN))
    ]
    more = [f"... and {len(counts) - SHOWN:,} more folders"] if len(counts) > SHOWN else []
    return _indented("\n".join([*lines, *more]) or "no image")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
