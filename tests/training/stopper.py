"""A watcher that wishes to stop."""

from __future__ import annotations

import signal

from spectra.training.progress import Progress
from tests.training.miniatures import Ear


class Stopper(Ear):
    """Sends a signal after a certain step of all, as a person or a batch system does."""

    def __init__(self, at: int, number: int = signal.SIGTERM) -> None:
        super().__init__()
        self.at, self.number = at, number

    def stepped(self, progress: Progress) -> None:
        super().stepped(progress)
        if progress.total == self.at:
            signal.raise_signal(self.number)
