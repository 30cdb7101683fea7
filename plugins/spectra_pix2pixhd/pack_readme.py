"""`readme.txt`: what the challenge wants to know beside the images."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

NAME = "readme.txt"
RUNTIME, PROCESSOR, EXTRA, OTHER = (
    "runtime per image [s]",
    "CPU[1] / GPU[0]",
    "Extra Data [1] / No Extra Data [0]",
    "Other description",
)
"""The words before the colons are the challenge's."""


@dataclass(frozen=True)
class Readme:
    seconds: float
    """Of wall time, for one image."""
    cpu: bool
    extra_data: bool
    description: str

    def text(self) -> str:
        lines = [
            f"{RUNTIME} : {self.seconds:.4g}",
            f"{PROCESSOR} : {int(self.cpu)}",
            f"{EXTRA} : {int(self.extra_data)}",
            f"{OTHER} : {' '.join(self.description.split())}",
        ]
        return "\n".join(lines) + "\n"


@dataclass
class ReadmeFound:
    """What a `readme.txt` says, and what is wrong with it."""

    said: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def read_readme(content: bytes) -> ReadmeFound:
    """Blanks and upper or lower case do not matter; the lines may come in any order."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ReadmeFound(faults=[f"{NAME} is not text in UTF-8."])
    found = ReadmeFound(said={key: value for key in (RUNTIME, PROCESSOR, EXTRA, OTHER) if (value := _value(text, key))})
    found.faults += [fault for key in (RUNTIME, PROCESSOR, EXTRA, OTHER) if (fault := _fault(key, found.said.get(key)))]
    return found


def _value(text: str, key: str) -> str:
    words = r"\s*".join(re.escape(letter) for letter in key if not letter.isspace())
    line = re.search(rf"^[ \t]*{words}[ \t]*:[ \t]*(.*)$", text, re.IGNORECASE | re.MULTILINE)
    return line[1].strip() if line else ""


def _fault(key: str, value: str | None) -> str:
    if value is None:
        return f"{NAME} has no line `{key} : ...`."
    if key == RUNTIME and not _is_time(value):
        return f"{NAME}: `{key}` should be a number of seconds above 0, not {value!r}."
    if key in (PROCESSOR, EXTRA) and value not in ("0", "1"):
        return f"{NAME}: `{key}` should be 0 or 1, not {value!r}."
    return ""


def _is_time(value: str) -> bool:
    try:
        return float(value) > 0 and math.isfinite(float(value))
    except ValueError:
        return False
