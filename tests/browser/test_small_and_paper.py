"""Small screens and paper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.browser.test_curtain import SET

WIDE = "document.documentElement.scrollWidth"


@pytest.mark.parametrize("width", [320, 360, 768])
def test_a_small_screen_never_scrolls_sideways(opened: Any, width: int) -> None:
    page = opened(width=width, height=740)
    assert page.evaluate(WIDE) <= width
    page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true; })")
    page.locator("#task1 .album").get_by_text("large", exact=True).click()
    assert page.evaluate(WIDE) <= width


def test_on_paper_everything_is_open_and_no_control_is_printed(opened: Any, tmp_path: Path) -> None:
    page = opened(width=794, height=1123)
    page.locator("#task1 [data-curtain]").evaluate(SET, 0)
    page.emulate_media(media="print")
    for control in (".toolbar", ".controls", "[data-theme-button]", "[data-copy]", ".zoomer", ".grip", ".layer.under"):
        assert page.locator(control).count() and not any(one.is_visible() for one in page.locator(control).all())
    assert all(one.is_visible() for one in page.locator("details pre").all())
    clips = page.locator(".layer.over").evaluate_all("layers => layers.map(layer => getComputedStyle(layer).clipPath)")
    assert set(clips) == {"none"}
    shown = page.locator("#task1 [data-variants]").nth(1).locator(".variant").all()
    assert len(shown) == 3 and all(one.is_visible() for one in shown)
    scattered = page.locator("#task1 [data-variants]").nth(0).locator(".variant:visible")
    assert scattered.evaluate_all("all => all.map(one => one.dataset.cost)") == ["latency_ms"] * 3
    page.emulate_media(media="screen")
    page.pdf(path=tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")


SIZES = """[...document.querySelectorAll('svg.chart text')].filter(one => one.getClientRects().length)
    .map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"""


@pytest.mark.parametrize("width", [320, 360, 390, 480, 960])
def test_words_in_drawings_can_be_read(opened: Any, width: int) -> None:
    sizes = opened(width=width, height=740).evaluate(SIZES)
    assert len(sizes) > 10 and min(sizes) >= 11


def test_the_best_is_marked_by_a_sign_that_is_as_large_as_its_number(opened: Any) -> None:
    mark = "getComputedStyle(document.querySelector('td.best .mean'), '::before')"
    page = opened(width=390)
    assert "★" in page.evaluate(f"{mark}.content")
    number = page.evaluate("parseFloat(getComputedStyle(document.querySelector('td.best .mean')).fontSize)")
    assert page.evaluate(f"parseFloat({mark}.fontSize)") >= number >= 14
    assert page.locator("td.best").first.text_content().count("best") == 1
