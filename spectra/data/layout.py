"""The contract of a layout: how a data set lies on a disk, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar

from spectra.data.catalogue import Catalogue, Part


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
    matches; `*` for anything in one name; a trailing `.*` for the suffix of any image that can be read.
    """

    modality: str
    pattern: str
    part: Part = ""
    """The half that it is, where two images stand side by side in one file."""
    alone: bool = False
    """Images without partners, such as photographs from elsewhere: never a fault, only for unpaired streams."""


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
    """Usual source first. Several entries may be of one modality."""
    key: str
    """Of the names in the patterns: what the files of one place share, such as `{sequence}/{frame}`."""
    group: str = ""
    """What must not be torn apart, such as `{sequence}`; empty: each place is a group of its own."""
    split: str = ""
    """The split of a file, such as `{split}`; empty: the data set states none, or by lists."""
    splits: Mapping[str, str] = field(default_factory=dict)
    """Split by regular expression, matched in full and without case against what `split` gives; without: as it is."""
    lists: Mapping[str, str] = field(default_factory=dict)
    """Split by the pattern of a text file, one key a line (with or without folder and suffix)."""
    roots: tuple[str, ...] = ()
    """Names of a folder in which the tree may lie below the root that a person gives."""
    task: str = ""
    """The task it is most used for, such as `rgb2nir`."""
    tree: str = ""
    """The tree that is expected, as `spectra data info` prints it."""
    generic: bool = False
    """Whether data of any origin may lie so: named layouts come first where both fit."""

    def catalogue(self, root: Path, files: Sequence[PurePosixPath]) -> Catalogue | None:
        """What of these files (relative to the root, sorted, hidden ones left out) is in this layout; None: nothing."""
        raise NotImplementedError
