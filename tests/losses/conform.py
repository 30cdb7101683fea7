"""The suite that every registered loss must pass, for one with settings, or with weights that a test brings."""

from __future__ import annotations

from typing import Any

from spectra.loss import Loss
from spectra.testing.check import Check
from spectra.testing.subject import Subject
from spectra.testing.suite import LOSS_CHECKS


def conforms(component: type[Loss], **settings: Any) -> None:
    subject = Subject(component.__name__.lower(), component, component.Settings(**settings))
    for body in LOSS_CHECKS:
        Check(body.__name__, lambda body=body: body(subject))()  # type: ignore[misc]
