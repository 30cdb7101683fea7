"""`trainA/trainB` as CycleGAN has it and `train_A/train_B` as pix2pixHD has it: A and B by folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from spectra.data.catalogue import Catalogue, Place
from spectra.data.layout import About, Layout, Side

SPLITS = "train|test|val|valid|validation|dev"


@dataclass(frozen=True)
class Sides(Layout):
    """Images of A and B with one name are pairs; where names differ, a note says what to do."""

    def catalogue(self, root: Path, files: Sequence[PurePosixPath]) -> Catalogue | None:
        found = super().catalogue(root, files)
        return found and replace(found, notes=[*found.notes, *_notes(found)])


def _notes(catalogue: Catalogue) -> Iterator[str]:
    if len(catalogue.sides) < 2:
        return
    for split in catalogue.splits:
        places = [place for place in catalogue.places if place.split == split]
        a, b = (_alone(places, *sides) for sides in (("A", "B"), ("B", "A")))
        if not (a or b):
            continue
        if len(a) != len(b) or len(a) + len(b) < len(places):
            yield f"{split!r}: {len(a):,} of A and {len(b):,} of B have no partner of the same name."
        else:
            yield (
                f"{split!r}: {len(a):,} images of each side, and no name that both have. As unpaired data they serve "
                "as they are (`data.unpaired: true`). If they are pairs by their order, rename them, or write a "
                "manifest (manifest.csv with the columns split, A, B)."
            )


def _alone(places: Sequence[Place], side: str, other: str) -> list[Place]:
    return [place for place in places if side in place.images and other not in place.images]


def _about(who: str, page: str, pairing: str) -> About:
    return About(
        what=f"Data of any origin, as {who} reads it: one folder for each side of each split.",
        size="any",
        licence="your own",
        where=page,
        split="by folder",
        watch=(pairing,),
    )


cyclegan = Sides(
    name="cyclegan",
    title="CycleGAN: trainA, trainB",
    about=_about(
        "CycleGAN",
        "https://github.com/junyanz/pytorch-CycleGAN-and-pix2pix",
        "CycleGAN never pairs; here images of one name in A and B are pairs.",
    ),
    sides=(
        Side("A", f"{{split:{SPLITS}}}A/{{name}}.*"),
        Side("B", f"{{split:{SPLITS}}}B/{{name}}.*"),
    ),
    key="{name}",
    split="{split}",
    tree="ROOT/{trainA,trainB,testA,testB}/NAME.ext",
    generic=True,
    priority=1,
)

pix2pixhd = Sides(
    name="pix2pixhd",
    title="pix2pixHD: train_A, train_B",
    about=_about(
        "pix2pixHD",
        "https://github.com/NVIDIA/pix2pixHD",
        "pix2pixHD pairs by sorted order; here images of one name in A and B are pairs.",
    ),
    sides=(
        Side("A", f"{{split:{SPLITS}}}_A/{{name}}.*"),
        Side("B", f"{{split:{SPLITS}}}_B/{{name}}.*"),
    ),
    key="{name}",
    split="{split}",
    tree="ROOT/{train_A,train_B,test_A,test_B}/NAME.ext",
    generic=True,
    priority=1,
)
