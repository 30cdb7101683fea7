"""Where a run is carried out: a hidden folder beside its own, which takes that name only when all is done."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from spectra.errors import SpectraError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

LOCK = ".lock"
MARK = "unfinished"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO}


@contextmanager
def workplace(folder: Path, fresh: bool = False) -> Iterator[Path]:
    """Yield a folder to work in. When the block ends well it becomes `folder`; an old run is set aside, not removed.

    What a killed process left behind is removed at the next start: its lock is free. One whose lock is held belongs to
    a run that goes on.
    """
    folder = folder.resolve()  # where a link leads: it is the folder that is made, not the link
    with _write_faults(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        place = Path(tempfile.mkdtemp(prefix=_prefix(folder), dir=folder.parent))
    try:
        with _write_faults(folder, place), _held(place, folder):
            yield place
            (place / LOCK).unlink()
            _take_name(place, folder, fresh)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _prefix(folder: Path) -> str:
    return f".{folder.name}.{MARK}."


def _take_name(place: Path, folder: Path, fresh: bool) -> None:
    place.chmod(0o755)
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


def _clear(folder: Path) -> None:
    """Remove what killed runs left; refuse to start beside one that goes on."""
    for left in list(folder.parent.iterdir()):
        if left.name.startswith(_prefix(folder)) and (left / LOCK).is_file():
            with suppress(FileNotFoundError), _held(left, folder) as surely:
                if surely:
                    shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _held(place: Path, folder: Path) -> Iterator[bool]:
    """Hold the lock of a folder, which the system frees when the process ends, in whatever way.

    Yields whether it surely is held: not every file system has locks.
    """
    with (place / LOCK).open("a") as lock:
        try:
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            surely = fcntl is not None
        except BlockingIOError:
            raise SpectraError(
                f"The run {str(folder)!r} is being carried out by another process. Wait, or choose another --out."
            ) from None
        except OSError:
            surely = False
        yield surely


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
