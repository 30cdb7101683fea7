"""Whether an archive is one that the challenge takes. It may come from anywhere: nothing of it is unpacked to disk."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from struct import error as StructError
from zipfile import BadZipFile, ZipFile, ZipInfo
from zlib import error as ZlibError

from spectra import SpectraError
from spectra_pix2pixhd.pack_image import SUFFIXES, Looked, Unfit, look
from spectra_pix2pixhd.pack_readme import NAME, read_readme
from spectra_pix2pixhd.pack_tasks import TASKS, missing_told

MOST_MEMBERS, MOST_BYTES, MOST_OF_ALL = 20_000, 2**26, 2**35
LISTED = 3
_FAULTS = (BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, StructError, ZlibError)
"""What `zipfile` raises of archives that are damaged, strange or encrypted."""


@dataclass
class Folder:
    """The images of one task."""

    names: list[str] = field(default_factory=list)
    looks: Counter[Looked] = field(default_factory=Counter)


@dataclass(frozen=True)
class Checked:
    """What an archive holds, and what is wrong with it."""

    path: Path
    folders: Mapping[str, Folder]
    said: Mapping[str, str]
    """The lines of its `readme.txt`."""
    faults: Sequence[str]
    notes: Sequence[str]

    def table(self) -> str:
        lines = [["task", "images", "of"]]
        for task in TASKS:
            folder = self.folders.get(task, Folder())
            kinds = ", ".join(str(kind) for kind, _ in folder.looks.most_common(LISTED))
            lines.append([task, str(len(folder.names)), kinds or "missing"])
        widths = [max(len(line[column]) for line in lines) for column in range(3)]
        rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
        return "\n".join([*(row.rstrip() for row in rows), *(f"{key} : {value}" for key, value in self.said.items())])


def check(path: Path, inputs: Mapping[str, Sequence[Path]] | None = None) -> Checked:
    """Look at all of an archive; with ``inputs``, images by task, also at whether each has its result."""
    with _opened(path) as archive:
        return _Check(archive, path).carry_out(inputs or {})


def _opened(path: Path) -> ZipFile:
    try:
        return ZipFile(path)
    except OSError as why:
        raise SpectraError(f"{str(path)!r} cannot be read: {why.strerror or why}.") from None
    except _FAULTS as why:
        raise SpectraError(f"{str(path)!r} is not a whole ZIP archive: {why}.") from None


class _Check:
    def __init__(self, archive: ZipFile, path: Path) -> None:
        self.archive, self.path = archive, path
        self.folders: dict[str, Folder] = {}
        self.said: dict[str, str] = {}
        self.kinds: dict[str, list[str]] = {}
        """What is wrong, and with which members."""
        self.faults: list[str] = []
        self.notes: dict[str, list[str]] = {}

    def carry_out(self, inputs: Mapping[str, Sequence[Path]]) -> Checked:
        members = self.archive.infolist()
        if len(members) > MOST_MEMBERS or sum(member.file_size for member in members) > MOST_OF_ALL:
            raise SpectraError(
                f"{str(self.path)!r} is no submission: it holds {len(members)} members of "
                f"{sum(member.file_size for member in members) / 2**30:.1f} GiB. Nothing of it was unpacked."
            )
        self._refuse_doubles(members)
        for member in members:
            self._look(member)
        if NAME not in self.archive.namelist():
            self.faults.append(f"There is no {NAME} in the root of the archive.")
        if not self.folders:
            self.faults.append(f"There is no image in a folder named {', '.join(TASKS)}.")
        for task, folder in self.folders.items():
            for stem, count in Counter(PurePosixPath(name).stem for name in folder.names).items():
                if count > 1:
                    self._wrong("is given by more than one image", f"{task}/{stem}")
        for task, images in inputs.items():
            self._compare(task, images)
        told = [_listed(*wrong) for wrong in self.kinds.items()]
        notes = [_listed(*noted) for noted in self.notes.items()]
        return Checked(self.path, self.folders, self.said, told + self.faults, notes + missing_told(self.folders))

    def _refuse_doubles(self, members: Sequence[ZipInfo]) -> None:
        for name, count in Counter(member.filename.casefold() for member in members).items():
            if count > 1:
                self._wrong("stands in the archive more than once, letter case aside", name)

    def _look(self, member: ZipInfo) -> None:
        name, path = member.filename, PurePosixPath(member.filename)
        if wrong := _strange(member):
            self._wrong(wrong, name)
        elif name == NAME:
            self._look_readme(member)
        elif member.is_dir():
            if len(path.parts) != 1 or path.parts[0] not in TASKS:
                self._wrong("is a folder that the challenge does not know", name)
        elif len(path.parts) != 2 or path.parts[0] not in TASKS:
            self._wrong(f"is neither an image of a task's folder nor {NAME}", name)
        elif path.suffix.lower() not in SUFFIXES:
            self._wrong("is neither .png nor .tif", name)
        else:
            self._look_image(member, path)

    def _look_readme(self, member: ZipInfo) -> None:
        if (content := self._content(member)) is not None:
            found = read_readme(content)
            self.said = found.said
            self.faults += found.faults

    def _look_image(self, member: ZipInfo, path: PurePosixPath) -> None:
        task = TASKS[path.parts[0]]
        folder = self.folders.setdefault(task.name, Folder())
        folder.names.append(path.name)
        if (content := self._content(member)) is None:
            return
        try:
            looked = look(content, path.suffix)
        except Unfit as why:
            self._wrong(str(why), member.filename)
            return
        folder.looks[looked] += 1
        if (looked.height, looked.width) != task.size:
            self._wrong(
                f"is {looked.height}×{looked.width}, not {task.side}×{task.side} as {task.name}", member.filename
            )
        if looked.channels != task.channels:
            self._wrong(f"has {looked.channels} channels, not {task.channels} as {task.name}", member.filename)
        if looked.kind != "uint8":
            self.notes.setdefault(f"is of {looked.kind}; the challenge's own images are of 8 bits", []).append(
                member.filename
            )

    def _content(self, member: ZipInfo) -> bytes | None:
        if member.file_size > MOST_BYTES:
            self._wrong(f"states more than {MOST_BYTES // 2**20} MiB, and was not unpacked", member.filename)
            return None
        try:
            return self.archive.read(member)
        except (*_FAULTS, OSError):
            self._wrong("cannot be unpacked", member.filename)
            return None

    def _compare(self, task: str, images: Sequence[Path]) -> None:
        wanted = {path.stem for path in images}
        there = {PurePosixPath(name).stem for name in self.folders.get(task, Folder()).names}
        for what, names in (("has no result", wanted - there), ("is a result without an input", there - wanted)):
            for name in sorted(names):
                self._wrong(what, f"{task}/{name}")

    def _wrong(self, what: str, name: str) -> None:
        self.kinds.setdefault(what, []).append(name)


def _strange(member: ZipInfo) -> str:
    """What no archive of results needs, and an attack may."""
    name = member.orig_filename
    if "\\" in name or "\0" in name or name.startswith("/") or name[1:2] == ":":
        return "has a name that is not relative, or not portable"
    if ".." in PurePosixPath(name).parts:
        return "leads out of the archive"
    mode = member.external_attr >> 16
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is a link or a device"
    return "is encrypted" if member.flag_bits & 1 else ""


def _listed(what: str, names: Sequence[str]) -> str:
    """One line for all members of which the same is to be said."""
    shown = ", ".join(repr(name) for name in names[:LISTED])
    return f"{shown}{f' and {len(names) - LISTED} more' if len(names) > LISTED else ''}: {what}."
