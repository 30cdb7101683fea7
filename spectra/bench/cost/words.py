"""What the bench asks of the process that measures, and what it is told, in JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    folder: str
    height: int = Field(ge=1)
    width: int = Field(ge=1)
    device: str
    threads: int = Field(ge=1)
    seconds: float = Field(gt=0)
    """For how long calls are timed, of each of the two figures."""
    timeout: float = Field(gt=0)
    limit_mb: float | None = Field(None, gt=0)


class Part(BaseModel):
    """One line of the answer; what is not set is not known yet."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    parameters: int | None = Field(None, ge=0)
    gflop: float | None = Field(None, ge=0)
    latency_ms: float | None = Field(None, ge=0)
    latency_p95_ms: float | None = Field(None, ge=0)
    images_per_s: float | None = Field(None, ge=0)
    peak_mb: float | None = Field(None, ge=0)
    notes: tuple[str, ...] = ()
    error: str | None = None
    done: bool = False
