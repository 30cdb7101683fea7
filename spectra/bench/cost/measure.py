"""The cost of a model folder, whatever its model does."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from spectra.bench.cost.cost import Cost
from spectra.bench.cost.process import Outcome, carried_out
from spectra.bench.cost.words import Part, Request
from spectra.errors import SpectraError
from spectra.inference import Size

COMMAND = (sys.executable, "-P", "-m", "spectra.bench.cost")
FIGURES = ("parameters", "gflop", "latency_ms", "latency_p95_ms", "images_per_s", "peak_mb")


def measure(
    model_folder: Path,
    size: Size,
    device: str,
    *,
    seconds: float = 5.0,
    timeout: float = 600.0,
    limit_mb: float | None = None,
    train_s: float | None = None,
) -> Cost:
    """What the model of a folder costs on images of that height and width.

    A process of its own measures it, with as many threads as this one; it takes about twice ``seconds``, and is ended
    at ``timeout``. A model that raises, crashes, hangs, or takes more memory than ``limit_mb`` (by default: than there
    is) has the figures that were found before, and a note that says why there are no others.
    """
    request = _request(model_folder, size, device, seconds, timeout, limit_mb)
    try:
        outcome = carried_out(COMMAND, request.model_dump_json(), timeout)
    except OSError as why:
        outcome = Outcome((), f"the process could not be started: {why}")
    found, notes = read(outcome)
    return Cost(**found, train_s=train_s, device=device, size=size, note="; ".join(notes))


def _request(folder: Path, size: Size, device: str, seconds: float, timeout: float, limit_mb: float | None) -> Request:
    try:
        return Request(
            folder=str(folder.absolute()),
            height=size[0],
            width=size[1],
            device=device,
            threads=torch.get_num_threads(),
            seconds=seconds,
            timeout=timeout,
            limit_mb=limit_mb,
        )
    except ValidationError as why:
        faults = ", ".join(f"{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in why.errors())
        raise SpectraError(f"The cost cannot be measured so: {faults}.") from None


def read(outcome: Outcome) -> tuple[dict[str, Any], list[str]]:
    """The figures of an answer, and what is to be said of them; an answer in other words counts for nothing."""
    try:
        parts = [Part.model_validate_json(line) for line in outcome.lines]
    except ValidationError as why:
        return {}, [f"not measured: its answer cannot be read: {why.errors()[0]['msg']}"]
    found = {name: getattr(part, name) for part in parts for name in FIGURES if name in part.model_fields_set}
    ended = [part.error for part in parts if part.error is not None]
    if not ended and not any(part.done for part in parts):
        ended = [outcome.cut or "the process ended before its answer did"]
    missing = "not measured" if not found else "not measured further"
    return found, [*(f"{missing}: {why}" for why in ended), *(note for part in parts for note in part.notes)]
