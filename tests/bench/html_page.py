"""A page as tests read it: its tags, their attributes, and its text."""

from __future__ import annotations

import base64
import re
from html.parser import HTMLParser
from typing import Any

import cv2
import numpy as np

OUTSIDE = re.compile(r"https?:|//[a-z]|@import|url\(|<link|<iframe|<script[^>]*src", re.IGNORECASE)
"""What would ask a network for something."""


class Page(HTMLParser):
    """Tags that are not closed in order, attributes, and text without script and style."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("script", "style"):
            self.text += data

    def all(self, tag: str, kind: str = "") -> list[dict[str, str]]:
        """The attributes of all tags of a name, and of a class if one is named."""
        return [said for name, said in self.tags if name == tag and (not kind or kind in said.get("class", "").split())]


def outside(text: str) -> list[str]:
    """All that a page might fetch; pictures that it holds are none of it."""
    return OUTSIDE.findall(re.sub(r'src="data:[^"]*"', "", text))


def picture(said: dict[str, str]) -> Any:
    """The pixels of an `img`, as RGB."""
    data = np.frombuffer(base64.b64decode(said["src"].partition("base64,")[2]), np.uint8)
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)
