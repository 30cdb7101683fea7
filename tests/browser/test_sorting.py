"""The table is sorted by any column, by mouse and by keyboard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import Locator, Page, expect

NUMBERS = "rows => rows.map(row => row.querySelector('th').dataset.value)"


@pytest.fixture
def table(page: Page) -> Locator:
    return page.locator("#task1 table.board").first


def order(table: Locator) -> list[str]:
    found: list[str] = table.locator("tbody tr").evaluate_all(NUMBERS)
    return found


def means(folder: Path, metric: str) -> dict[str, float]:
    rows: list[Any] = json.loads((folder / "bench.json").read_text("utf-8"))["rows"]
    scores = {row["method"]: row["scores"].get(metric, {}).get("mean") for row in rows if row["task"] == "rgb2nir"}
    return {method: mean for method, mean in scores.items() if mean is not None}


def sorts(table: Locator) -> list[str | None]:
    return [header.get_attribute("aria-sort") for header in table.locator("thead th").all()]


def test_a_click_shows_the_better_first_and_a_second_one_the_worse(folder: Path, table: Locator) -> None:
    found = means(folder, "rmse")
    better = sorted(found, key=lambda method: found[method])
    assert set(order(table)) - set(better) == {"Roe 2024", "hugenet"}
    table.get_by_role("button", name="rmse").click()
    assert order(table)[:5] == better and set(order(table)[5:]) == {"Roe 2024", "hugenet"}
    assert sorts(table) == ["none", "none", "none", "ascending", "none"]
    table.get_by_role("button", name="rmse").click()
    assert order(table)[:5] == better[::-1] and set(order(table)[5:]) == {"Roe 2024", "hugenet"}
    assert sorts(table) == ["none", "none", "none", "descending", "none"]


def test_the_table_says_at_first_what_it_is_sorted_by(folder: Path, table: Locator) -> None:
    found = means(folder, "psnr")
    assert order(table)[:6] == sorted(found, key=lambda method: -found[method])
    assert sorts(table) == ["none", "descending", "none", "none", "none"]
    table.get_by_role("button", name="psnr").click()
    assert sorts(table)[1] == "ascending" and order(table)[:6] == sorted(found, key=lambda method: found[method])


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_it_is_sorted_from_the_keyboard_and_told(folder: Path, page: Page, table: Locator, key: str) -> None:
    button = table.get_by_role("button", name="ssim")
    button.focus()
    page.keyboard.press(key)
    found = means(folder, "ssim")
    assert order(table)[:5] == sorted(found, key=lambda method: -found[method])
    expect(page.locator("#told")).to_have_text("Sorted by ssim, descending")
    expect(button).to_be_focused()


def test_numbers_are_sorted_as_numbers(page: Page) -> None:
    """As text, 10.7 images a second would be less than 2.9, and 182.5 million less than 4."""
    costs = page.locator("#task1 table.board").nth(1)
    costs.get_by_role("button", name="throughput").click()
    assert order(costs) == ["constant", "linear", "graydef", "cyclegan", "pix2pixhd"]
    costs.get_by_role("button", name="parameters").click()
    assert order(costs)[0] == "constant" and order(costs)[3:] == ["cyclegan", "pix2pixhd"]


def test_names_are_sorted_as_people_do(table: Locator) -> None:
    table.get_by_role("button", name="method").click()
    assert order(table) == ["constant", "cyclegan", "graydef", "hugenet", "linear", "pix2pixhd", "Roe 2024"]


def test_one_table_is_sorted_and_no_other(folder: Path, page: Page, table: Locator) -> None:
    other = page.locator("#task2 table.board").first
    before = order(other)
    table.get_by_role("button", name="rmse").click()
    table.get_by_role("button", name="rmse").click()
    found = means(folder, "rmse")
    assert order(other) == before and order(table)[0] == max(found, key=lambda method: found[method])
