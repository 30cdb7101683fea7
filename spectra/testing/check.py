"""One check of a component, and what it says where the component fails."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from spectra.errors import SpectraError


class Fault(AssertionError):
    """A component does not keep its contract; the text says how."""


class NotApplicable(Exception):
    """A check has nothing to look at; the text says why."""


def require(held: bool, fault: str) -> None:
    if not held:
        raise Fault(fault)


@dataclass(frozen=True)
class Check:
    """Call it: it returns nothing, or raises ``Fault``, ``NotApplicable``, or what the component itself raises."""

    name: str
    body: Callable[[], None]

    def __call__(self) -> None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                self.body()
            except SpectraError as why:
                raise Fault(str(why)) from why
