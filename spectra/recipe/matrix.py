"""The `matrix:` of a recipe: setting paths and lists of values; every combination is a row."""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from spectra.errors import RecipeError
from spectra.recipe.faults import Fault, raise_faults
from spectra.recipe.layers import Key, Layers, overlap, parse_path

ROOTS = ("translator", "preset", "settings", "losses", "weights", "train", "seed")
MOST_ROWS, MOST_VALUES = 1000, 100_000
"""Of rows, and of rows times the values of a row: what can be checked in about two seconds."""

Matrix = dict[Key, list[Any]]


def take_matrix(base: Layers) -> Matrix:
    """The matrix, checked, and taken out of the layers."""
    said = base.data.pop("matrix", None)
    if said is None:
        return {}
    if faults := list(_faults(base, said)):
        raise_faults(faults)
    return {parse_path(path): values for path, values in said.items()}


def rows(matrix: Matrix) -> Iterator[tuple[str, dict[Key, Any]]]:
    """Every combination of values, named by the settings that vary."""
    leaves = [key[-1] for key in matrix]
    labels = [str(key[-1]) if leaves.count(key[-1]) == 1 else written(key) for key in matrix]
    vary = [len(values) > 1 for values in matrix.values()]
    for values in itertools.product(*matrix.values()):
        told = [f"{label}={_short(value)}" for label, value, many in zip(labels, values, vary, strict=True) if many]
        yield ", ".join(told), dict(zip(matrix, values, strict=True))


def may_vary(key: Key) -> bool:
    return key[0] in ROOTS


def written(key: Key) -> str:
    return ".".join(map(str, key))


def refuse_touching(assigned: list[tuple[Key, Any, str]], matrix: Matrix) -> None:
    """What the command line sets must not be what the rows set, nor hold it, nor lie in it."""
    for key, _, origin in assigned:
        for varied in matrix:
            if overlap(key, varied):
                raise RecipeError(
                    f"{origin} {written(key)}: the matrix of the recipe sets {written(varied)} in every row."
                )


def _faults(base: Layers, said: Any) -> Iterator[Fault]:
    if not isinstance(said, dict) or not said:
        example = "matrix: write setting paths and their lists, such as `settings.factor: [1.0, 1.3]`."
        yield base.fault(example, ("matrix",))
        return
    keys: list[Key] = []
    for path, values in said.items():
        here: Key = ("matrix", path)
        try:
            key = parse_path(path)
        except RecipeError as why:
            yield base.fault(f"matrix: {why}", here)
            continue
        yield from (base.fault(f"matrix.{path}: {wrong}", here) for wrong in _wrong(key, values, keys))
        keys.append(key)
    count = math.prod(len(values) for values in said.values() if isinstance(values, list))
    if count > MOST_ROWS or count * _size(base.data) > MOST_VALUES:
        told = f"stands for {count} rows of {_size(base.data)} values each"
        most = f"at most {MOST_ROWS} rows and {MOST_VALUES} values in all are allowed"
        yield base.fault(f"matrix: {told}; {most}.", ("matrix",))


def _wrong(key: Key, values: Any, before: list[Key]) -> Iterator[str]:
    if not may_vary(key):
        yield f"rows share their data; a path begins with one of {', '.join(ROOTS)}."
    for other in before:
        if overlap(key, other):
            yield f"it and {written(other)} set the same thing."
    if not isinstance(values, list) or not values:
        yield f"should be a list of values, not {values!r}."
        return
    texts = [json.dumps(value, sort_keys=True) for value in values]
    if len(set(texts)) < len(texts):
        yield "holds a value twice."


def _size(data: Mapping[str, Any]) -> int:
    return 1 + sum(_size(value) if isinstance(value, Mapping) else 1 for value in data.values())


def _short(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
