"""Patterns of file names: `{name}`, `{name:REGEX}`, `*`, and a trailing `.*`, matched folder by folder.

No name, however hostile, takes long: names lie within one folder, expressions are of a kind that cannot go astray
(`expression`), and of pieces whose end is open at most two stand in one name.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from spectra.data.patterns.expression import BadPattern, Expression

__all__ = ["BadPattern", "Glob", "Pattern", "spelled"]

FLAGS = re.IGNORECASE | re.DOTALL
OPEN = 2
REMEMBERED = 4096
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


def spelled(text: str) -> str:
    """One spelling for what looks the same, and no bytes that are not text: a name goes into tables and pages."""
    if text.isascii():
        return text
    return unicodedata.normalize("NFC", os.fsencode(text).decode("utf-8", "backslashreplace"))


@dataclass(frozen=True)
class Literal:
    text: str


@dataclass(frozen=True)
class Wild:
    """`{name}`, or `*` where there is no name."""

    name: str = ""


@dataclass(frozen=True)
class Known:
    """A name that stood before: the same text again."""

    name: str


@dataclass(frozen=True)
class Suffix:
    """A trailing `.*`."""


Token = Literal | Wild | Known | Suffix | Expression


class Glob:
    """The pattern of one folder or file name."""

    def __init__(self, tokens: Sequence[Token], before: frozenset[str] = frozenset()) -> None:
        self.tokens = tokens
        self.before = before & {token.name for token in tokens if isinstance(token, Known)}
        """Names of folders above that stand here again."""
        self._open = 0
        source = self._source({})
        if self._open > OPEN:
            raise BadPattern("leaves open where too many of its pieces end: give some a fixed width, such as \\d{4}")
        self._regex = re.compile(source, FLAGS)
        self._read: dict[str, dict[str, str] | None] = {}

    def regex(self, known: Mapping[str, str]) -> re.Pattern[str]:
        return re.compile(self._source(known), FLAGS) if self.before else self._regex

    def read(self, part: str, known: Mapping[str, str]) -> dict[str, str] | None:
        """The names in one folder's name, or None where it is another; the same few come again and again."""
        if self.before or part not in self._read:
            match = self.regex(known).fullmatch(part)
            found = match and match.groupdict()
            if self.before:
                return found
            if len(self._read) >= REMEMBERED:
                self._read.clear()
            self._read[part] = found
        return self._read[part]

    def _source(self, known: Mapping[str, str]) -> str:
        self._open = 0
        return "".join(self._piece(place, known) for place in range(len(self.tokens)))

    def _piece(self, place: int, known: Mapping[str, str]) -> str:
        token, after = self.tokens[place], self.tokens[place + 1 : place + 2]
        if isinstance(token, Literal):
            closes = place > 0 and self._sealed(place - 1)
            return re.escape(token.text) + ")" * closes
        if isinstance(token, Known):
            return re.escape(known.get(token.name, "")) if token.name in self.before else f"(?P={token.name})"
        if isinstance(token, Suffix):
            return r"\.[^./]+"
        if isinstance(token, Expression):
            sharp = token.open == 1 and token.stops_at(_first(after)) if _plain(after) else False
            self._open += 0 if sharp else token.open
            return f"(?P<{token.name}>(?>{token.source}))" if sharp else f"(?P<{token.name}>{token.source})"
        some = f"(?P<{token.name}>.+?)" if token.name else ".*?"
        self._open += not self._sealed(place)
        return f"(?>{some}" if self._sealed(place) else some

    def _sealed(self, place: int) -> bool:
        """Whether the nearest end of this piece is as good as any: what follows its literal takes anything."""
        kinds = [type(token) for token in self.tokens[place : place + 3]]
        again = {token.name for token in self.tokens if isinstance(token, Known)}
        return kinds == [Wild, Literal, Wild] and not {getattr(self.tokens[place], "name", "")} & again


def _plain(after: Sequence[Token]) -> bool:
    """Whether it is known with which character the next piece begins, if there is one."""
    return not after or isinstance(after[0], Literal | Suffix)


def _first(after: Sequence[Token]) -> str:
    return "" if not after else after[0].text[0] if isinstance(after[0], Literal) else "."


@dataclass(frozen=True)
class Pattern:
    """A relative path: its folders, and the name of the file."""

    text: str

    @cached_property
    def globs(self) -> tuple[Glob, ...]:
        """Raises BadPattern where the text is none."""
        parts = list(_components(unicodedata.normalize("NFC", self.text)))
        seen: set[str] = set()
        globs = []
        for number, part in enumerate(parts, 1):
            before = frozenset(seen)
            globs.append(Glob(_tokens(part, seen, last=number == len(parts)), before))
        return tuple(globs)

    @cached_property
    def names(self) -> frozenset[str]:
        tokens = (token for glob in self.globs for token in glob.tokens)
        return frozenset(token.name for token in tokens if isinstance(token, Wild | Expression) and token.name)

    def folder(self, parts: Sequence[str]) -> dict[str, str] | None:
        """The names in a folder's path, or None where it is another."""
        if len(parts) != len(self.globs) - 1:
            return None
        found: dict[str, str] = {}
        for glob, part in zip(self.globs, parts, strict=False):
            more = glob.read(part, found)
            if more is None:
                return None
            found |= more
        return found

    def file(self, known: Mapping[str, str]) -> re.Pattern[str]:
        """The expression of a file's name, in a folder with these names."""
        return self.globs[-1].regex(known)

    def match(self, path: str) -> dict[str, str] | None:
        """The names in a whole path."""
        *folder, file = path.split("/")
        found = self.folder(folder)
        match = None if found is None else self.file(found).fullmatch(file)
        return None if found is None or match is None else found | match.groupdict()


def _components(text: str) -> Iterator[str]:
    """The text between slashes, those in braces not counted."""
    parts = [""]
    for piece in _pieces(text):
        if piece == "/":
            parts.append("")
        else:
            parts[-1] += piece
    if not all(parts) or {".", ".."} & set(parts):
        raise BadPattern("is no relative path: folders and a file name, with one slash between them")
    yield from parts


def _pieces(text: str) -> Iterator[str]:
    """Single characters, and whole braces with what is in them."""
    place = 0
    while place < len(text):
        end = _closing(text, place) if text[place] == "{" else place
        yield text[place : end + 1]
        place = end + 1


def _closing(text: str, start: int) -> int:
    depth, place = 0, start
    while place < len(text):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return place
        place += 2 if text[place] == "\\" else 1
    raise BadPattern("has a brace without its partner")


def _tokens(text: str, seen: set[str], last: bool) -> list[Token]:
    suffix = last and text.endswith(".*")
    tokens: list[Token] = []
    for piece in _pieces(text.removesuffix(".*") if suffix else text):
        token = _token(piece, seen)
        if isinstance(token, Literal) and tokens and isinstance(tokens[-1], Literal):
            token = Literal(tokens.pop().text + token.text)  # type: ignore[union-attr]
        if isinstance(token, Wild) and tokens and isinstance(tokens[-1], Wild):
            raise BadPattern("has two pieces side by side that take anything: say where one ends")
        tokens.append(token)
    return [*tokens, Suffix()] if suffix else tokens


def _token(piece: str, seen: set[str]) -> Token:
    if piece == "*":
        return Wild()
    if piece == "}":
        raise BadPattern("has a brace without its partner")
    if not piece.startswith("{"):
        return Literal(piece)
    name, colon, source = piece[1:-1].partition(":")
    if not NAME.fullmatch(name):
        raise BadPattern(f"has {piece!r}, whose name is not of letters, digits and _")
    if name in seen:
        if colon:
            raise BadPattern(f"says twice what {name!r} stands for: write {{{name}}} the second time")
        return Known(name)
    seen.add(name)
    return Expression(name, source) if colon else Wild(name)
