"""With fingers: one parts or scrolls, two magnify, and one moves what is magnified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.browser.conftest import Open

pytest.importorskip("playwright", reason="the browser tests need Playwright: pip install playwright")

from playwright.sync_api import Locator, expect

from tests.browser.test_zoom import matrix, middle

FRAMES = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
"""Browsers hand out moves of fingers frame by frame."""
Points = list[tuple[float, float]]
Touch = Callable[..., None]


@pytest.fixture
def page(opened: Open) -> Any:
    return opened(width=390, height=844, has_touch=True, is_mobile=True)


@pytest.fixture
def shot(page: Any) -> Locator:
    found: Locator = page.locator("#task1 .shot").first
    return found


@pytest.fixture
def touch(page: Any) -> Touch:
    """Fingers go down at the first points, through the others, and up again; with ``lifted`` that one alone, and with
    ``down=False`` they are down already."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, points: Points, first: int = 0) -> None:
        said = [{"x": x, "y": y, "id": place} for place, (x, y) in enumerate(points, start=first)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": said})

    def play(*steps: Points, lifted: int | None = None, down: bool = True) -> None:
        for place in range(len(steps[0]) if down else 0):
            send("touchStart", steps[0][: place + 1])
        for points in steps[1:]:
            send("touchMove", points)
        send("touchEnd", [] if lifted is None else [steps[-1][lifted]], lifted or 0)
        page.evaluate(FRAMES)

    return play


def spread(x: float, y: float, *apart: float) -> list[Points]:
    """Two fingers about a point."""
    return [[(x - one / 2, y), (x + one / 2, y)] for one in apart]


def curtain(shot: Locator) -> Locator:
    return shot.page.locator("#task1 [data-curtain]")


@pytest.mark.parametrize("place", [0, 2, 3])
def test_two_fingers_magnify_all_pictures_about_the_middle_between_them(
    shot: Locator, touch: Touch, place: int
) -> None:
    """On the source, on a prediction, and on an error map."""
    x, y, size = middle(shot.locator(".stage").nth(place))
    touch(*spread(x, y, 0.2 * size, 0.4 * size, 0.6 * size))
    assert matrix(shot) == [pytest.approx(3, rel=0.05), pytest.approx(-1, abs=0.05), pytest.approx(-1, abs=0.05)]
    expect(curtain(shot)).to_have_value("100")


def test_two_fingers_that_go_together_move_what_is_between_them(shot: Locator, touch: Touch) -> None:
    x, y, size = middle(shot.locator(".stage").nth(2))
    touch(*spread(x, y, 0.2 * size, 0.6 * size))
    _, left, top = matrix(shot)
    touch(*(spread(x + step, y + step, 0.3 * size)[0] for step in (0, 0.1 * size, 0.2 * size)))
    assert matrix(shot) == [
        pytest.approx(3, rel=0.05),
        pytest.approx(left + 0.2, abs=0.03),
        pytest.approx(top + 0.2, abs=0.03),
    ]


def test_the_finger_that_stays_moves_the_picture_and_not_the_curtain(shot: Locator, touch: Touch) -> None:
    x, y, size = middle(shot.locator(".stage").nth(2))
    first, last = spread(x, y, 0.2 * size, 0.6 * size)
    touch(first, last, lifted=1)
    _, left, _ = matrix(shot)
    (start, height) = last[0]
    touch([(start, height)], [(start + 0.1 * size, height)], [(start + 0.2 * size, height)], down=False)
    assert matrix(shot)[1] == pytest.approx(left + 0.2, abs=0.03)
    expect(curtain(shot)).to_have_value("100")


def test_one_finger_moves_what_is_magnified_in_any_direction(page: Any, shot: Locator, touch: Touch) -> None:
    shot.get_by_role("button", name="Larger").tap()
    shot.get_by_role("button", name="Larger").tap()
    x, y, size = middle(shot.locator(".stage").nth(3))
    before, (_, left, top) = page.evaluate("scrollY"), matrix(shot)
    touch([(x, y)], [(x + 8, y - 8)], [(x + 0.2 * size, y - 0.3 * size)])
    assert matrix(shot) == [4, pytest.approx(left + 0.2, abs=0.03), pytest.approx(top - 0.3, abs=0.03)]
    assert page.evaluate("scrollY") == before


def test_one_finger_across_a_prediction_parts_it_and_along_it_scrolls_the_page(
    page: Any, shot: Locator, touch: Touch
) -> None:
    x, y, size = middle(shot.locator(".stage").nth(2))
    touch([(x + 0.3 * size, y)], [(x, y)], [(x - 0.2 * size, y)])
    expect(curtain(shot)).to_have_value("30")
    before = page.evaluate("scrollY")
    touch([(x, y)], *([(x, y - step)] for step in (10, 40, 80, 120)))
    page.wait_for_function("before => scrollY > before", arg=before)
    assert matrix(shot)[0] == 1


def test_a_double_tap_magnifies_and_the_next_one_shows_the_whole(page: Any, shot: Locator) -> None:
    x, y, _ = middle(shot.locator(".stage").nth(2))
    for wanted in (4, 1):
        page.touchscreen.tap(x, y)
        page.touchscreen.tap(x, y)
        page.wait_for_function(
            "([panes, zoom]) => Number(getComputedStyle(panes).getPropertyValue('--zoom')) === zoom",
            arg=[shot.locator(".panes").element_handle(), wanted],
        )
        page.wait_for_timeout(400)  # else the four taps are one gesture
