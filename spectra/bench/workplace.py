"""Where a run is carried out: a hidden folder beside its own, which takes that name only when all is done."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from spectra.data.lock import held
from spectra.errors import SpectraError

MARK = "unfinished"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


@contextmanager
def workplace(folder: Path, fresh: bool = False) -> Iterator[Path]:
    """Yield a folder to work in. When the block ends well it becomes `folder`; an old run is set aside, not removed.

    One process at a time works for a folder; what a killed one left behind is removed at the next start.
    """
    folder = Path(os.path.realpath(folder))  # where a link leads: it is the folder that is made, not the link
    with ExitStack() as ours:
        with _write_faults(folder):
            place = _begun(folder, ours)
        with _write_faults(folder, place):
            yield place
            _take_name(place, folder, fresh)


def _begun(folder: Path, ours: ExitStack) -> Path:
    """The lock of the folder and a place to work in, both ours until the end."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        surely = ours.enter_context(held(folder.with_name(f"{_prefix(folder)}lock")))
    except BlockingIOError:
        raise SpectraError(
            f"The run {str(folder)!r} is being carried out by another process. Wait, or choose another --out."
        ) from None
    if surely:
        _clear(folder)
    place = folder.with_name(_prefix(folder) + secrets.token_hex(4))
    ours.callback(shutil.rmtree, place, ignore_errors=True)
    place.mkdir()
    return place


def _clear(folder: Path) -> None:
    """Remove what killed runs left."""
    for left in list(folder.parent.iterdir()):
        if left.name.startswith(_prefix(folder)) and left.is_dir():
            shutil.rmtree(left, ignore_errors=True)


def _prefix(folder: Path) -> str:
    return f".{folder.name}.{MARK}."


def _take_name(place: Path, folder: Path, fresh: bool) -> None:
    aside = _aside(folder) if fresh and folder.exists() else None
    if aside is not None:
        folder.rename(aside)
    try:
        place.rename(folder)
    except OSError:
        if aside is not None:
            aside.rename(folder)
        raise


def _aside(folder: Path) -> Path:
    number = 1
    while (aside := folder.with_name(f"{folder.name}.old{number}")).exists():
        number += 1
    return aside


@contextmanager
def _write_faults(folder: Path, place: Path | None = None) -> Iterator[None]:
    """Say of what cannot be written which run it belongs to; other faults of the system are told as they are."""
    try:
        yield
    except OSError as why:
        if place is not None and not _of_writing(why, place):
            raise
        raise SpectraError(f"Cannot write the run {str(folder)!r}: {why.strerror or why}.") from why
    except SpectraError as why:
        if place is None or str(place) not in str(why):
            raise
        told = str(why).replace(str(place), str(folder))  # the hidden folder is gone by now
        raise SpectraError(told) from why


def _of_writing(why: OSError, place: Path) -> bool:
    if why.filename is None:
        return why.errno in FULL
    path = Path(os.fsdecode(why.filename))
    return place in (path, *path.parents)
