"""`bench.json`: read with suspicion, written whole and always the same."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spectra.bench.results.result import VERSION, Comparison, Result
from spectra.data.atomic import write_text
from spectra.errors import SpectraError

BENCH_FILE = "bench.json"
REMEDY = "Carry out the same `spectra bench` again: it writes the file anew from what is kept beside it."
SHOWN = 3
"""As many faults are told of one file."""


def read_result(folder: Path) -> Result:
    """What the bench in this folder found; the file itself may be named as well."""
    file = folder / BENCH_FILE if folder.is_dir() else folder
    try:
        text = file.read_bytes().decode()
    except OSError as why:
        told = f"{str(file)!r} cannot be read: {why.strerror}. Name the folder of a bench."
        raise SpectraError(told) from None
    except UnicodeDecodeError as why:
        raise SpectraError(f"{str(file)!r} is damaged: {why}. {REMEDY}") from None
    return result_of_text(text, repr(str(file)))


def result_of(said: Mapping[str, Any]) -> Result:
    """The same of plain dicts and lists, as a harness makes them."""
    try:
        text = json.dumps(said, allow_nan=False)
    except (TypeError, ValueError) as why:
        raise SpectraError(f"The result of the bench cannot be written as JSON: {why}.") from None
    return result_of_text(text, "The result of the bench")


def result_of_text(text: str, named: str) -> Result:
    """What JSON says, checked; `named` is how a fault speaks of it."""
    try:
        said = json.loads(text, object_pairs_hook=_once, parse_constant=_refused, parse_float=_finite)
    except (ValueError, RecursionError) as why:
        raise SpectraError(f"{named} is damaged: {why}. {REMEDY}") from None
    if not isinstance(said, dict):
        raise SpectraError(f"{named} is damaged: it is no JSON object. {REMEDY}")
    _check_version(said.get("version"), named)
    try:
        return Result.model_validate_json(text)
    except ValidationError as why:
        raise SpectraError(f"{named} is damaged: {_told(why)}. {REMEDY}") from None


def text_of(result: Result) -> str:
    """The same bytes for the same result: what has no order is sorted, every float says all its digits."""
    said = result.model_dump(mode="json")
    protocol = said["protocol"]
    protocol["environment"] = _sorted(protocol["environment"])
    for judged in (protocol, *protocol["tasks"].values()):
        if judged["metrics"] is not None:
            judged["metrics"] = {name: _sorted(settings) for name, settings in judged["metrics"].items()}
    said["pairs"] = [pair.model_dump(mode="json") for pair in sorted(result.pairs, key=_place_of(result))]
    said["combined"] = _sorted(said["combined"])
    if not said["combined"]:
        del said["combined"]
    return json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def write_result(folder: Path, result: Result) -> None:
    write_text(folder / BENCH_FILE, text_of(result))


def _check_version(version: object, named: str) -> None:
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise SpectraError(
            f"{named} has version {version}, and this Spectra reads version {VERSION}. It was written by a newer one: "
            "update Spectra, pip install --upgrade spectra-translate."
        )
    if version != VERSION or isinstance(version, bool):
        raise SpectraError(f"{named} has no version that Spectra knows, but {version!r:.40}. {REMEDY}")


def _place_of(result: Result) -> Any:
    tasks = result.tasks
    return lambda pair: _key(pair, tasks.index(pair.task))


def _key(pair: Comparison, task: int) -> tuple[int, str, str, str]:
    return task, pair.metric, pair.a, pair.b


def _sorted(said: Any) -> Any:
    if isinstance(said, dict):
        return {key: _sorted(said[key]) for key in sorted(said)}
    return [_sorted(one) for one in said] if isinstance(said, list) else said


def _told(why: ValidationError) -> str:
    faults = [
        ": ".join(
            part for part in (".".join(map(str, fault["loc"])), fault["msg"].removeprefix("Value error, ")) if part
        )
        for fault in why.errors(include_url=False, include_context=False, include_input=False)
    ]
    more = len(faults) - SHOWN
    return "; ".join(faults[:SHOWN]) + (f"; and {more} faults more" if more > 0 else "")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said = dict(pairs)
    if len(said) < len(pairs):
        twice = next(key for place, (key, _) in enumerate(pairs) if any(key == other for other, _ in pairs[:place]))
        raise ValueError(f"{twice!r} stands twice in one object")
    return said


def _refused(constant: str) -> float:
    raise ValueError(f"{constant} is no number")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"{text} is too large a number")
    return value
