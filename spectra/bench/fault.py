"""What a plugin did wrong, kept as a reason: what goes on beside it is not ended by it."""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from dataclasses import dataclass

from spectra.errors import SpectraError
from spectra.registry import reason


@dataclass(frozen=True)
class Fault:
    reason: str
    trace: str = ""
    """For whoever wrote the plugin."""

    @classmethod
    def of(cls, why: Exception) -> Fault:
        told = str(why) if isinstance(why, SpectraError) and str(why) else reason(why)
        return cls(told, "".join(traceback.format_exception(why)))


def failed(methods: Iterable[tuple[str, str]], metrics: Iterable[tuple[str, str]]) -> list[str]:
    """What a command says at its end to have failed: methods without scores, floors among them, and metrics that
    raised, each as its name and task."""
    return [*(f"{name} ({task})" for name, task in methods), *(f"metric {name} ({task})" for name, task in metrics)]
