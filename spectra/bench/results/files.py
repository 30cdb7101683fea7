"""The files of a bench that tables are in, all made from `bench.json`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from spectra.bench.results.bench_csv import MADE as MADE_CSV
from spectra.bench.results.bench_csv import bench_csv
from spectra.bench.results.file import BENCH_FILE, write_result
from spectra.bench.results.image_scores import SCORES_FILE, ImageScores, write_image_scores
from spectra.bench.results.latex import MADE as MADE_LATEX
from spectra.bench.results.latex import latex
from spectra.bench.results.markdown import MADE as MADE_MARKDOWN
from spectra.bench.results.markdown import markdown
from spectra.bench.results.result import Result
from spectra.data.atomic import write_text
from spectra.errors import SpectraError


class Made(NamedTuple):
    """How a file is made, and what shows that it is one of ours."""

    text: Callable[[Result], str]
    beginning: str


TABLES: Mapping[str, Made] = {
    "bench.csv": Made(bench_csv, MADE_CSV),
    "table.md": Made(markdown, MADE_MARKDOWN),
    "table.tex": Made(latex, MADE_LATEX),
}


def written(folder: Path, result: Result, images: Sequence[ImageScores] | None = None) -> list[Path]:
    """Write `bench.json` and the tables, and with `images` also `scores.csv`; says what was written.

    Each file is written whole or not at all, and none is written over that somebody else put there.
    """
    refuse_strange(folder)
    files = [BENCH_FILE, *TABLES]
    write_result(folder, result)
    if images is not None:
        write_image_scores(folder, images)
        files.insert(1, SCORES_FILE)
    write_tables(folder, result)
    return [folder / name for name in files]


def write_tables(folder: Path, result: Result) -> None:
    """The files that hold nothing but what `bench.json` holds."""
    refuse_strange(folder)
    texts = {name: made.text(result) for name, made in TABLES.items()}
    for name, text in texts.items():
        write_text(folder / name, text)


def refuse_strange(folder: Path) -> None:
    """A table that somebody wrote by hand is not ours to touch."""
    for name, made in TABLES.items():
        refuse_unlike(folder / name, made.beginning)


def refuse_unlike(file: Path, mark: str) -> None:
    """A file in our place that does not begin like ours is an error, as is anything that is no file."""
    if not file.exists() and not file.is_symlink():
        return
    if file.is_symlink() or not file.is_file():
        raise SpectraError(f"{str(file)!r} is no plain file, and its place is needed: move it away.")
    with file.open("rb") as opened:
        if opened.read(len(mark.encode())) != mark.encode():
            raise SpectraError(f"{str(file)!r} was not made by Spectra, and its place is needed: move it away.")
