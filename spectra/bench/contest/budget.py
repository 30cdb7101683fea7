"""How much each method may learn: optimizer steps of all its stages together, or time."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spectra.errors import SpectraError
from spectra.recipe.recipe import Recipe
from spectra.recipe.schedule import Schedule
from spectra.recipe.train import StageSettings
from spectra.training.course import Leg

SECONDS: Mapping[str, float] = {"s": 1, "min": 60, "h": 3600}
_BUDGET = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>steps?|s|sec|seconds?|m|min|minutes?|h|hours?)?")


@dataclass(frozen=True)
class Budget:
    """Either of the two."""

    steps: int | None = None
    seconds: float | None = None

    @classmethod
    def parse(cls, text: str) -> Budget:
        match = _BUDGET.fullmatch(text.strip())
        number, unit = (float(match["number"]), match["unit"] or "steps") if match else (0.0, "")
        if match is None or number <= 0 or (unit.startswith("step") and number % 1):
            raise SpectraError(
                f"{text!r} is not a budget. Write optimizer steps, such as 200, or a time: 90s, 10min, 2h."
            )
        if unit.startswith("step"):
            return cls(steps=int(number))
        word = "min" if unit.startswith("m") else unit[0]
        return cls(seconds=number * SECONDS[word])

    def __str__(self) -> str:
        if self.steps is not None:
            return f"{self.steps} step{'s' * (self.steps != 1)}"
        seconds = self.seconds or 0.0
        word = next(word for word in ("h", "min", "s") if seconds % SECONDS[word] == 0 or word == "s")
        return f"{seconds / SECONDS[word]:g} {word}"

    def steps_at(self, pace: Sequence[float], lengths: Sequence[int]) -> int:
        """All steps that fit, where a step of each stage takes so many seconds."""
        if self.steps is not None:
            return self.steps
        whole = sum(lengths)
        step = sum(seconds * length / whole for seconds, length in zip(pace, lengths, strict=True))
        return max(len(lengths), int((self.seconds or 0.0) / step))


def shared(total: int, lengths: Sequence[int]) -> list[int]:
    """Steps of each stage in proportion to its own length: whole numbers, at least one each, whose sum is the total."""
    if total < (count := sum(length > 0 for length in lengths)):
        raise SpectraError(
            f"A budget of {total} step{'s' * (total != 1)} is less than one step for each of its {count} stages: give "
            f"at least {count}."
        )
    whole = sum(lengths)
    exact = [total * length / whole for length in lengths]
    steps = [max(math.floor(share), int(length > 0)) for share, length in zip(exact, lengths, strict=True)]
    while (left := total - sum(steps)) != 0:
        gaps = [share - step for share, step in zip(exact, steps, strict=True)]
        choices = [place for place, length in enumerate(lengths) if length > 0 and (left > 0 or steps[place] > 1)]
        place = max(choices, key=lambda one: gaps[one]) if left > 0 else min(choices, key=lambda one: gaps[one])
        steps[place] += 1 if left > 0 else -1
    return steps


def within(recipe: Recipe, legs: Sequence[Leg], total: int) -> Recipe:
    """The recipe with so many steps in all. What its schedules count in epochs is brought to the new length too."""
    lengths = [leg.steps for leg in legs]
    share = total / sum(lengths)
    train = recipe.train
    steps = {leg.stage.name: count for leg, count in zip(legs, shared(total, lengths), strict=True)}
    stages = {
        name: train.stages.get(name, StageSettings()).model_copy(
            update={"steps": count, **_schedule(train.stages.get(name, StageSettings()).schedule, share)}
        )
        for name, count in steps.items()
    }
    players = {name: said.model_copy(update=_schedule(said.schedule, share)) for name, said in train.players.items()}
    whole = {"stages": stages, "players": players, **_schedule(train.schedule, share)}
    return recipe.model_copy(update={"train": train.model_copy(update=whole)})


def _schedule(schedule: Schedule | None, share: float) -> dict[str, Any]:
    """What it says of epochs and steps, at a share of its length; a schedule that says none follows by itself."""
    if schedule is None:
        return {}
    said = schedule.model_dump(mode="json", exclude_none=True)
    scaled = {name: {key: _scaled(key, value, share) for key, value in own.items()} for name, own in said.items()}
    return {"schedule": Schedule.model_validate(scaled)}


LENGTHS = ("constant", "decay", "after", "warmup")


def _scaled(key: str, value: Any, share: float) -> Any:
    if key not in LENGTHS:
        return value
    if isinstance(value, list):
        return [max(1, round(one * share)) for one in value]
    return max(1, round(value * share)) if value else value
