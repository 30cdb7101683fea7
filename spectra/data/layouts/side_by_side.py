"""Side by side, as pix2pix has it: one file holds A as its left half and B as its right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spectra.data.layout import About, Layout, Side
from spectra.data.patterns.tree import Tree, join
from spectra.errors import ImageError

SPLITS = "train|test|val|valid|validation|dev"
SAMPLE = 16


@dataclass(frozen=True)
class SideBySide(Layout):
    """Found by itself only where there is nothing else, and the images are exactly twice as wide as high."""

    def explains(self, root: Path, files: Sequence[PurePosixPath]) -> int:
        tree = Tree.of(files)
        number = super().explains(root, tree)
        return number if number == tree.images and all(_two_squares(root / path) for path in _sample(tree)) else 0


def _sample(tree: Tree) -> list[str]:
    """Some images of each folder, evenly spread."""
    return [join(folder, name) for folder, names in tree.folders.items() for name in names[:: -(-len(names) // SAMPLE)]]


def _two_squares(path: Path) -> bool:
    from spectra.data.images import read_header  # to list layouts, no image library is needed

    try:
        header = read_header(path)
    except ImageError:  # told when it is used; the others decide
        return True
    return header.width == 2 * header.height


side_by_side = SideBySide(
    name="side_by_side",
    title="pix2pix: A and B side by side in one file",
    about=About(
        what="Data of any origin, as pix2pix reads it: the left half of each image is A, the right half is B.",
        size="any; an even width",
        licence="your own",
        where="https://github.com/phillipi/pix2pix",
        split="by folder",
        watch=(
            "Found by itself only where all images are twice as wide as high; else say `layout: side_by_side`.",
            "Some data sets have the usual source on the right (pix2pix calls that direction BtoA).",
        ),
    ),
    sides=(
        Side("A", f"{{split:{SPLITS}}}/{{name}}.*", part="left"),
        Side("B", f"{{split:{SPLITS}}}/{{name}}.*", part="right"),
    ),
    key="{name}",
    split="{split}",
    tree="ROOT/{train,test,val}/NAME.ext, each with A on the left and B on the right",
    generic=True,
    priority=1,
)
