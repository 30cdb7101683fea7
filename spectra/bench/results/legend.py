"""What the signs of a table mean, and what its columns are called."""

from __future__ import annotations

from collections.abc import Callable

from spectra.bench.results.display import one_line
from spectra.bench.results.sheet import Column, Sheet

ARROWS = {"higher": "↑", "lower": "↓", None: ""}


def heading(column: Column) -> str:
    """Such as `psnr ↑ dB`: the arrow points to the better."""
    return " ".join(part for part in (column.name, ARROWS[column.better], column.unit) if part)


def signed(sheet: Sheet) -> list[str]:
    """A line with the signatures of all columns, for tables that leave the house."""
    shown = [signature.replace("|", " · ") for signature in sheet.signatures]
    return [f"Signatures: {'; '.join(shown)}."] if shown else []


def legend(sheet: Sheet, best: str, tied: str, escaped: Callable[[str], str] = one_line) -> str:
    """`best` and `tied` explain the marks in their own dress; `escaped` dresses all else."""
    shown = "Mean" + f" [{100 * sheet.confidence:g} % interval]" * sheet.has_intervals
    parts = [escaped(shown + " ± standard deviation over seeds" * sheet.has_spreads)]
    parts += [best] * ("best" in sheet.marks) + [tied] * ("tied" in sheet.marks)
    return "; ".join(parts) + (f" ({escaped(sheet.test)})" if sheet.test else "") + "."
