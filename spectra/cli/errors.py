"""How the command line ends when something stops it: one message, no traceback, the exit code that shells expect."""

from __future__ import annotations

import errno
import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType

import click

from spectra.errors import SpectraError, Stopped

TRACEBACK = "SPECTRA_TRACEBACK"
OF_THE_MACHINE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


class Terminated(KeyboardInterrupt):
    """SIGTERM as an exception, so that ``finally`` runs and no half-written file stays behind."""


@contextmanager
def spoken() -> Iterator[None]:
    """Turn what the person can mend, and what she asked for, into one line on stderr and an exit code."""
    try:
        with _terminable():
            yield
    except SpectraError as why:
        _fail(f"Error: {why}", 1)
    except OSError as why:
        if (told := _told(why)) is None:
            raise
        _fail(f"Error: {told}", 1)
    except Stopped as why:
        _fail(str(why), 128 + why.signal)
    except Terminated:
        _fail("Terminated.", 128 + signal.SIGTERM)
    except KeyboardInterrupt:
        _fail("Interrupted.", 128 + signal.SIGINT)


def end_if_failed(failed: Sequence[str], *, told: bool = True) -> None:
    """A command that went on past what failed names it in its last line, and exits with 1."""
    if failed and told:
        click.echo(f"Failed: {', '.join(failed)}. The table says why.", err=True)
    if failed:
        raise click.exceptions.Exit(1)


def _told(why: OSError) -> str | None:
    """What the system refused, and of which file; nothing where it names none and so may be a bug of ours."""
    if why.strerror and isinstance(why.filename, str | bytes | os.PathLike):
        return f"{why.strerror}: {os.fsdecode(why.filename)!r}"
    return why.strerror if why.errno in OF_THE_MACHINE else None


def _fail(message: str, code: int) -> None:
    if os.environ.get(TRACEBACK, "0") not in ("", "0"):
        import traceback

        traceback.print_exc()
    click.echo(message, err=True)
    raise click.exceptions.Exit(code)


@contextmanager
def _terminable() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():  # only the main thread may set handlers
        yield
        return
    home = os.getpid()

    def terminate(number: int, frame: FrameType | None) -> None:
        if os.getpid() != home:  # a forked worker: it dies as if it had never inherited this handler
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGTERM)
            return
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # a second one must not cut the cleaning up short
        raise Terminated

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
