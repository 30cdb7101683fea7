"""The four tasks of the challenge, and what their results must look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PENALTY = 1
"""Added to the combined score for each task that is not attempted; a task's own score is between 0 and about 1."""


@dataclass(frozen=True)
class ChallengeTask:
    name: str
    side: int
    """Height and width of a result; results of another size are resampled by the scorer."""
    channels: int

    @property
    def size(self) -> tuple[int, int]:
        return self.side, self.side


TASKS: Mapping[str, ChallengeTask] = {
    task.name: task
    for task in (
        ChallengeTask("sar2eo", 256, 1),
        ChallengeTask("sar2rgb", 1024, 3),
        ChallengeTask("rgb2ir", 1024, 1),
        ChallengeTask("sar2ir", 1024, 1),
    )
}


def missing_told(present: Mapping[str, object]) -> list[str]:
    """A note for the tasks that are left out, which are allowed but cost something."""
    missing = [name for name in TASKS if name not in present]
    if not missing:
        return []
    cost = PENALTY * len(missing)
    return [
        f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: the challenge adds {PENALTY} to the "
        f"combined score for each task that is not attempted, so {cost} here."
    ]
