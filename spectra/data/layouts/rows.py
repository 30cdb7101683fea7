"""The rows of a table, CSV or JSON Lines, read strictly; every fault with its line."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spectra.errors import DataError

LARGEST = 64 * 2**20
ROWS = 5_000_000
LISTED = 5
WORDS = ("split", "group", "name")
Cells = dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Row:
    """What is said in one line; a cell may hold several texts in JSON, and is left out where it is empty."""

    line: int
    cells: Cells

    def word(self, name: str) -> str:
        return self.cells.get(name, ("",))[0]


@dataclass
class Faults:
    """What is wrong with a table: the first few in words, all counted."""

    path: Path
    number: int = 0
    first: list[str] = field(default_factory=list)

    def add(self, line: int, what: str) -> None:
        self.number += 1
        if len(self.first) < LISTED:
            self.first.append(f"{self.path}:{line}: {what}")

    def tell(self) -> None:
        """Raises DataError where there are any."""
        if self.number:
            more = [f"... and {self.number - LISTED:,} more."] if self.number > LISTED else []
            raise DataError("\n".join(["The manifest cannot be used as it is:", *self.first, *more]))


def read_rows(path: Path, faults: Faults) -> Iterator[Row]:
    """Each row that can be read; of the others, a fault."""
    text = _text(path)
    rows = _json_lines(text, faults) if path.suffix.lower() == ".jsonl" else _csv(text, path, faults)
    for number, row in enumerate(rows):
        if number == ROWS:
            raise DataError(f"The manifest {str(path)!r} has more than {ROWS:,} rows: divide it.")
        yield row


def _text(path: Path) -> str:
    try:
        if not path.is_file():  # a pipe would be waited for
            raise DataError(f"The manifest {str(path)!r} is not a file.")
        if path.stat().st_size > LARGEST:
            raise DataError(f"The manifest {str(path)!r} is larger than {LARGEST >> 20} MiB: divide it.")
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except OSError as why:
        raise DataError(f"The manifest {str(path)!r} cannot be read: {why.strerror or why}.") from None
    except UnicodeDecodeError as why:
        line = content.count(b"\n", 0, why.start) + 1
        raise DataError(f"{path}:{line}: this is no UTF-8 text. Save the manifest as UTF-8.") from None


def _csv(text: str, path: Path, faults: Faults) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None:
                header = _header(cells, path, reader.line_num)
            elif len(cells) != len(header):
                faults.add(reader.line_num, f"it has {len(cells)} cells, and the first line has {len(header)}")
            else:
                said = zip(header, cells, strict=True)
                yield from _row(reader.line_num, ((name, [cell.strip()]) for name, cell in said), faults)
    except csv.Error as why:
        faults.add(reader.line_num, f"it cannot be read as CSV: {why}")


def _header(cells: Sequence[str], path: Path, line: int) -> list[str]:
    names = [_column(cell) for cell in cells]
    where = f"{path}:{line}: the first line names the columns"
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        raise DataError(f"{where}, and they are not divided by commas.")
    if "" in names:
        raise DataError(f"{where}, and column {names.index('') + 1} has no name.")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise DataError(f"{where}, and {twice!r} stands there twice.")
    return names


def _column(name: str) -> str:
    name = name.strip()
    return name.lower() if name.lower() in WORDS else name


def _json_lines(text: str, faults: Faults) -> Iterator[Row]:
    for line, said in enumerate(text.split("\n"), 1):
        if not said.strip():
            continue
        try:
            found = json.loads(said, object_pairs_hook=_Pairs)
        except (ValueError, RecursionError) as why:
            faults.add(line, f"it is no JSON: {getattr(why, 'msg', why)}")
            continue
        if not isinstance(found, _Pairs):
            faults.add(line, 'it is no JSON object, such as {"rgb": "a.png", "nir": "b.png"}')
            continue
        names = [_column(str(name)) for name, _ in found]
        if twice := next((name for name in names if names.count(name) > 1), None):
            faults.add(line, f"{twice!r} stands there twice")
            continue
        values = [_values(name, value) for name, (_, value) in zip(names, found, strict=True)]
        if wrong := [name for name, them in zip(names, values, strict=True) if them is None]:
            faults.add(line, f"{wrong[0]!r} is neither text nor a list of texts")
        else:
            yield from _row(line, ((name, them or []) for name, them in zip(names, values, strict=True)), faults)


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written: a name that stands twice is seen."""


def _values(name: str, value: Any) -> list[str] | None:
    """Texts, or None where it is something else; numbers serve as names."""
    if value is None:
        return []
    if isinstance(value, str):
        return [value.strip()]
    if name in WORDS:
        return [str(value)] if isinstance(value, int) and not isinstance(value, bool) else None
    is_list = isinstance(value, list) and not isinstance(value, _Pairs)
    return value if is_list and all(isinstance(it, str) for it in value) else None


def _row(line: int, said: Iterable[tuple[str, Sequence[str]]], faults: Faults) -> Iterator[Row]:
    cells = {name: tuple(text for text in texts if text) for name, texts in said}
    if any("\0" in text or not _is_text(text) for texts in cells.values() for text in texts):
        faults.add(line, "it holds characters that no name can have")
    else:
        yield Row(line, {name: texts for name, texts in cells.items() if texts})


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
