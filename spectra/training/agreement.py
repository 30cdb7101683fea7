"""What a checkpoint and the run that is to go on from it do not agree about, in words."""

from __future__ import annotations

import difflib

MOST_CHANGES, MOST_LINES, MOST_WIDE = 10, 5000, 200


def disagreement(key: str, then: str | int | None, now: str | int | None) -> str:
    if key == "recipe":
        return f"It was made by another recipe{_changes(then, now)}."
    if key == "data":
        return f"It was made with other data{_changes(then, now)}."
    if key == "processes":
        return f"It was made with {then} processes, and this is a run of {now}: use the same `--nproc-per-node`."
    return f"Its {key!r} differs{_changes(then, now)}."


def _changes(then: str | int | None, now: str | int | None) -> str:
    """Of text of several lines those that differ, with the keys above them."""
    if not isinstance(then, str) or not isinstance(now, str) or "\n" not in then + now:
        return f": {then!r} then, {now!r} now"
    lines = list(difflib.unified_diff(_with_keys(then), _with_keys(now), n=0, lineterm=""))[2:]
    told = [f"\n    {'then' if line[0] == '-' else 'now '}  {line[1:]}" for line in lines if line[0] != "@"]
    more = f"\n    and {len(told) - MOST_CHANGES} lines more" if len(told) > MOST_CHANGES else ""
    return ":" + "".join(told[:MOST_CHANGES]) + more


def _with_keys(text: str) -> list[str]:
    """The lines of a YAML text, each with the keys that it stands below: `train.lr: 0.1`."""
    told: list[str] = []
    above: list[tuple[int, str]] = []
    for line in text.splitlines()[:MOST_LINES]:
        bare = line.lstrip(" -")
        depth = len(line) - len(bare)
        above = [(other, key) for other, key in above if other < depth]
        told.append("".join(f"{key}." for _, key in above) + bare[:MOST_WIDE])
        key, colon, _ = bare.partition(":")
        above += [(depth, key)] if colon else []
    return told
