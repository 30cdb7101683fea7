"""Files of weights that somebody brought here."""

from __future__ import annotations

import shutil
from pathlib import Path

from spectra import cache
from spectra.data.atomic import atomic
from spectra.errors import SpectraError

from .finding import check_cache, digest_of, fault_of
from .known import KNOWN, Entry


def import_file(path: Path) -> str:
    """Copy a file of known weights, under whatever name, into our cache; tells which weights they are."""
    wanted = recognised(path)
    goal = cache.weights() / wanted.file
    if goal.is_file() and not fault_of(goal, wanted):
        return wanted.name
    check_cache()
    try:
        with atomic(goal) as temporary:
            shutil.copyfile(path, temporary)
            if reason := fault_of(temporary, wanted):
                raise SpectraError(f"The copy of {str(path)!r} is not as it should be, so it is not kept: {reason}.")
    except OSError as why:
        raise SpectraError(f"{str(path)!r} cannot be copied to {str(goal)!r}: {why.strerror}.") from None
    return wanted.name


def recognised(path: Path) -> Entry:
    """Which weights a file holds, by its hash alone."""
    if not path.is_file():
        raise SpectraError(f"{str(path)!r} is a folder: name a file." if path.is_dir() else f"No file {str(path)!r}.")
    try:
        digest = digest_of(path)
    except OSError as why:
        raise SpectraError(f"{str(path)!r} cannot be read: {why.strerror}.") from None
    for entry in KNOWN.values():
        if entry.is_of(digest):
            return entry
    known = "\n".join(f"  {entry.name}: {entry.file}, sha256 {entry.sha256[:8]}…" for entry in KNOWN.values())
    raise SpectraError(
        f"{str(path)!r} is none of the weights that are known: its sha256 is {digest}.\n{known}\n"
        "A damaged download has another hash: fetch it again. If it is a checkpoint of a method, say of which: "
        "spectra weights import FILE --as TRANSLATOR --out MODEL"
    )
