"""Says in plain words what PyYAML found wrong with a text."""

from __future__ import annotations

from typing import Any

from yaml import MarkedYAMLError

_MEND = "Check the indentation, or put the text in quotes."
# What PyYAML says (the start of its problem), what we say, and whether the fault stands where the construct began.
_SENTENCES = (
    ("found character '\\t'", "a tab stands where YAML wants spaces. Use spaces.", False),
    ("mapping values are not allowed", f"a ':' cannot stand here. {_MEND}", False),
    ("could not find expected ':'", "this key has no ':' after it on the same line.", True),
    ("found unexpected end of stream", "the quote that opens here is never closed.", True),
    ("found unexpected document separator", "the quote that opens here is not closed before '---' or '...'.", True),
    ("expected ',' or ']'", "the list that opens here with '[' lacks a ',' or its ']'.", True),
    ("expected ',' or '}'", "the mapping that opens here with '{' lacks a ',' or its '}'.", True),
    ("expected <block end>", f"this does not fit what stands before it. {_MEND}", False),
    ("expected '<document start>'", f"this stands outside of what comes before it. {_MEND}", False),
    ("sequence entries are not allowed", "a list cannot begin here with '-'. Begin it on a line of its own.", False),
    ("expected alphabetic or numeric", "a text cannot start with '*', '&' or '%'. Put it in quotes.", True),
    ("expected the node content", "a value is missing here.", False),
    ("found unknown escape character", "an unknown escape. Write '\\\\' for '\\', or use single quotes.", False),
)


def plain_words(error: MarkedYAMLError) -> tuple[str, int]:
    """A sentence about a syntax error, and the index of the character it is about."""
    problem, here = error.problem or "", _index(error.problem_mark)
    for said, sentence, at_start in _SENTENCES:
        if problem.startswith(said):
            start = _index(error.context_mark) if at_start and error.context_mark else here
            return sentence, start
    if "that cannot start any token" in problem:
        return "a text cannot start with this character. Put it in quotes.", here
    return f"this is not YAML: {', '.join(part for part in (error.context, problem) if part)}.", here


def _index(mark: Any) -> int:
    return int(mark.index) if mark is not None else 0
