"""What docs/bench_files.md shows of each file is what Spectra writes of the `bench.json` on that page."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from spectra.bench.results import Result, read_image_scores, text_table
from spectra.bench.results.bench_csv import bench_csv
from spectra.bench.results.file import result_of_text
from spectra.bench.results.files import TABLES
from spectra.bench.results.image_scores import SCORES_FILE, scores_text
from spectra.bench.results.latex import latex
from spectra.bench.results.markdown import markdown

PAGE = Path(__file__).parents[3] / "docs" / "bench_files.md"
SECTION = re.compile(r"^## (?P<title>[^\n]+)\n(?:(?!^## ).)*?^```[a-z]*\n(?P<block>.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, str]:
    """The first block of each section."""
    return {found["title"]: found["block"] for found in SECTION.finditer(PAGE.read_text(encoding="utf-8"))}


@pytest.mark.parametrize(
    ("title", "made"),
    [
        ("bench.csv", bench_csv),
        ("table.md", markdown),
        ("table.tex", latex),
        ("In the terminal", lambda result: text_table(result, 100) + "\n"),
    ],
)
def test_each_file_is_as_it_is_shown(title: str, made: Callable[[Result], str]) -> None:
    assert blocks()[title] == made(result_of_text(blocks()["bench.json"], "the page"))


def test_the_scores_of_images_are_as_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / SCORES_FILE).write_text(blocks()[SCORES_FILE], encoding="utf-8")
    assert scores_text(read_image_scores(tmp_path)) == blocks()[SCORES_FILE]


def test_every_file_has_its_section() -> None:
    assert {"bench.json", SCORES_FILE, *TABLES} <= set(blocks())
