"""Training as a progress bar sees it."""

from __future__ import annotations

from spectra.bench.counted import Told
from spectra.training.progress import Progress, Validation


class Teller:
    """A watcher that tells how far each stage is."""

    every = 1_000_000_000
    """It never asks for norms."""

    def __init__(self, method: str, told: Told) -> None:
        self.method, self.told = method, told

    def stepped(self, progress: Progress) -> None:
        self.told(f"{self.method}: {progress.stage}", progress.step, progress.steps)

    def validated(self, validation: Validation) -> None:
        """A bar does not show it."""

    def resumed(self, total: int) -> None:
        """The next step says where it is."""

    def closed(self) -> None:
        """Bars end by themselves."""
