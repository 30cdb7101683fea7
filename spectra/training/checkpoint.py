"""Checkpoints: folders that are whole or not there, of which only those are gone on from whose hashes hold.

`step_00001234/` holds `tensors.safetensors` and `checkpoint.json`: what the run was, where it stood, the tree of the
state, the hash of the tensors, and the best checkpoint at that time. A seal over all of that ends it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from torch import Tensor

from spectra.data.atomic import write_text
from spectra.errors import SpectraError
from spectra.training.agreement import disagreement
from spectra.training.state import State, packed, unpacked
from spectra.training.tensor_file import read_tensors, write_tensors

FORMAT = 1
DESCRIPTION, TENSORS = "checkpoint.json", "tensors.safetensors"
MOST_TEXT = 16 * 2**20  # bytes of a description, which take many times as much memory when it is read
_NAME = re.compile(r"step_([0-9]{8,18})(?:\.([0-9]{1,9}))?")
_LEFTOVER = re.compile(rf"\.{_NAME.pattern}\.[0-9a-f]{{8}}")
About = Mapping[str, str | int]


class DamagedCheckpoint(SpectraError):
    """One that is not what was saved."""


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint whose hashes held when it was looked at. Its tensors are read when ``state`` is asked for."""

    path: Path
    about: About
    place: Mapping[str, str | int]
    score: float | None
    best: str | None
    """The name of the best checkpoint when this one was saved; its own, if that was the best."""
    tree: Any = field(repr=False)

    def state(self) -> Any:
        """What was saved: on the CPU, tuples become lists, every dictionary in its order."""
        try:
            tensors = read_tensors(self.path / TENSORS)
        except (OSError, ValueError) as why:
            raise DamagedCheckpoint(f"The tensors of {str(self.path)!r} cannot be read: {why}.") from why
        return _understood(self.path, tensors, self.tree)


class Checkpoints:
    """The checkpoints of one run, in one folder, which one process writes at a time.

    ``about``: what a checkpoint must agree with to be gone on from, such as recipe (its text, or its hash), data,
    processes and torch. ``notes`` gathers what is to be said: damaged checkpoints, another torch.
    """

    def __init__(self, folder: Path, about: About, keep: int = 2) -> None:
        self.folder, self.about, self.keep = folder, dict(about), keep
        self.notes: list[str] = []
        self._best: str | None = None

    def save(
        self, place: Mapping[str, int | str], state: State, score: float | None = None, best: bool = False
    ) -> Path:
        """Write a checkpoint, flush it to the disk, and only then remove the older ones that need not be kept.

        ``place["total"]``, the steps of all stages so far, orders the checkpoints. ``best``: this is the best one so
        far; it is kept until another is, and is named by every later one.
        """
        final = self._new_name(int(place["total"]))
        tensors, tree = packed(state)
        document = {
            "format": FORMAT,
            "about": self.about,
            "place": dict(place),
            "score": packed(score)[1],
            "best": final.name if best else self._best,
            "state": tree,
        }
        with self._made(final, sum(tensor.nbytes for tensor in tensors.values())) as temporary:
            document["tensors"] = write_tensors(temporary / TENSORS, tensors)
            write_text(temporary / DESCRIPTION, _sealed_text(document))
            _flush_folder(temporary)
            temporary.rename(final)
            _flush_folder(self.folder)
        self._best = document["best"]
        self._prune(self.keep)
        return final

    def mark_best(self, path: Path) -> None:
        """Say afterwards, in the newest checkpoint, that another is the best. ``save(best=True)`` leaves no moment at
        which a killed run has a newest checkpoint that does not know the best."""
        newest, name = self._listed()[0], _opened(path).path.name
        said = {key: value for key, value in _read(newest) if key != "seal"}
        try:
            write_text(newest / DESCRIPTION, _sealed_text({**said, "best": name}))
        except OSError as why:
            raise SpectraError(f"Cannot mark the best checkpoint in {str(newest)!r}: {why.strerror or why}.") from why
        self._best = name
        self._prune(self.keep)

    def newest(self) -> Checkpoint | None:
        """The newest whole checkpoint, to go on from; None where there is none.

        Damaged ones are renamed, and named in ``notes``. One that does not agree with ``about``, or that a newer
        Spectra made, is an error. What killed processes left is removed. Several may ask at once, while none saves.
        """
        self._clear()
        listed = self._listed()
        for path in listed:
            if (found := self._whole(path)) is not None:
                self._best = found.best
                return found
        if listed:
            self.notes.append(f"No whole checkpoint is left in {str(self.folder)!r}: training begins anew.")
        return None

    def best(self) -> Checkpoint | None:
        """The best one, as the newest knows it: ask for that first, or save. None where there is none."""
        known = self._best is not None and any(path.name == self._best for path in self._listed())
        return self._whole(self.folder / str(self._best)) if known else None

    def at(self, path: Path) -> Checkpoint:
        """The checkpoint at a path, for the processes that another one told what it found; nothing is renamed."""
        found = _opened(path)
        self._require_agreement(found)
        return found

    def finish(self) -> None:
        """All is learned: keep the last one and the best."""
        self._clear()
        self._prune(1)

    def _listed(self) -> list[Path]:
        """Newest first."""
        found = [path for path in _entries(self.folder) if _NAME.fullmatch(path.name) and path.is_dir()]
        return sorted(found, key=lambda path: _number(path.name), reverse=True)

    def _new_name(self, total: int) -> Path:
        """With a count behind it where a checkpoint of the same step is there, which must outlive the writing."""
        listed = self._listed()
        if listed and _number(listed[0].name)[0] > total:
            raise SpectraError(
                f"{str(self.folder)!r} holds the checkpoint {listed[0].name!r}, which is newer than step {total}, now "
                "to be saved. Go on from it, choose another --out, or begin anew with --fresh."
            )
        same = [number for path in listed if (number := _number(path.name))[0] == total]
        return self.folder / (f"step_{total:08d}" + (f".{same[0][1] + 1}" if same else ""))

    @contextmanager
    def _made(self, final: Path, needed: int) -> Iterator[Path]:
        """A hidden folder to write to. Whatever goes wrong, nothing of it is left, and the others are untouched."""
        temporary = _hidden(final)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._clear()
            temporary.mkdir()
            yield temporary
        except BaseException as why:
            shutil.rmtree(temporary, ignore_errors=True)
            if isinstance(why, OSError):
                raise self._unwritten(final, needed, why) from why
            raise

    def _unwritten(self, final: Path, needed: int, why: OSError) -> SpectraError:
        there = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        free = _size(shutil.disk_usage(there).free)
        return SpectraError(
            f"Cannot write the checkpoint {str(final)!r}: {why.strerror or why}. It needs {_size(needed)}, and {free} "
            "are free there. Earlier checkpoints are as they were: make room, and the same command goes on from them."
        )

    def _prune(self, keep: int) -> None:
        """Keep the newest, and with each of them the one it names as the best: whichever is fallen back to has it."""
        listed = self._listed()
        kept = {path.name for path in listed[:keep]} | {self._best} | {_best_said(path) for path in listed[:keep]}
        for path in listed:
            if path.name not in kept:
                self._remove(path)

    def _remove(self, path: Path) -> None:
        """Out of sight first, so that none is ever seen in part."""
        hidden = _hidden(path)
        try:
            path.rename(hidden)
        except OSError as why:
            self.notes.append(f"The old checkpoint {str(path)!r} cannot be removed: {why.strerror or why}.")
        shutil.rmtree(hidden, ignore_errors=True)

    def _clear(self) -> None:
        for path in _entries(self.folder):
            if _LEFTOVER.fullmatch(path.name):
                shutil.rmtree(path, ignore_errors=True)

    def _whole(self, path: Path) -> Checkpoint | None:
        try:
            found = _opened(path)
        except DamagedCheckpoint as why:
            self._set_aside(path, why)
            return None
        self._require_agreement(found)
        return found

    def _set_aside(self, path: Path, why: DamagedCheckpoint) -> None:
        names = (f"{path.name}.damaged{number or ''}" for number in count())
        aside = next(other for name in names if not os.path.lexists(other := path.with_name(name)))
        try:
            path.rename(aside)
        except OSError as refused:
            if path.exists():  # else another process has done it
                raise SpectraError(f"{why} It cannot be set aside: {refused.strerror or refused}.") from refused
        self.notes.append(f"{why} It is passed over, and is called {aside.name!r} now.")

    def _require_agreement(self, found: Checkpoint) -> None:
        differing = [key for key in {**found.about, **self.about} if found.about.get(key) != self.about.get(key)]
        if "torch" in differing:
            differing.remove("torch")
            note = (
                f"The checkpoint {str(found.path)!r} was made with torch {found.about.get('torch')}, and this is torch "
                f"{self.about.get('torch')}: training goes on, but the same bits are not promised."
            )
            self.notes += [note] if note not in self.notes else []
        if differing:
            told = "\n".join(f"- {disagreement(key, found.about.get(key), self.about.get(key))}" for key in differing)
            raise SpectraError(
                f"Training cannot go on from the checkpoint {str(found.path)!r}; nothing was changed.\n{told}\n"
                "Start it as it was started then, choose another --out, or begin anew with --fresh."
            )


class _Document(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    format: int
    about: dict[str, str | int]
    place: dict[str, str | int]
    score: Any
    best: str | None
    state: Any
    tensors: str
    seal: str


def last_in(folder: Path) -> Checkpoint | None:
    """The newest checkpoint of a folder, whatever it is of: to take weights from, not to go on from."""
    found = [path for path in _entries(folder) if _NAME.fullmatch(path.name) and path.is_dir()]
    return _opened(max(found, key=lambda path: _number(path.name))) if found else None


def _opened(path: Path) -> Checkpoint:
    """What a folder holds, once both hashes hold."""
    said = _read(path)
    with _read_faults(path), (path / TENSORS).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != said.tensors:
        raise DamagedCheckpoint(f"The tensors of the checkpoint {str(path)!r} are not those that were saved.")
    score = _understood(path, {}, said.score)
    if not isinstance(score, int | float | None):
        raise DamagedCheckpoint(f"The checkpoint {str(path)!r} has a score that is no number.")
    return Checkpoint(path, said.about, said.place, score, said.best, said.state)


def _read(path: Path) -> _Document:
    with _read_faults(path), (path / DESCRIPTION).open("rb") as file:
        content = file.read(MOST_TEXT + 1)
    try:
        document = json.loads(content if len(content) <= MOST_TEXT else b"")
        version = document["format"]
        if type(version) is int and version > FORMAT:
            raise SpectraError(
                f"The checkpoint {str(path)!r} was made by a newer Spectra: it has format {version}, and this one "
                f"reads {FORMAT}. Update it: pip install -U spectra-translate"
            )
        said = _Document.model_validate(document)
        whole = version == FORMAT and said.seal == _seal(document)
    except (ValidationError, ValueError, KeyError, TypeError, RecursionError):
        whole = False
    if not whole:
        raise DamagedCheckpoint(f"{str(path / DESCRIPTION)!r} is not what was saved.")
    return said


def _sealed_text(document: Mapping[str, Any]) -> str:
    said = _Document.model_validate({**document, "seal": _seal(document)})
    lines = [f"{json.dumps(key)}: {json.dumps(value, allow_nan=False)}" for key, value in said]
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    if len(text) > MOST_TEXT:
        raise SpectraError(
            f"The state holds {_size(len(text))} of plain numbers and text, and a checkpoint takes "
            f"{_size(MOST_TEXT)} of them. Keep long lists of numbers as tensors."
        )
    return text


def _seal(document: Mapping[str, Any]) -> str:
    said = {key: document[key] for key in sorted(document) if key != "seal"}
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _best_said(path: Path) -> str | None:
    try:
        return _read(path).best
    except SpectraError:
        return None


@contextmanager
def _read_faults(path: Path) -> Iterator[None]:
    """What is missing or cannot be read is damaged; what is there and forbidden is for its owner to open."""
    try:
        for name in (DESCRIPTION, TENSORS):
            if (path / name).exists() and not (path / name).is_file():
                raise DamagedCheckpoint(f"{str(path / name)!r} is not a file.")
        yield
    except PermissionError as why:
        raise SpectraError(f"The checkpoint {str(path)!r} cannot be read: {why.strerror}. Change its rights.") from why
    except OSError as why:
        raise DamagedCheckpoint(f"The checkpoint {str(path)!r} cannot be read: {why.strerror or why}.") from why


def _understood(path: Path, tensors: Mapping[str, Tensor], tree: Any) -> Any:
    try:
        return unpacked(tensors, tree)
    except SpectraError as why:
        raise DamagedCheckpoint(f"The checkpoint {str(path)!r} does not hold together: {why}.") from None


def _number(name: str) -> tuple[int, int]:
    found = _NAME.fullmatch(name)
    return (int(found[1]), int(found[2] or 1)) if found else (-1, 0)


def _hidden(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as why:
        raise SpectraError(f"The checkpoints {str(folder)!r} cannot be read: {why.strerror or why}.") from why


def _flush_folder(folder: Path) -> None:
    """The names in it; not every system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(number: int) -> str:
    return f"{number / 1e9:.3g} GB" if number >= 10**8 else f"{number / 1e6:.3g} MB"
