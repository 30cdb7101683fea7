"""What the models of a contest cost: measured once for all that are the same network."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from spectra.bench.contest.contest import Contest, Entry
from spectra.bench.contest.matters import hashed, own_source, source_of, surroundings
from spectra.bench.contest.options import BenchOptions
from spectra.bench.contest.store import DIGITS, note, noted
from spectra.bench.cost.measure import measure
from spectra.bench.counted import Told
from spectra.errors import SpectraError
from spectra.inference import Size
from spectra.model_folder import DESCRIPTION, WEIGHTS
from spectra.registry import registry

NETWORK = ("translator", "distribution", "version", "settings", "inference")
"""What of `model.json` says which network it is; its channels and the shapes of its weights say the rest."""


def costs_of(contest: Contest, options: BenchOptions, store: Path, told: Told) -> dict[str, dict[str, Any]]:
    """By method; kept in ``store`` by the network, the size of the images and the device."""
    able = [entry for entry in contest.entries if entry.model is not None] if options.cost else []
    found = {}
    for count, entry in enumerate(able, start=1):
        found[entry.trial.method] = _cost(entry, contest, options.device, store)
        told("cost", count, len(able))
    return found


def _cost(entry: Entry, contest: Contest, device: str, store: Path) -> dict[str, Any]:
    model = entry.model
    assert model is not None
    height, width = contest.data.test[0].source.pixels.shape[-2:]
    kept = _place(store, model, (height, width), device)
    known = None if kept is None else noted(kept)
    if known is None:
        known = measure(model, (height, width), device).described()
        if kept is not None:
            note(kept, known)
    return {**known, "train_s": entry.kept[0].done["seconds"]}


def _place(store: Path, model: Path, size: Size, device: str) -> Path | None:
    """Where it is kept; nowhere, where the model is damaged: who measures it says so."""
    try:
        return store / f"cost-{hashed(_matters(model, size, device))[:DIGITS]}.json"
    except (SpectraError, SafetensorError, OSError, ValueError, LookupError, TypeError):
        return None


def _matters(model: Path, size: Size, device: str) -> dict[str, Any]:
    """All that its figures depend on. The values of the weights do not count, and what the bands show does not."""
    said = json.loads((model / DESCRIPTION).read_text(encoding="utf-8"))
    kind = registry("translators").get(f"{said['distribution']}:{said['translator'].rpartition(':')[2]}")
    return {
        **{word: said.get(word) for word in NETWORK},
        "channels": [said[side]["channels"] for side in ("source", "target")],
        "weights": _shapes(model / WEIGHTS),
        "size": list(size),
        "threads": torch.get_num_threads(),
        "code": [source_of(kind), own_source()],
        **surroundings(device),
    }


def _shapes(weights: Path) -> list[Any]:
    with safe_open(weights, framework="numpy") as held:
        slices = {name: held.get_slice(name) for name in sorted(held.keys())}
        return [[name, one.get_dtype(), list(one.get_shape())] for name, one in slices.items()]
