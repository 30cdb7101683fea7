"""What Spectra raises. A message says what is wrong, where, and what to do; the command line shows no traceback."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class SpectraError(Exception):
    """A fault the user can mend. Anything else that escapes is a bug of ours."""


class RecipeError(SpectraError):
    """One or more faults of a recipe, all reported together."""


class DataError(SpectraError):
    """Folders, pairs or splits that cannot be used as they are."""


class ImageError(DataError):
    """One image that cannot be read or written without loss."""


class ModelError(SpectraError):
    """A model folder that is damaged, incomplete, or made for something else."""


class Stopped(KeyboardInterrupt):
    """Somebody wished to stop, and what had to be saved first has been."""

    def __init__(self, message: str, signal: int) -> None:
        super().__init__(message)
        self.signal = signal


class UnknownName(SpectraError):
    """A name that nobody has registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(
            f"No {kind} is named {name!r}.{did_you_mean(name, names)}\nKnown: {', '.join(names) or 'none'}."
        )


class BrokenPlugin(SpectraError):
    """A plugin that was asked for and cannot be used."""

    def __init__(self, kind: str, name: str, distribution: str, reason: str) -> None:
        self.kind, self.name, self.distribution, self.reason = kind, name, distribution, reason
        super().__init__(
            f"The {kind} {name!r} of the distribution {distribution!r} cannot be used: {reason}\n"
            f"Run `spectra doctor` for details, or uninstall it: pip uninstall {distribution}"
        )


def refuse_unknown(kind: str, named: Iterable[str], known: Iterable[str]) -> None:
    """Every name must be one that is known."""
    names = set(known)
    for name in named:
        if name not in names:
            raise UnknownName(kind, name, names)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`` Did you mean 'x'?`` with a leading space, or nothing where no word is near."""
    near = get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
