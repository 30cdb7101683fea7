"""When something is due that is done from time to time."""

from __future__ import annotations

import time

from spectra.training.course import Leg


class Cadence:
    """Every so many steps, epochs or minutes; 0 is never."""

    def __init__(self, every: int | str) -> None:
        self.every = every
        self.last = time.monotonic()

    def due(self, leg: Leg, step: int) -> bool:
        """Whether it is to be done after that step of the leg."""
        if isinstance(self.every, str) and "minute" in self.every:
            return time.monotonic() - self.last >= 60 * int(self.every.split()[0])
        steps = leg.steps_of(self.every)
        return bool(steps) and step % steps == 0

    def done(self) -> None:
        self.last = time.monotonic()
