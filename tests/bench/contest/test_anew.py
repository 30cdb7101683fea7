"""Why something that was kept is carried out anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spectra.bench.contest.anew import why_anew
from spectra.bench.contest.store import Kept, note

BEFORE: dict[str, Any] = {
    "what": "task: rgb2ir\ntrain: {lr: 0.1}\n",
    "code": {"translators: pupil": "a" * 64, "spectra": "b" * 64},
    "versions": {"torch": "2.1", "numpy": "2.0"},
    "budget": "20 steps",
    "device": "cpu",
}


def kept(store: Path, matters: dict[str, Any], name: str = "pupil-rgb2ir-seed0", *, done: bool = True) -> Kept:
    """As the bench leaves it."""
    found = Kept(store, name, matters)
    if done:
        found.folder.mkdir(parents=True)
        note(found.beside("matters"), matters)
    return found


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"budget": "30 steps"}, "budget was 20 steps, is 30 steps"),
        ({"versions": {"torch": "2.2", "numpy": "2.0"}}, "versions (torch was 2.1, is 2.2)"),
        ({"code": {"translators: pupil": "c" * 64, "spectra": "b" * 64}}, "source code (translators: pupil changed)"),
        ({"what": "task: rgb2ir\ntrain: {lr: 0.2}\n"}, "recipe (was `train: {lr: 0.1}`, is `train: {lr: 0.2}`)"),
        ({"device": "H200", "budget": "3 steps"}, "budget was 20 steps, is 3 steps; device was cpu, is H200"),
    ],
    ids=str,
)
def test_what_has_changed_is_named(changed: dict[str, Any], told: str, tmp_path: Path) -> None:
    kept(tmp_path, BEFORE)
    kept(tmp_path, {**BEFORE, "device": "mps"}, "pupil-rgb2nir-seed0")
    reason = why_anew(kept(tmp_path, {**BEFORE, **changed}, done=False))
    assert reason == f"pupil-rgb2ir-seed0 is carried out anew: {told}. What was kept before stays."


def test_nothing_is_said_of_what_is_new_or_is_there_no_more(tmp_path: Path) -> None:
    assert why_anew(kept(tmp_path, BEFORE, done=False)) == ""
    before = kept(tmp_path, BEFORE)
    assert why_anew(kept(tmp_path, {**BEFORE, "device": "mps"}, "other", done=False)) == ""
    before.folder.rmdir()
    assert why_anew(kept(tmp_path, {**BEFORE, "device": "mps"}, done=False)) == ""
