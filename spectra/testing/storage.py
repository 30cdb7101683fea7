"""Checks of a translator on disk."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import torch

from spectra.model import load
from spectra.testing.check import Fault, require
from spectra.testing.subject import Learner, same


def save_and_load(learner: Learner) -> None:
    """A model that was saved and loaded gives the same bits: all that it has learnt is in its ``state_dict``."""
    model = learner.model()
    source = learner.source(model.translator)
    with torch.no_grad(), tempfile.TemporaryDirectory() as folder:
        expected = model(source)
        model.save(Path(folder) / "model")
        torch.manual_seed(1)
        loaded = load(Path(folder) / "model")
        found = loaded(source)
    require(loaded.translator.settings == learner.settings, "it is loaded with other settings than it was saved with")
    require(
        same(found, expected),
        "saved and loaded it gives another image: what it learns must be in its `state_dict`, as parameters or buffers",
    )


def diagnostics(learner: Learner) -> None:
    said = learner.learned().diagnostics()
    try:
        again = json.loads(json.dumps(said, allow_nan=False))
    except (TypeError, ValueError) as why:
        raise Fault(f"its `diagnostics` cannot be stored as JSON: {why}") from why
    require(again == said, "its `diagnostics` change on the way through JSON: plain numbers and text, under text")


CHECKS = (save_and_load, diagnostics)
