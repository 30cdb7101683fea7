"""What the comparisons with official codes have in common: their words, the precision of the moment, tables."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch


def words(about: str | None) -> argparse.ArgumentParser:
    """`--reference DIR`, the clone that is compared with; ``about`` is the docstring of the script."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, required=True, help="folder of a clone of the official code")
    return parser


@contextmanager
def default(dtype: torch.dtype) -> Iterator[None]:
    """Whatever is made meanwhile has this precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def row(cells: Sequence[str], first: bool = False) -> None:
    """One of a table in Markdown; the first is its head."""
    line = f"| {' | '.join(cells)} |"
    print(f"\n{line}\n{'|---' * len(cells)}|" if first else line, flush=True)


def name_of(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")
