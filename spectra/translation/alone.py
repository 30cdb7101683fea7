"""A folder of results, written by one command at a time, whose faults are told as its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from spectra.data.lock import held
from spectra.errors import DataError, SpectraError

LOCK = ".spectra.lock"


@contextmanager
def alone(out: Path, command: str) -> Iterator[None]:
    """The folder, ours for as long as the block runs; system errors in making it are told as faults of the folder."""
    with ExitStack() as ours:
        with write_faults(out):
            out.mkdir(parents=True, exist_ok=True)
            try:
                ours.enter_context(held(out / LOCK))
            except BlockingIOError:
                raise DataError(f"Another `{command}` is at work in {str(out)!r}. Wait for it.") from None
        yield


@contextmanager
def write_faults(out: Path) -> Iterator[None]:
    """System errors in the block, told as faults of the folder."""
    try:
        yield
    except OSError as why:
        raise SpectraError(f"Nothing can be written into {str(out)!r}: {why.strerror}.") from None
