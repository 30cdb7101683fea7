"""Whoever cannot see the page or has no mouse: names, headings, and the way of the focus."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import Page

CONTROLS = ("button", "checkbox", "combobox", "link", "radio", "searchbox", "slider", "spinbutton", "textbox", "img")
OTHERS = ("group", "region", "navigation", "table", "image")
FOCUSED = """() => {
  const at = document.activeElement, label = at.closest('label');
  const ring = (one) => one && getComputedStyle(one).outlineStyle !== 'none';
  const kinds = ['th button', 'a', '[data-theme-button]', 'select', '[type=radio]', '[type=range]', '.panes'];
  return [kinds.find(kind => at.matches(kind)) ?? at.tagName, Boolean(ring(at) || ring(label))];
}"""


def nodes(page: Page) -> list[dict[str, Any]]:
    """The tree that screen readers are given."""
    session = page.context.new_cdp_session(page)
    found: list[dict[str, Any]] = session.send("Accessibility.getFullAXTree")["nodes"]
    return [node for node in found if not node.get("ignored")]


def role(node: dict[str, Any]) -> str:
    return str(node.get("role", {}).get("value", ""))


def name(node: dict[str, Any]) -> str:
    return str(node.get("name", {}).get("value", "")).strip()


def test_whatever_can_be_used_or_looked_at_has_a_name(page: Page) -> None:
    found = nodes(page)
    nameless = [node for node in found if role(node).lower() in (*CONTROLS, *OTHERS) and not name(node)]
    assert [(role(node), node["backendDOMNodeId"]) for node in nameless] == []
    kinds = [role(node).lower() for node in found]
    assert kinds.count("button") > 20 and kinds.count("link") > 10 and kinds.count("image") > 100
    assert kinds.count("slider") == 2 and kinds.count("combobox") == 4


def test_controls_of_one_kind_have_names_of_their_own(page: Page) -> None:
    names = [name(node) for node in nodes(page) if role(node) == "button"]
    names = [one for one in names if re.match("(Larger|Smaller|Whole)", one)]
    assert len(names) > 20 and max(Counter(names).values()) <= 2  # the same image stands in the galleries of two tasks


def test_headings_are_in_order(page: Page) -> None:
    found = [node["properties"] for node in nodes(page) if role(node) == "heading"]
    levels = [next(one["value"]["value"] for one in said if one["name"] == "level") for said in found]
    assert levels[0] == 1 and levels.count(1) == 1 and max(levels) == 4
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_everything_is_reached_with_the_tab_key_and_its_focus_is_seen(page: Page) -> None:
    reached = set()
    for _ in range(90):
        page.keyboard.press("Tab")
        what, ring = page.evaluate(FOCUSED)
        assert ring, f"the focus on {what} cannot be seen"
        reached.add(what)
    wanted = {"a", "th button", "[data-theme-button]", "select", "[type=radio]", "[type=range]", ".panes"}
    assert wanted <= reached
