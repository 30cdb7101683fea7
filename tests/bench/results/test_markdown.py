"""`table.md`, read by a Markdown parser that knows nothing of how it was written."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from spectra.bench.results import result_of
from spectra.bench.results.display import one_line
from spectra.bench.results.markdown import escaped, markdown
from tests.bench.made_results import described, made, mae, psnr, row, small

GOLDEN = Path(__file__).parent / "golden"
NASTY = [
    "a|b",
    "a\\|b",
    "a & b",
    "&lt;",
    "100%_x_",
    "_init_",
    "a__b",
    "<script>alert(1)</script>",
    "two\nlines",
    "# no title",
    "- no item",
    "[a](b)",
    "![a](b)",
    "*bold*",
    "`code`",
    "~~gone~~",
    "$x$",
    "\\",
    "a\\*b",
    "\x1b[31m",
]


class Page(HTMLParser):
    """The cells of every table as text, and which tags there are."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.tags: list[str] = []
        self.inside = False
        self.feed(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self.inside = True

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th"):
            self.inside = False

    def handle_data(self, data: str) -> None:
        if self.inside:
            self.tables[-1][-1][-1] += data


def page_of(*rows: dict[str, Any]) -> Page:
    return Page(markdown(made(*rows)))


def test_all_of_a_bench() -> None:
    assert markdown(result_of(small())) == (GOLDEN / "table.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NASTY)
def test_any_name_is_shown_as_it_is_and_makes_nothing_of_the_table(name: str) -> None:
    page = page_of(row(name, {"psnr": psnr(2.0)}, notes=[name]), row("b", {"psnr": psnr(1.0)}))
    assert page.tables == [[["method", "psnr ↑ dB"], [f"{one_line(name)}1", "2.000"], ["b", "1.000"]]]
    plain = page_of(row("a", {"psnr": psnr(2.0)}, notes=["a"]), row("b", {"psnr": psnr(1.0)}))
    assert page.tags == plain.tags


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="@"), min_size=1, max_size=12))
@settings(max_examples=150, deadline=None)
def test_any_text_comes_back(text: str) -> None:
    page = Page(f"| a |\n| --- |\n| x{escaped(text)}x |\n")
    assert page.tables == [[["a"], [f"x{one_line(text)}x"]]]


def test_an_underscore_within_a_word_is_left_alone() -> None:
    assert escaped("ms_ssim of pix2pix_hd") == "ms_ssim of pix2pix_hd"


def test_the_best_is_bold_and_what_is_tied_in_italics() -> None:
    rows = (row("a", {"mae": mae(1.0, best=True)}), row("b", {"mae": mae(2.0, tied=True)}), row("c", {"mae": mae(3.0)}))
    text = markdown(made(*rows))
    assert "| a | **1.000** |" in text and "| b | *2.000* |" in text and "| c | 3.000 |" in text
    assert "Mean; **best**; *not told from the best* (" in text


def test_each_task_has_a_title_and_a_table() -> None:
    page = page_of(row("a", {"psnr": psnr(2.0)}), row("a", {"mae": mae(2.0)}, task="sar2eo"))
    assert page.tags.count("h3") == 2 and [table[0] for table in page.tables] == [
        ["method", "psnr ↑ dB"],
        ["method", "mae ↓ DN"],
    ]


def test_the_page_can_be_pasted_behind_anything() -> None:
    """No line begins what an earlier line could go on with, and the last one ends."""
    text = markdown(result_of(described(row("a", {"psnr": psnr(2.0)}))))
    assert text.endswith("\n") and not text.endswith("\n\n") and "\r" not in text
