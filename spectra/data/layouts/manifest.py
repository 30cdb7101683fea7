"""A manifest: a table, CSV or JSON Lines, with a row for each place and a column for each side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from spectra.data.catalogue import Catalogue
from spectra.data.layout import About, Layout
from spectra.data.layouts.rows import Faults, read_rows
from spectra.data.layouts.table import columns, read_table
from spectra.data.patterns.tree import Tree
from spectra.errors import DataError

NAMES = ("manifest.csv", "manifest.jsonl", "pairs.csv", "pairs.jsonl")
LOOKED_AT = 1000


@dataclass(frozen=True)
class Manifest(Layout):
    """The root is the table itself, or a folder that holds exactly one of the usual names."""

    def explains(self, root: Path, files: Sequence[PurePosixPath]) -> int:
        """All images, where there is a table with a column of paths: whoever wrote it means it to be used."""
        tree = Tree.of(files)
        tables = _tables(tree)
        if len(tables) != 1:
            return 0
        path = root / tables[0]
        try:
            sides, _ = columns(islice(read_rows(path, Faults(path)), LOOKED_AT))
        except DataError:  # told by `catalogue`
            return tree.images
        return tree.images if sides else 0

    def catalogue(self, root: Path, files: Sequence[PurePosixPath]) -> Catalogue | None:
        if root.is_file():
            return _catalogue(root, root.parent, self.name)
        tables = _tables(tree := Tree.of(files))
        if len(tables) > 1:
            raise DataError(
                f"{str(root)!r} holds several manifests: {', '.join(tables)}. Give the path of the one you mean."
            )
        if not tables:
            return None
        found = _catalogue(root / tables[0], root, self.name)
        listed = {image.path for place in found.places for images in place.images.values() for image in images}
        strangers = [path for text in tree.paths() if (path := root / text) not in listed]
        return replace(found, strangers=strangers)


def _tables(tree: Tree) -> list[str]:
    return [text for text in tree.texts if text.lower() in NAMES]


def _catalogue(path: Path, base: Path, name: str) -> Catalogue:
    table = read_table(path, base)
    places = sorted(table.places, key=lambda place: (place.split, place.name))
    return Catalogue(base, name, places, (), table.notes, table.sides)


TREE = """\
ROOT/manifest.csv (or manifest.jsonl, pairs.csv, pairs.jsonl), or the path of any .csv or .jsonl file:
  split,group,name,rgb,nir
  train,site-1,0001,photos/0001.jpg,infrared/0001.tif
  test,site-2,0002,photos/0002.jpg,infrared/0002.tif
split, group and name may be left out; every other column is a side, with paths relative to the table."""

manifest = Manifest(
    name="manifest",
    title="A table of paths, CSV or JSON Lines",
    about=About(
        what="Data of any origin, in any folders: a table says which files show one place.",
        size="any",
        licence="your own",
        where="your own",
        split="by the column `split`; grouped by the column `group`",
        watch=("A path that leads out of the folder of the table is noted.",),
    ),
    sides=(),
    key="",
    tree=TREE,
    generic=True,
    priority=2,
)
