"""Why something is carried out anew, though it was kept before: what of all that matters has changed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from spectra.bench.contest.store import Kept, noted

WORDS = {"what": "recipe", "without": "losses left out", "code": "source code", "needs": "what it needs"}
"""How people say the keys of `matters.py`."""
SHOWN = 3
LONGEST = 60


def why_anew(kept: Kept) -> str:
    """Against the newest generation of the same name; empty where there is none."""
    before = _newest(kept)
    if before is None:
        return ""
    changes = list(_changes(before, kept.matters))
    return f"{kept.name} is carried out anew: {'; '.join(changes)}. What was kept before stays." if changes else ""


def _newest(kept: Kept) -> dict[str, Any] | None:
    like = re.compile(re.escape(kept.safe) + r"-[0-9a-f]+\.matters\.json")
    files = [file for file in kept.folder.parent.glob("*.matters.json") if like.fullmatch(file.name)]
    known = [file for file in files if file != kept.beside("matters") and _folder(file).is_dir()]
    return noted(max(known, key=lambda file: file.stat().st_mtime)) if known else None


def _folder(file: Path) -> Path:
    return file.with_name(file.name.removesuffix(".matters.json"))


def _changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for key in dict.fromkeys([*before, *now]):
        old, new = before.get(key), now.get(key)
        if old != new:
            yield f"{WORDS.get(key, key)} {_how(old, new)}"


def _how(old: Any, new: Any) -> str:
    """In which of its parts, or from what to what, where that can be said in a few words."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        parts = [key for key in dict.fromkeys([*old, *new]) if old.get(key) != new.get(key)]
        return f"({'; '.join(f'{part} {_how(old.get(part), new.get(part))}' for part in parts[:SHOWN])})"
    if isinstance(old, str) and isinstance(new, str) and "\n" in old + new:
        return f"({'; '.join(_lines(old, new))})"
    if old is None or new is None:
        return "is new" if old is None else "is no more"
    told = [str(one) for one in (old, new)]
    hashes = any(re.fullmatch(r"[0-9a-f]{64}", one) or len(one) > LONGEST for one in told)
    return "changed" if hashes else f"was {told[0]}, is {told[1]}"


def _lines(old: str, new: str) -> Iterator[str]:
    """The first lines of a recipe that differ."""
    known, found = set(old.splitlines()), set(new.splitlines())
    gone = [line.strip() for line in old.splitlines() if line not in found]
    come = [line.strip() for line in new.splitlines() if line not in known]
    for place in range(min(SHOWN, max(len(gone), len(come)))):
        was, now = (lines[place] if place < len(lines) else "nothing" for lines in (gone, come))
        yield f"was `{was}`, is `{now}`"
