"""Light and dark: text and drawings stand out from what is behind them."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import expect

SCHEMES = ["light", "dark"]
PAPER = "getComputedStyle(document.body).backgroundColor"
COLOURS = """() => {
  const clear = 'rgba(0, 0, 0, 0)', found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const at = walk.currentNode.parentElement, words = walk.currentNode.textContent.trim();
    if (!words || at.closest('.unseen, script, style, .side') || !at.checkVisibility()) continue;
    let behind = at;
    while (behind.parentElement && getComputedStyle(behind).backgroundColor === clear) behind = behind.parentElement;
    const style = getComputedStyle(at), drawn = at.namespaceURI.endsWith('svg');
    found.push([drawn ? style.fill : style.color, getComputedStyle(behind).backgroundColor, words.slice(0, 30)]);
  }
  return found;
}"""
POINTS = "[...document.querySelectorAll('.chart .point')].map(one => getComputedStyle(one).color)"


def luminance(colour: str) -> float:
    red, green, blue = (int(number) / 255 for number in re.findall(r"\d+", colour)[:3])
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in (red, green, blue)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """As WCAG defines it."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_text_stands_out_from_what_is_behind_it(opened: Any, scheme: str) -> None:
    found = opened(color_scheme=scheme).evaluate(COLOURS)
    assert len(found) > 200
    assert [entry for entry in found if contrast(*entry[:2]) < 4.5] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_drawings_stand_out_too(opened: Any, scheme: str) -> None:
    page = opened(color_scheme=scheme)
    paper, points = page.evaluate(PAPER), page.evaluate(POINTS)
    assert len(set(points)) >= 4 and all(contrast(colour, paper) >= 3 for colour in points)


def test_dark_is_what_the_system_says_until_somebody_chooses(opened: Any) -> None:
    light, dark = (opened(color_scheme=scheme) for scheme in SCHEMES)
    bright, dim = light.evaluate(PAPER), dark.evaluate(PAPER)
    assert luminance(bright) > 0.9 and luminance(dim) < 0.02
    for page, own, other, pressed in ((light, bright, dim, "true"), (dark, dim, bright, "false")):
        button = page.get_by_role("button", name="Dark")
        button.click()
        assert page.evaluate(PAPER) == other
        expect(button).to_have_attribute("aria-pressed", pressed)
        button.click()
        assert page.evaluate(PAPER) == own


def test_what_was_chosen_stays_when_the_page_is_opened_again(opened: Any) -> None:
    page = opened(color_scheme="light")
    page.get_by_role("button", name="Dark").click()
    page.reload()
    assert luminance(page.evaluate(PAPER)) < 0.02
