"""The cost of one method: a row's figures beside its scores."""

from __future__ import annotations

from typing import Any

from spectra.bench.exact import Exact


class Cost(Exact):
    """The figures of `bench.json`; None where one could not be measured, for which ``note`` says why."""

    parameters: int | None = None
    gflop: float | None = None
    """Of one image: 2 operations for each multiply-add."""
    latency_ms: float | None = None
    latency_p95_ms: float | None = None
    images_per_s: float | None = None
    peak_mb: float | None = None
    """In units of 10⁶ bytes."""
    train_s: float | None = None
    device: str | None = None
    size: tuple[int, int] | None = None
    """Height and width of the images that it was measured with."""
    note: str = ""

    def described(self) -> dict[str, Any]:
        """As `bench.json` holds it."""
        return self.model_dump(mode="json")
