"""How much memory a process holds, and how much it may."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

SHARE = 0.9
"""Of the machine's memory, where no limit is said."""
LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
"""What a container may hold of its machine."""


def memory_of(process: int, limit: int) -> int | None:
    """Bytes that a process holds, its children's too; None where the system does not tell.

    Pages that processes share are counted once for each, which is soon read; only where that is more than the limit,
    it is looked at what is their own.
    """
    family = [process, *_children(process)]
    held = [_said(one, "status", "VmRSS:") for one in family]
    if held[0] is None:
        return None
    whole = sum(own or 0 for own in held)
    if whole <= limit or len(family) == 1:
        return whole
    return sum(_said(one, "smaps_rollup", "Pss:") or own or 0 for one, own in zip(family, held, strict=True))


def watches_memory() -> bool:
    """Whether this system tells what a process holds."""
    return _said(os.getpid(), "status", "VmRSS:") is not None


def memory_limit() -> int | None:
    """What one method may hold where nothing is said: most of what the machine, or the container, has."""
    if not hasattr(os, "sysconf"):
        return None
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return int(SHARE * min([whole, *_of_container()]))


def _of_container() -> Iterator[int]:
    for file in LIMITS:
        try:
            said = file.read_text(encoding="utf-8").strip()
        except OSError:
            continue
        if said.isdecimal() and int(said) > 0:  # else `max`
            yield int(said)


def _children(process: int) -> Iterator[int]:
    try:
        found = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    except OSError:
        return
    for child in map(int, found):
        yield child
        yield from _children(child)


def _said(process: int, file: str, word: str) -> int | None:
    """Bytes, which stand there in units of 1024."""
    try:
        lines = Path(f"/proc/{process}/{file}").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return None
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(word)), 0)
