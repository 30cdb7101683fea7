"""The curtain between a prediction and what it is compared with."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import cv2
import numpy as np
import pytest

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import Locator, Page, expect

SIZE = 40
"""Pixels of an image a side."""
SET = "(range, value) => { range.value = value; range.dispatchEvent(new Event('input')); }"


@pytest.fixture
def album(page: Page) -> Locator:
    return page.locator("#task1 .album")


def curtain(album: Locator) -> Locator:
    return album.locator("[data-curtain]")


def seen(stage: Locator) -> Any:
    """What the screen shows in the middle of each pixel of the image, without the grip."""
    stage.page.add_style_tag(content=".grip, .side { display: none !important; }")
    data = np.frombuffer(BytesIO(stage.screenshot()).getvalue(), np.uint8)
    shown = cv2.imdecode(data, cv2.IMREAD_COLOR).astype(int)
    rows, columns = (((np.arange(SIZE) + 0.5) * length / SIZE).astype(int) for length in shown.shape[:2])
    return shown[rows][:, columns][1:-1, 1:-1]  # corners are round


def stage(album: Locator, what: str, place: int = 0) -> Locator:
    return album.locator(f".shot >> nth=0 >> [data-what={what}] .stage").nth(place)


def alike(one: Any, other: Any) -> bool:
    return bool(np.abs(one - other).max() <= 2)


def test_left_of_the_curtain_is_the_prediction_and_right_of_it_the_target(album: Locator) -> None:
    pane = stage(album, "prediction", 1)
    prediction, target = seen(pane), seen(stage(album, "target"))
    assert not alike(prediction, target)
    curtain(album).evaluate(SET, 40)
    both = seen(pane)
    at = round(0.4 * SIZE) - 1
    assert alike(both[:, : at - 1], prediction[:, : at - 1])
    assert alike(both[:, at + 1 :], target[:, at + 1 :])
    curtain(album).evaluate(SET, 0)
    assert alike(seen(pane), target)


@pytest.mark.parametrize(("other", "of"), [("source", ("source", 0)), ("error", ("error", 1))])
def test_it_can_be_compared_with_the_source_and_the_error(album: Locator, other: str, of: tuple[str, int]) -> None:
    album.get_by_label("compare with").select_option(other)
    curtain(album).evaluate(SET, 0)
    assert alike(seen(stage(album, "prediction", 1)), seen(stage(album, *of)))
    expect(album.locator(".curtain [data-other]")).to_have_text(other)


def test_the_keyboard_moves_the_curtain_and_says_where_it_is(page: Page, album: Locator) -> None:
    curtain(album).focus()
    expect(curtain(album)).to_have_value("100")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(curtain(album)).to_have_value("98")
    expect(curtain(album)).to_have_attribute("aria-valuetext", "98 % prediction, 2 % target")
    page.keyboard.press("Home")
    expect(curtain(album)).to_have_value("0")
    clip = stage(album, "prediction").locator(".over").evaluate("layer => getComputedStyle(layer).clipPath")
    assert re.fullmatch(r"inset\(0(px)? 100% 0(px)? 0(px)?\)", clip)


def test_the_mouse_moves_the_slider(page: Page, album: Locator) -> None:
    curtain(album).scroll_into_view_if_needed()
    box = curtain(album).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2)
    assert 20 <= int(curtain(album).input_value()) <= 30


def test_dragging_over_a_picture_moves_the_curtain_of_all_and_a_click_does_not(page: Page, album: Locator) -> None:
    pane = stage(album, "prediction", 1)
    pane.scroll_into_view_if_needed()
    box = pane.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.click(box["x"] + 20, middle)
    expect(curtain(album)).to_have_value("100")
    page.mouse.move(box["x"] + 0.9 * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.25 * box["width"], middle, steps=4)
    page.mouse.up()
    expect(curtain(album)).to_have_value("25")
    shares = album.locator(".over").evaluate_all("layers => layers.map(layer => getComputedStyle(layer).clipPath)")
    assert len(shares) > 5 and len(set(shares)) == 1 and "75%" in shares[0]
    page.mouse.move(box["x"] + 0.8 * box["width"], middle)
    expect(curtain(album)).to_have_value("25")


def test_one_task_has_a_curtain_of_its_own(page: Page, album: Locator) -> None:
    curtain(album).evaluate(SET, 10)
    expect(page.locator("#task2 [data-curtain]")).to_have_value("100")


def test_without_script_the_whole_predictions_are_seen_and_no_control(opened: Any) -> None:
    page = opened(java_script_enabled=False)
    pane = page.locator("#task1 .album [data-what=prediction] .stage").first
    pane.scroll_into_view_if_needed()
    assert pane.locator(".over img").is_visible() and not pane.locator(".grip").is_visible()
    for control in ("[data-curtain]", "[data-copy]", "[data-theme-button]", "[data-zoom=in]", "[data-choose]"):
        assert not page.locator(control).first.is_visible()
    assert page.locator("#task1 .variant").count() == page.locator("#task1 .variant:visible").count() > 6
