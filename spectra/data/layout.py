"""The contract of a layout: how a data set lies on a disk, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

from spectra.data.catalogue import Catalogue, Part
from spectra.data.patterns.gather import best_prefix, check, fitting, gather, has_telltale
from spectra.data.patterns.pattern import Pattern
from spectra.data.patterns.tree import Tree


@dataclass(frozen=True)
class About:
    """What a person wants to know before using a data set."""

    what: str
    """One or two sentences: scenes, sensors, registration."""
    size: str
    """Number of pairs, pixels, depth, format."""
    licence: str
    where: str
    """Where to ask for it: a name and a page."""
    cite: str = ""
    uncertain: tuple[str, ...] = ()
    """What could not be verified, said openly."""
    split: str = ""
    """The official split and the unit by which to split, in words."""
    watch: tuple[str, ...] = ()
    """Traps: misspelt names, misaligned or doubled images."""


@dataclass(frozen=True)
class Side:
    """The files of one modality, by a pattern relative to the root, read without regard to case.

    `{name}` stands for one or more characters of one folder or file name, `{name:REGEX}` for what the expression
    matches; `*` for anything in one name; a trailing `.*` for the suffix of any image that can be read. A name that
    stood before stands for the same text again. Where a name can be read in several ways, the pieces on the left are
    as short as may be.
    """

    modality: str
    pattern: str
    part: Part = ""
    """The half that it is, where two images stand side by side in one file."""
    alone: bool = False
    """Images without partners, such as photographs from elsewhere: never a fault, only for unpaired streams."""

    @cached_property
    def read(self) -> Pattern:
        return Pattern(self.pattern)


@dataclass(frozen=True)
class Layout:
    """One declarative entry; a subclass overrides `catalogue` only where patterns cannot say it.

    Registered under `spectra.layouts`: the entry point names an instance.
    """

    api_version: ClassVar[int] = 1

    name: str
    title: str
    about: About
    sides: tuple[Side, ...]
    """Usual source first. Several entries may be of one modality; a file belongs to the first that matches it."""
    key: str
    """Of the names in the patterns: what the files of one place share, such as `{sequence}/{frame}`."""
    group: str = ""
    """What must not be torn apart, such as `{sequence}`; empty: each place is a group of its own."""
    split: str = ""
    """The split of a file, such as `{split}`; empty: the data set states none, or by lists."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """Split by regular expression, matched in full and without case against what `split` gives; without: as it is."""
    lists: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)
    """Split by the pattern (or several) of a text file, one key a line (with or without folder and suffix)."""
    roots: tuple[str, ...] = ()
    """Names of a folder in which the tree may lie below the root that a person gives. A single folder that holds
    everything is looked into anyway."""
    task: str = ""
    """The task it is most used for, such as `rgb2nir`."""
    tree: str = ""
    """The tree that is expected, as `spectra data info` prints it."""
    generic: bool = False
    """Whether data of any origin may lie so: named layouts come first where both fit, and case counts in names."""
    priority: int = 0
    """Among generic layouts that fit, the highest is taken."""
    several: bool = False
    """Whether a place may have several images of one side; if not, two of one name are a fault."""
    recognised: bool = True
    """Whether it is found by itself; if not, it must be named, as nothing tells its tree from that of others."""
    telltale: tuple[str, ...] = ()
    """Patterns of images, lists or manifests, one of which must be there for it to be found by itself."""

    def __post_init__(self) -> None:
        check(self)

    def explains(self, root: Path, files: Sequence[PurePosixPath]) -> int:
        """How many images would be in this layout; 0: it is another. Asked of each layout, to find the right one."""
        tree = Tree.of(files)
        prefix = best_prefix(self, tree)
        return fitting(self, tree, prefix) if has_telltale(self, tree, prefix) else 0

    def catalogue(self, root: Path, files: Sequence[PurePosixPath]) -> Catalogue | None:
        """What of these images, lists and manifests (relative to the root, hidden ones left out) is in this layout.

        None: nothing is.
        """
        return gather(self, root, Tree.of(files))
