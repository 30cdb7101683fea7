"""Where a method stands against the floors, in a sentence that claims no more than the intervals bear."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from spectra.bench import table


def verdicts(metrics: Mapping[str, Any]) -> list[str]:
    """Where each method stands against the best floor, by the first metric."""
    names = table.metrics_of(metrics)
    scored = [entry for entry in table.ranked(metrics) if names and entry[1]["scores"][names[0]]["mean"] is not None]
    floor = next((entry for entry in scored if entry[1]["floor"]), None)
    if floor is None:
        return []
    return [_verdict(method, said, *floor, names[0]) for method, said in scored if not said["floor"]]


def _verdict(method: str, said: Mapping[str, Any], floor: str, floor_said: Mapping[str, Any], name: str) -> str:
    score, bound = said["scores"][name], floor_said["scores"][name]
    higher = score["better"] == "higher"
    better = score["mean"] > bound["mean"] if higher else score["mean"] < bound["mean"]
    word = "level with" if score["mean"] == bound["mean"] else "better" if better else "worse"
    if word != "level with":
        word += " than" if _apart(score, bound) or _apart(bound, score) else ", but not clearly so, than"
    return f"{method} reaches {name} {score['mean']:.4g} {score['unit']}".rstrip() + (
        f": {word} the best floor, {floor}, at {bound['mean']:.4g}."
    )


def _apart(above: Mapping[str, Any], below: Mapping[str, Any]) -> bool:
    """Whether the two intervals do not touch."""
    return None not in (above["low"], below["high"]) and bool(above["low"] > below["high"])
