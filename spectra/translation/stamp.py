"""The stamp of an output folder: what made the images in it, so that only the same work goes on in it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spectra.data.atomic import write_text
from spectra.errors import DataError
from spectra.model import Model
from spectra.model_folder import plain, weights_hash
from spectra.registry import registry
from spectra.translation.alone import LOCK, alone, write_faults
from spectra.translation.sources import STAMP as NAME
from spectra.translation.sources import Job

_LEFTOVER = re.compile(r"\.[0-9a-f]{16}(\.[A-Za-z]{3,4})?")


def identity(model: Model, options: dict[str, Any], roots: Sequence[Path]) -> dict[str, Any]:
    """All that decides what the results hold, and from where they come."""
    return {
        "translator": model.name,
        "version": _version(model.name),
        "task": str(model.task),
        "scales": [str(model.task.source.scale), str(model.task.target.scale)],
        "settings": model.translator.settings.model_dump(mode="json"),
        "weights": weights_hash(model),
        "inference": plain(asdict(model.inference)) if model.inference.resizes else None,
        **options,
        "sources": sorted({os.fsencode(root.resolve()).decode(errors="backslashreplace") for root in roots}),
    }


@contextmanager
def stamped(out: Path, what: dict[str, Any], notes: Sequence[str], jobs: Sequence[Job]) -> Iterator[None]:
    """The output folder, ours for as long as the block runs; refused where it holds the work of something else."""
    path = out / NAME
    with alone(out, "spectra translate"):
        if not os.path.lexists(path):
            _require_no_output(out, jobs)
        if _begun(path, what):
            _write(path, {"made_by": "spectra translate", **what, "notes": list(notes)})
        _sweep(jobs)
        yield


def _version(name: str) -> str:
    plugin = registry("translators").find(name)
    return f"{plugin.distribution} {plugin.version}"


def _begun(path: Path, what: dict[str, Any]) -> bool:
    """Whether the work begins here, and does not go on: in a new folder, or in one that never came to a result."""
    if not os.path.lexists(path):
        return True
    differing = _differing(path, what)
    if differing and all(
        entry.name in (NAME, LOCK) or _LEFTOVER.fullmatch(entry.name) for entry in path.parent.iterdir()
    ):
        return True
    if differing:
        raise DataError(
            f"The folder {str(path.parent)!r} holds results of other work, and nothing is written over:\n{differing}\n"
            "Choose another --out, or give the command that began it to go on with it."
        )
    return False


def _differing(path: Path, what: dict[str, Any]) -> str:
    """In what the stamp and this work differ, in words; empty where they do not."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as why:
        raise DataError(f"{str(path)!r} cannot be read ({why}). Choose another --out.") from None
    if not isinstance(said, dict) or said.get("made_by") != "spectra translate":
        raise DataError(f"{str(path)!r} is not of `spectra translate`. Nothing is written over: choose another --out.")
    keys = [key for key in what if said.get(key) != what[key]]
    return "\n".join(f"  {key}: {said.get(key, 'nothing')} there, {what[key]} now" for key in keys)


def _require_no_output(out: Path, jobs: Sequence[Job]) -> None:
    there = [job.output for job in jobs if os.path.lexists(job.output)]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise DataError(
            f"{str(there[0])!r}{more} exists already, and no {NAME} in {str(out)!r} says what made it. "
            "Nothing is written over: choose another --out."
        )


def _write(path: Path, content: dict[str, Any]) -> None:
    with write_faults(path.parent):
        write_text(path, json.dumps(content, indent=2) + "\n")


def _sweep(jobs: Sequence[Job]) -> None:
    """Remove what a killed run left half written, under hidden names that were never finished."""
    for folder in dict.fromkeys(job.output.parent for job in jobs):
        if folder.is_dir():
            for path in folder.iterdir():
                if _LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)
