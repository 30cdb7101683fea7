"""Which checks there are for a component."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.model import preset_of, validated
from spectra.registry import registry
from spectra.testing import identity, learning, losses, metrics, storage, translating
from spectra.testing.check import Check
from spectra.testing.subject import LEAST_SIDE, Learner, Subject

TRANSLATOR_CHECKS = (
    *identity.CHECKS,
    *translating.FACTS,
    *translating.CHECKS,
    *learning.CHECKS,
    *storage.CHECKS,
)
LOSS_CHECKS = (*identity.CHECKS, *losses.CHECKS)
METRIC_CHECKS = (*identity.CHECKS, *metrics.CHECKS)
DEFAULT_TASK = "rgb2nir"


def checks(
    group: str,
    name: str,
    *,
    task: str | None = None,
    preset: str | None = None,
    settings: Mapping[str, Any] | None = None,
    side: int = LEAST_SIDE,
) -> list[Check]:
    """The checks of the component of that name, to be called one by one; pytest is not needed."""
    if group == "translators":
        return _bound(TRANSLATOR_CHECKS, _learner(name, task, preset, settings or {}, side))
    if group not in ("losses", "metrics"):
        raise SpectraError(f"There are checks for translators, losses and metrics, not for {group!r}.")
    component = registry(group).get(name)
    subject = Subject(name, component, validated(component, name, settings or {}))
    return _bound(LOSS_CHECKS if group == "losses" else METRIC_CHECKS, subject)


def _learner(name: str, task: str | None, preset: str | None, settings: Mapping[str, Any], side: int) -> Learner:
    component = registry("translators").get(name)
    merged = {**preset_of(component, name, preset).get("settings", {}), **settings}
    chosen = task or next(iter(component.home_tasks), DEFAULT_TASK)
    return Learner(name, component, validated(component, name, merged), Task.parse(chosen), side)


def _bound(bodies: Sequence[Callable[[Any], None]], subject: Subject) -> list[Check]:
    return [Check(body.__name__, partial(body, subject)) for body in bodies]
