"""A disk that is full, or that may not be written: told with what becomes of what is done."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from spectra.bench.workplace import FULL
from spectra.errors import SpectraError

SPENT = FULL - {errno.EROFS}
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS}


@contextmanager
def written_to(folder: Path) -> Iterator[None]:
    """Faults of the disk while a bench writes its folder; all others are told as they are."""
    try:
        yield
    except (OSError, SpectraError) as why:
        cause = why if isinstance(why, OSError) else why.__cause__ or why.__context__
        if not isinstance(cause, OSError) or cause.errno not in SPENT | REFUSED:
            raise
        where = f" ({str(cause.filename)!r})" if cause.filename is not None else ""
        told = str(why) if isinstance(why, SpectraError) else f"{cause.strerror or cause}{where}."
        remedy = "make room" if cause.errno in SPENT else "see to its rights, or choose another --out"
        raise SpectraError(
            f"The bench {str(folder)!r} cannot be written: {told}\nWhat is done is kept: {remedy}, and the same "
            "command goes on with the rest."
        ) from why
