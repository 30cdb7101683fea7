"""The report of a bench or of a run, made again from its files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jinja2 import TemplateError

from spectra.bench.results.file import BENCH_FILE, read_result
from spectra.bench.results.files import refuse_strange, write_tables
from spectra.errors import SpectraError

RUN_FILE = "metrics.json"
PAGE = "report.html"
BEGINNING = 4096
"""Bytes of a page within which it says whose it is."""
LISTED = 5


def report_again(folder: Path) -> Path:
    """Write the tables of a bench and the page of a bench or a run anew, and say where the page is.

    Nothing is computed: the numbers are those of `bench.json` or `metrics.json`. A file in the place of ours that
    Spectra did not make is an error, and stays.
    """
    if (folder / BENCH_FILE).is_file():
        _bench(folder)
    elif (folder / RUN_FILE).is_file():
        _run(folder)
    else:
        raise SpectraError(f"{str(folder)!r} {_instead(folder)}")
    return folder / PAGE


def _bench(folder: Path) -> None:
    from spectra.bench.page import write_page

    result = read_result(folder)
    refuse_strange(folder)
    _refuse_strange_page(folder)
    write_tables(folder, result)
    with _damage(folder):
        write_page(folder)


def _run(folder: Path) -> None:
    from spectra.bench.report import write_report

    _refuse_strange_page(folder)
    with _damage(folder):
        write_report(folder)


@contextmanager
def _damage(folder: Path) -> Iterator[None]:
    """What a page cannot be made of is a damaged file; a full disk is not."""
    try:
        yield
    except FileNotFoundError as why:
        raise SpectraError(f"{str(folder)!r} is damaged: {why.filename} is missing.") from why
    except (ValueError, LookupError, TypeError, AttributeError, TemplateError) as why:
        raise SpectraError(f"{str(folder)!r} is damaged: {type(why).__name__}: {why}.") from why


def _refuse_strange_page(folder: Path) -> None:
    page = folder / PAGE
    if not page.exists() and not page.is_symlink():
        return
    if page.is_symlink() or not page.is_file():
        raise SpectraError(f"{str(page)!r} is no plain file, and its place is needed: move it away.")
    with page.open("rb") as opened:
        begins = opened.read(BEGINNING)
    if not begins.lstrip().lower().startswith(b"<!doctype html>") or b"Spectra" not in begins:
        raise SpectraError(f"{str(page)!r} was not made by Spectra, and its place is needed: move it away.")


def _instead(folder: Path) -> str:
    """What is wrong with a folder that has nothing to report, and which folders near it have."""
    if not folder.exists():
        return "does not exist. Name the folder of a bench or of a run."
    if not folder.is_dir():
        return "is a file. Name the folder of a bench or of a run."
    inside = sorted(one for one in folder.iterdir() if any((one / name).is_file() for name in (BENCH_FILE, RUN_FILE)))
    if not inside:
        return f"is neither a bench nor a finished run: it holds no {BENCH_FILE} and no {RUN_FILE}."
    named = " ".join(map(str, inside[:LISTED])) + (" ..." if len(inside) > LISTED else "")
    return f"is neither a bench nor a run, but holds some: spectra report {named}"
