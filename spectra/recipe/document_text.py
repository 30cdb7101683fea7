"""Reads the text of a recipe file without trusting what stands behind its name."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from spectra.recipe.faults import Fault, raise_faults
from spectra.recipe.positions import Lines

SIZE_LIMIT = 128 * 1024  # bytes; the densest file of this size parses in about a second
_KINDS = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device"}
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# Besides control characters: the line separators of YAML 1.1, which editors and YAML 1.2 do not take for line ends.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def read_text(path: Path) -> str:
    """The text of a UTF-8 file of at most `SIZE_LIMIT` bytes; a byte order mark is dropped."""
    return _decoded(_content(path), str(path))


def check_text(text: str, name: str) -> None:
    """Refuse a text that is too long or holds characters that have no place in a recipe."""
    if len(text) > SIZE_LIMIT:
        raise_faults([Fault(_too_large(), file=name)])
    if found := _FORBIDDEN.search(text):
        position = Lines(text, name).position(found.start())
        raise_faults([Fault(_forbidden(found.group()), (), name, position.line, position.column)])


def _content(path: Path) -> bytes:
    try:
        content = _limited(path)
    except FileNotFoundError:
        raise_faults([Fault("there is no such file.", file=str(path))])
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise_faults([Fault(f"cannot be read: {reason}.", file=str(path))])
    if len(content) > SIZE_LIMIT:
        raise_faults([Fault(_too_large(), file=str(path))])
    return content


def _limited(path: Path) -> bytes:
    # Without O_NONBLOCK, opening a pipe would wait for a writer for ever.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    try:
        _check_kind(os.fstat(descriptor).st_mode, str(path))
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            # The size that a file claims may be wrong, and it may grow: only this limits what is read.
            return file.read(SIZE_LIMIT + 1)
    finally:
        os.close(descriptor)


def _check_kind(mode: int, name: str) -> None:
    if not stat.S_ISREG(mode):
        kind = _KINDS.get(stat.S_IFMT(mode), "a special file")
        raise_faults([Fault(f"is {kind}, where a recipe file is meant.", file=name)])


def _decoded(content: bytes, name: str) -> str:
    if content.startswith(_WIDE):
        raise_faults([Fault("is UTF-16 or UTF-32 text. Save it as UTF-8.", file=name)])
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The offset counts from after the byte order mark, as error.object does.
        before = error.object[: error.start].decode("utf-8")
        position = Lines(before, name).position(len(before))
        message = f"the byte 0x{error.object[error.start]:02x} is not UTF-8. Save the file as UTF-8."
        raise_faults([Fault(message, (), name, position.line, position.column)])


def _too_large() -> str:
    return f"is larger than {SIZE_LIMIT // 1024} KiB, the most a recipe may have. Is this the right file?"


def _forbidden(character: str) -> str:
    if character == "\0":
        return "a NUL character: this is a binary file, or text that is not UTF-8. Save it as UTF-8."
    return f"the character U+{ord(character):04X} may not stand in a recipe. Remove it, or write an escape in quotes."
