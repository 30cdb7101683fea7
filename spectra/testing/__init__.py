"""The conformance suite for plugins: one line in a test file checks all that Spectra asks of a component::

import spectra.testing

test_firefly = spectra.testing.conformance("translators", "firefly")
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from spectra.testing.check import Check as Check
from spectra.testing.check import Fault as Fault
from spectra.testing.check import NotApplicable as NotApplicable
from spectra.testing.subject import LEAST_SIDE
from spectra.testing.suite import checks as checks

__all__ = ["Check", "Fault", "NotApplicable", "checks", "conformance"]


def conformance(
    group: str,
    name: str,
    *,
    task: str | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    side: int = LEAST_SIDE,
    without: Mapping[str, str] | None = None,
) -> Callable[..., None]:
    """A pytest function with one case a check, for a component of ``translators``, ``losses`` or ``metrics``.

    A translator is checked for its first home task unless ``task`` says another; a large one is best checked with small
    ``settings`` or a ``preset``. It learns from made-up images with sides of ``side`` pixels, or a little
    more where its ``multiple`` asks for that. ``without`` maps checks to leave out to the reason, which the test report
    shows.
    """
    import pytest

    found = checks(group, name, task=task, preset=preset, settings=settings, side=side)
    if unknown := sorted(set(without or {}) - {check.name for check in found}):
        raise ValueError(f"`without` names checks that do not exist: {', '.join(unknown)}.")

    @pytest.mark.parametrize("check", found, ids=[check.name for check in found])
    def test_conformance(check: Check) -> None:
        if without and check.name in without:
            pytest.skip(without[check.name])
        try:
            check()
        except NotApplicable as why:
            pytest.skip(str(why))

    return test_conformance
