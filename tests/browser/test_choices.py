"""What the page offers besides: drawings to choose from, and words to copy."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import Page, expect

LABELS = "all => all.filter(one => one.checkVisibility()).map(one => one.getAttribute('aria-label').split(':')[0])"


def test_the_command_is_copied_and_said(opened: Any) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    button = page.get_by_role("button", name="Copy the command")
    button.click()
    expect(button).to_have_text("Copied")
    expect(page.locator("#told")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith(
        "spectra bench --methods pix2pixhd,cyclegan,graydef"
    )
    page.get_by_text("The table as LaTeX").click()
    latex = page.get_by_role("button", name="Copy the table as LaTeX")
    latex.click()
    expect(latex).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").startswith("\\begin{tabular}")
    expect(button).to_have_text("Copy", timeout=8000)


def test_drawings_follow_the_metric_and_the_cost_that_are_chosen(page: Page) -> None:
    task = page.locator("#task1")
    assert task.locator("svg.chart").evaluate_all(LABELS) == ["psnr against latency, ms", "psnr of single images"]
    task.get_by_label("drawn for").select_option("ssim")
    task.get_by_text("parameters", exact=True).first.click()
    assert task.locator("svg.chart").evaluate_all(LABELS) == ["ssim against parameters", "ssim of single images"]
    assert task.locator("table.compared:visible caption").inner_text() == "Differences in ssim"
    other = page.locator("#task2 svg.chart")
    assert other.evaluate_all(LABELS) == ["psnr against latency, ms", "psnr of single images"]
