"""All pictures of an image are magnified together, at the same place, without smoothing."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import Locator, Page, expect

MATRICES = """images => images.map(image => {
  const { a, d, e, f } = new DOMMatrix(getComputedStyle(image).transform);
  return [a, d, e / image.clientWidth, f / image.clientHeight];
})"""


@pytest.fixture
def shot(page: Page) -> Locator:
    found = page.locator("#task1 .shot").first
    found.locator(".panes").scroll_into_view_if_needed()
    return found


def matrix(shot: Locator) -> list[float]:
    """Scale, and shift in shares of a picture: those of all pictures, which are the same."""
    found = shot.locator(".stage img").evaluate_all(MATRICES)
    assert len(found) == 2 + 3 * 5  # source and target; prediction, what it is compared with, and error
    for one in found:
        assert one == pytest.approx(found[0], abs=1e-3)
    scale, other, left, top = found[0]
    assert scale == other
    return [scale, left, top]


def middle(stage: Locator) -> tuple[float, float, float]:
    stage.scroll_into_view_if_needed()
    box: Any = stage.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, box["width"]


def test_the_wheel_with_control_magnifies_all_about_the_pointer(page: Page, shot: Locator) -> None:
    x, y, _ = middle(shot.locator(".stage").nth(3))
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -240)
    page.keyboard.up("Control")
    page.wait_for_function("panes => panes.classList.contains('zoomed')", arg=shot.locator(".panes").element_handle())
    scale, left, top = matrix(shot)
    assert scale == pytest.approx(2, abs=0.01)
    assert (left, top) == (pytest.approx(-0.5, abs=0.02), pytest.approx(-0.5, abs=0.02))


def test_the_wheel_alone_scrolls_the_page(page: Page, shot: Locator) -> None:
    x, y, _ = middle(shot.locator(".stage").nth(3))
    page.mouse.move(x, y)
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, 200)
    page.wait_for_function("before => scrollY > before", arg=before)
    assert matrix(shot) == [1, 0, 0]


def test_a_magnified_picture_is_moved_and_all_others_with_it_within_their_borders(page: Page, shot: Locator) -> None:
    shot.get_by_role("button", name="Larger").click()
    shot.get_by_role("button", name="Larger").click()
    x, y, size = middle(shot.locator(".stage").nth(5))
    scale, left, top = matrix(shot)
    assert scale == 4 and left == pytest.approx(-1.5, abs=1e-3)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y - 20, steps=3)
    page.mouse.up()
    assert matrix(shot) == [4, pytest.approx(left + 30 / size, abs=0.01), pytest.approx(top - 20 / size, abs=0.01)]
    expect(page.locator("#task1 [data-curtain]")).to_have_value("100")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5000, y + 5000)
    page.mouse.up()
    assert matrix(shot) == [4, 0, 0]


def test_the_keyboard_magnifies_moves_and_goes_back(page: Page, shot: Locator) -> None:
    shot.locator(".panes").focus()
    page.keyboard.press("+")
    scale, left, top = matrix(shot)
    assert scale == 2
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert matrix(shot)[1] < left and matrix(shot)[2] < top
    page.keyboard.press("-")
    assert matrix(shot) == [1, 0, 0]
    page.keyboard.press("+")
    page.keyboard.press("0")
    assert matrix(shot) == [1, 0, 0]


def test_pixels_are_not_smoothed_when_magnified_nor_where_the_picture_is_small(shot: Locator) -> None:
    assert rendering(shot) == {"pixelated"}
    shot.locator(".stage img").evaluate_all("images => images.forEach(one => one.classList.remove('tiny'))")
    assert rendering(shot) == {"auto"}
    shot.get_by_role("button", name="Larger").click()
    assert rendering(shot) == {"pixelated"}


def rendering(shot: Locator) -> set[str]:
    """How the browser draws the pixels of all pictures."""
    ways = "images => images.map(one => getComputedStyle(one).imageRendering)"
    return set(shot.locator(".stage img").evaluate_all(ways))


def test_another_image_stays_as_it_is(page: Page, shot: Locator) -> None:
    shot.get_by_role("button", name="Larger").click()
    assert matrix(shot)[0] == 2 and matrix(page.locator("#task1 .shot").nth(1)) == [1, 0, 0]
    shot.get_by_role("button", name="Whole image").click()
    assert matrix(shot) == [1, 0, 0]


def test_pictures_can_be_larger_and_grey(page: Page, shot: Locator) -> None:
    album = page.locator("#task1 .album")
    before = middle(shot.locator(".stage").first)[2]
    album.get_by_text("large", exact=True).click()
    assert middle(shot.locator(".stage").first)[2] > 1.5 * before
    grey = album.get_by_role("button", name="Grey")
    grey.click()
    expect(grey).to_have_attribute("aria-pressed", "true")
    filters = "images => images.map(one => [one.closest('.pane').dataset.what, getComputedStyle(one).filter])"
    for what, filtered in shot.locator(".stage .over img, .pane > .stage > img").evaluate_all(filters):
        assert ("grayscale(1)" in filtered) == (what in ("target", "prediction"))
