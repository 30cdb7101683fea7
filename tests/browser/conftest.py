"""A bench folder with its page, and a real browser to look at it with; skipped where there is none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.page import write_page
from tests.bench.made_bench import write_bench

CHROMIUM = os.environ.get("SPECTRA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
Open = Callable[..., Any]


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bench of two tasks, small."""
    made = write_bench(tmp_path_factory.mktemp("bench") / "bench", images=6, size=40)
    write_page(made)
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One for all tests of a file: to start one takes a second."""
    why = "the browser tests need Playwright: pip install playwright"
    playwright = pytest.importorskip("playwright.sync_api", reason=why)
    if CHROMIUM is None:
        pytest.skip("the browser tests need Chromium: apt install chromium, or name one in SPECTRA_CHROMIUM")
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def opened(browser: Any, folder: Path) -> Iterator[Open]:
    """Opens a page, and fails the test if it said anything on the console or asked anybody for anything."""
    contexts: list[Any] = []
    said: list[str] = []

    def open_page(path: Path | None = None, *, width: int = 1280, height: int = 900, **options: Any) -> Any:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        file = (path or folder / "report.html").as_uri()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"error: {error}"))
        page.on("request", lambda request: said.extend(_asked(request.url, file)))
        page.goto(file)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []


def _asked(url: str, file: str) -> list[str]:
    """Whatever is neither the page itself nor a picture that it holds."""
    own = url.partition("#")[0] == file or url.startswith("data:image/")
    return [] if own else [f"asked for {url[:90]}"]


@pytest.fixture
def page(opened: Open) -> Any:
    return opened()
