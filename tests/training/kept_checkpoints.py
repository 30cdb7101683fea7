"""Checkpoints for tests: small states of which every part says its step."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from spectra.training import checkpoint as room
from spectra.training.checkpoint import DESCRIPTION, Checkpoint, Checkpoints

ABOUT = {"recipe": "1234", "data": "abcd", "processes": 1, "torch": "2.15.0"}


def state_at(step: int) -> dict[str, Any]:
    """A state of which every part says its step."""
    image = torch.full((2, 3, 4, 5), step, dtype=torch.float64).to(memory_format=torch.channels_last)
    learner = {
        "state": {0: {"step": torch.tensor(step, dtype=torch.float64), "mean": image}},
        "groups": [{"lr": step / 3}],
    }
    return {"total": step, "net": {"weight": image, "count": torch.tensor(step)}, "learner": learner}


def step_of(checkpoint: Checkpoint | None) -> int:
    """The one step of which all parts of a checkpoint are."""
    assert checkpoint is not None
    state = checkpoint.state()
    learner = state["learner"]["state"][0]
    said = {state["total"], checkpoint.place["total"], *state["net"]["weight"].unique().tolist()}
    said |= {state["net"]["count"].item(), learner["step"].item(), *learner["mean"].unique().tolist()}
    (step,) = said
    assert state["learner"]["groups"] == [{"lr": step / 3}]
    return int(step)


def made(folder: Path, *steps: int, keep: int = 2, **about: str | int) -> Checkpoints:
    checkpoints = Checkpoints(folder, {**ABOUT, **about}, keep=keep)
    for step in steps:
        save(checkpoints, step)
    return checkpoints


def save(checkpoints: Checkpoints, step: int, **more: Any) -> Path:
    return checkpoints.save({"stage": "train", "step": step, "total": step}, state_at(step), **more)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def flip(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def resealed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a description as one would who knows how it is sealed."""
    document = json.loads((path / DESCRIPTION).read_text())
    change(document)
    (path / DESCRIPTION).write_text(json.dumps({**document, "seal": room._seal(document)}))
