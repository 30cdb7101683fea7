"""Where weights may lie, and whether what lies there is what its name says."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from spectra import cache
from spectra.errors import SpectraError

from .known import Entry, entry

LOCAL = "SPECTRA_WEIGHTS"

_hashes: dict[tuple[Path, int, int], str] = {}
"""Half a gigabyte takes a second or more: each file is hashed once, as long as it has this size and this time."""


@dataclass
class Search:
    """What came of looking for the file of an entry."""

    found: Path | None = None
    refused: list[str] = field(default_factory=list)
    """Files of the right name that are not the right file, each with the reason."""


def find(name: str) -> Path | None:
    """The file of these weights, its hash verified; None where it is nowhere."""
    return search(entry(name)).found


def search(wanted: Entry) -> Search:
    """The first file that is sound: own folders first, then our cache, that of torch, and installed packages."""
    search = Search()
    for path in candidates(wanted):
        if not os.path.isfile(path):  # noqa: PTH113 - False where `Path.is_file` raises, of a folder closed to us
            continue
        if reason := fault_of(path, wanted):
            search.refused.append(reason)
        else:
            search.found = path
            break
    return search


def candidates(wanted: Entry) -> Iterator[Path]:
    yield from (folder / wanted.file for folder in folders())
    if wanted.package and (package := _package_folder(wanted.package[0])):
        yield package / wanted.package[1]


def folders() -> list[Path]:
    """In the order in which they are looked through. They need not exist."""
    own = [_absolute(said) for said in os.environ.get(LOCAL, "").split(os.pathsep) if said]
    return [*own, cache.weights(), *_of_torch()]


def fault_of(path: Path, wanted: Entry) -> str:
    """Why a file is not the one that is wanted; empty where it is."""
    try:
        digest = digest_of(path)
    except OSError as why:
        return f"{str(path)!r} cannot be read: {why.strerror}"
    if wanted.is_of(digest):
        return ""
    return f"{str(path)!r} is damaged, or another file: its sha256 is {digest[:16]}…, not {wanted.sha256[:16]}…"


def digest_of(path: Path) -> str:
    """The sha256 of a file."""
    status = path.stat()
    key = (path, status.st_size, status.st_mtime_ns)
    if key not in _hashes:
        with path.open("rb") as file:
            _hashes[key] = hashlib.file_digest(file, "sha256").hexdigest()
    return _hashes[key]


def _of_torch() -> list[Path]:
    """Where `torch.hub` keeps its downloads, found out as torch does, without torch."""
    if chosen := os.environ.get("TORCH_HOME"):
        return [_absolute(chosen) / "hub" / "checkpoints"]
    return [_absolute(os.environ.get("XDG_CACHE_HOME") or "~/.cache") / "torch" / "hub" / "checkpoints"]


def _absolute(said: str) -> Path:
    return Path(os.path.expanduser(said)).absolute()  # noqa: PTH111 - where nobody knows a home, pathlib raises


def _package_folder(name: str) -> Path | None:
    """Of an installed package, which is not imported."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError):
        return None
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) if places else None


def check_cache() -> Path:
    """Our own folder, made where it is missing."""
    folder = cache.weights()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as why:
        raise SpectraError(
            f"The folder for weights {str(folder)!r} cannot be made: {why.strerror}. "
            f"Set {cache.HOME} to a folder that may be written to."
        ) from None
    return folder
