"""Weights from the network: streamed to a hidden file, which gets its name when its hash is right."""

from __future__ import annotations

import hashlib
import re
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from spectra.data.atomic import atomic
from spectra.errors import SpectraError

from .finding import check_cache, find
from .known import Entry, entry
from .missing import by_hand

Told = Callable[[str, int, int], None]
"""What a progress bar needs: what is going on, how much is done, of how much."""

TIMEOUT = 30.0
"""Seconds without a byte after which a server counts as silent."""
_BLOCK = 1 << 20
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}(\.\w+)?")  # as `atomic` names them
_LEFTOVER = 3600.0  # seconds after which a file that is still being written has lost its writer


def silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def fetch(name: str, told: Told = silent) -> Path:
    """The file of these weights, fetched into our cache where it is not here yet, by the proxies of the environment."""
    wanted = entry(name)
    if here := find(name):
        return here
    folder = check_cache()
    _tidy(folder)
    goal = folder / wanted.file
    try:
        with atomic(goal) as temporary:
            digest = _stream(wanted, temporary, told)
            if not wanted.is_of(digest):
                raise _failed(wanted, f"what came has the sha256 {digest}, not {wanted.sha256}. It was not kept")
    except OSError as why:
        raise SpectraError(f"{str(goal)!r} cannot be written: {why.strerror or why}.") from None
    return goal


def _stream(wanted: Entry, goal: Path, told: Told) -> str:
    """Write what the server sends, and return its hash."""
    digest, done, what = hashlib.sha256(), 0, f"Fetching {wanted.name}"
    with goal.open("wb") as file, closing(_received(wanted)) as received:
        for block, total in received:
            file.write(block)
            digest.update(block)
            done += len(block)
            told(what, done, max(total, done))
    return digest.hexdigest()


def _received(wanted: Entry) -> Generator[tuple[bytes, int], None, None]:
    """The blocks that the server sends, each with how much there will be in all."""
    try:
        request = urllib.request.Request(wanted.url, headers={"User-Agent": "spectra-translate"})
        with urllib.request.build_opener().open(request, timeout=TIMEOUT) as answer:
            total, done = _length(answer), 0
            while block := answer.read(_BLOCK):
                done += len(block)
                if done > 2 * wanted.size + _BLOCK:
                    raise _failed(wanted, f"the server sends far more than {wanted.told_size()}, so it was stopped")
                yield block, total or wanted.size
    except (OSError, HTTPException, ValueError) as why:
        raise _failed(wanted, _reason(why)) from None
    if total and done < total:
        raise _failed(wanted, f"the connection ended after {done} of {total} bytes. What came was not kept")


def _length(answer: Any) -> int:
    said = answer.headers.get("Content-Length", "")
    return int(said) if said.isdecimal() else 0


def _reason(why: Exception) -> str:
    if isinstance(why, HTTPError):
        why.close()
        return f"the server answers {why.code} ({why.reason})"
    cause = why.reason if isinstance(why, URLError) else why
    if isinstance(cause, TimeoutError):
        return f"the server said nothing for {TIMEOUT:g} seconds"
    told = getattr(cause, "strerror", None) or cause
    return f"no connection ({told})" if isinstance(why, URLError) else f"the connection broke ({told})"


def _failed(wanted: Entry, reason: str) -> SpectraError:
    lines = [
        f"{wanted.file}, the weights {wanted.name!r} ({wanted.told_size()}), could not be fetched: {reason}.",
        "Try again; or, without a network, take on another machine",
        f"  {wanted.url}",
        *by_hand([wanted]),
    ]
    return SpectraError("\n".join(lines))


def _tidy(folder: Path) -> None:
    """Remove what fetches that were killed have left behind."""
    for path in folder.iterdir():
        with suppress(OSError):
            if _UNFINISHED.fullmatch(path.name) and time.time() - path.stat().st_mtime > _LEFTOVER:
                path.unlink()
