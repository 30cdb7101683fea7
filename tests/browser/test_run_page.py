"""The page of a run is the same page: its table, its curtain and its zoom work, and it says nothing on the console."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spectra.bench.run import run
from tests.pair_folders import write_data, write_recipe

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import expect

from tests.browser.test_names import CONTROLS, OTHERS, name, nodes, role


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    done = run(write_recipe(folder), data=write_data(folder / "pairs", size=(24, 32)), out=folder / "out")
    return done.folder / "report.html"


def test_its_table_is_sorted_and_its_samples_are_parted_and_magnified(opened: Any, report: Path) -> None:
    page = opened(report)
    assert page.title() == "small · Spectra"
    headers = page.locator("table.board thead th")
    page.get_by_role("button", name="rmse").click()
    assert [header.get_attribute("aria-sort") for header in headers.all()].count("ascending") == 1
    page.locator("[data-curtain]").focus()
    page.keyboard.press("Home")
    expect(page.locator("[data-curtain]")).to_have_attribute("aria-valuetext", "0 % prediction, 100 % target")
    shot = page.locator(".shot").first
    shot.get_by_role("button", name="Larger").click()
    zooms = shot.locator(".stage img").evaluate_all(
        "all => all.map(one => getComputedStyle(one).transform.split(',')[0])"
    )
    assert len(zooms) == 2 + 3 * 5 and set(zooms) == {"matrix(2"}


def test_methods_are_compared_in_the_metric_that_is_chosen(opened: Any, report: Path) -> None:
    page = opened(report)
    for metric in ("psnr", "mae"):
        page.locator("[data-choose=metric]").select_option(metric)
        visible = page.locator(".variant:visible table.compared caption").all_text_contents()
        assert visible == [f"Differences in {metric}"]


@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_any_screen_and_shows_its_predictions_in_a_row_where_there_is_room(
    opened: Any, report: Path, width: int
) -> None:
    page = opened(report, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    tops = page.locator(".shot >> nth=0 >> .pane[data-what=prediction]").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect().top)"
    )
    assert len(tops) == 5 and len(set(tops)) == (1 if width == 1280 else 3)


def test_it_is_dark_where_the_system_is(opened: Any, report: Path) -> None:
    papers = {
        opened(report, color_scheme=scheme).evaluate("getComputedStyle(document.body).backgroundColor")
        for scheme in ("light", "dark")
    }
    assert len(papers) == 2


def test_whatever_can_be_used_or_looked_at_has_a_name(opened: Any, report: Path) -> None:
    found = nodes(opened(report))
    named = [node for node in found if role(node).lower() in (*CONTROLS, *OTHERS)]
    assert len(named) > 20 and [role(node) for node in named if not name(node)] == []
