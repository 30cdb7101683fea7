"""What a plain word of a recipe means: the core schema of YAML 1.2, made stricter where a value could be mistaken.

`1e-4` is a number; only `true` and `false` are booleans; `no`, `1_000`, `1:30` and dates are text.
Refused, because they are hardly ever meant: infinity and NaN, integers beyond 64 bits, and a leading zero, which is
octal in YAML 1.1 and decimal in YAML 1.2. Quotes always make text.
"""

from __future__ import annotations

import math
import re

from spectra.recipe.faults import clipped

Scalar = str | int | float | bool | None

_NULL = {"", "~", "null", "Null", "NULL"}
_TRUE = {"true", "True", "TRUE"}
_FALSE = {"false", "False", "FALSE"}
_NOT_FINITE = re.compile(r"[-+]?(\.?inf|\.?nan|infinity)", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"[-+]?0[0-9]+")
_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_LONGEST_INTEGER = 24  # characters of 64 bits in octal, with the prefix; longer ones need not be converted


def plain_scalar(text: str) -> Scalar:
    """The value of an unquoted scalar; ValueError, with a sentence for the user, where it is refused."""
    if text in _NULL:
        return None
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number. If text is meant, put it in quotes.")
    if _LEADING_ZERO.fullmatch(text):
        raise ValueError(f"{clipped(text)} starts with a zero: drop it for a number, or put it in quotes for text.")
    if _INTEGER.fullmatch(text):
        return _integer(text)
    return _float(text) if _FLOAT.fullmatch(text) else text


def whole_text(text: str) -> str:
    """Joins surrogate pairs, as JSON writes them in escapes; ValueError for a half, which no file could hold."""
    if not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    try:
        return text.encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise ValueError("this text holds half a surrogate pair (an escape from \\ud800 to \\udfff).") from None


def _integer(text: str) -> int:
    value = int(text, 0) if len(text) <= _LONGEST_INTEGER else 1 << 64
    if not -(1 << 63) <= value < 1 << 64:
        raise ValueError(f"{clipped(text)} does not fit into 64 bits. If text is meant, put it in quotes.")
    return value


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{clipped(text)} is too large for a number. If text is meant, put it in quotes.")
    return value
