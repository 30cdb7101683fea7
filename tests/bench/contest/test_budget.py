"""How much each method may learn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as some

from spectra.bench.contest.budget import Budget, shared, within
from spectra.errors import SpectraError
from spectra.recipe.recipe import Recipe
from spectra.recipe.schedule import Schedule
from spectra.recipe.train import PlayerSettings, StageSettings, TrainSettings
from spectra.stage import Batch, Stage, Update
from spectra.training.course import Leg


class Named(Stage):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    def step(self, batch: Batch) -> Iterator[Update]:
        yield from ()


@pytest.mark.parametrize(
    ("text", "steps", "seconds", "told"),
    [
        ("200", 200, None, "200 steps"),
        ("1 step", 1, None, "1 step"),
        ("90s", None, 90.0, "90 s"),
        ("1.5 h", None, 5400.0, "90 min"),
        ("10min", None, 600.0, "10 min"),
        ("10m", None, 600.0, "10 min"),
        ("2 hours", None, 7200.0, "2 h"),
    ],
)
def test_a_budget_is_steps_or_a_time(text: str, steps: int | None, seconds: float | None, told: str) -> None:
    budget = Budget.parse(text)
    assert (budget.steps, budget.seconds, str(budget)) == (steps, seconds, told)
    assert Budget.parse(str(budget)) == budget


@pytest.mark.parametrize("text", ["", "0", "-3", "1.5", "ten", "10 days", "5 epochs", "nan", "1e3"])
def test_what_is_no_budget_is_told(text: str) -> None:
    with pytest.raises(SpectraError, match="not a budget"):
        Budget.parse(text)


@given(some.lists(some.integers(0, 10_000), min_size=1, max_size=6).filter(any), some.integers(6, 100_000))
def test_stages_share_all_steps_in_proportion(lengths: list[int], total: int) -> None:
    found = shared(total, lengths)
    assert sum(found) == total
    for steps, length in zip(found, lengths, strict=True):
        assert (steps == 0) == (length == 0)
        exact = total * length / sum(lengths)
        assert steps in (1, int(exact), int(exact) + 1) or abs(steps - exact) < len(lengths)


def test_less_than_a_step_a_stage_is_refused() -> None:
    with pytest.raises(SpectraError, match="less than one step"):
        shared(1, [10, 10])


def test_a_shorter_recipe_keeps_its_shape() -> None:
    """Decay begins at the same share of the training as before."""
    linear = Schedule.model_validate({"linear": {"constant": 100, "decay": 100}})
    cosine = Schedule.model_validate({"cosine": {"warmup": 40}})
    halving = Schedule.model_validate({"halving": {"after": [100, 150], "factor": 0.5}})
    train = TrainSettings(
        steps="200 epochs",
        schedule=linear,
        stages={"late": StageSettings(steps=100, schedule=cosine, lr=1e-3)},
        players={"critic": PlayerSettings(schedule=halving)},
    )
    recipe = Recipe(task="rgb2ir", translator="any", train=train)
    legs = [Leg(Named("early"), 300, 3), Leg(Named("late"), 100, 3)]
    found = within(recipe, legs, 40).train
    assert found.of_stage("steps", "early") == 30 and found.of_stage("steps", "late") == 10
    assert found.schedule == Schedule.model_validate({"linear": {"constant": 10, "decay": 10}})
    assert found.stages["late"].schedule == Schedule.model_validate({"cosine": {"warmup": 4}})
    assert found.stages["late"].lr == 1e-3
    assert found.players["critic"].schedule == Schedule.model_validate({"halving": {"after": [10, 15], "factor": 0.5}})
    assert within(recipe, legs, 400).train.schedule == linear


def test_a_time_becomes_steps_at_the_pace_of_each_stage() -> None:
    """Three of four steps take a second, the fourth takes five: two seconds a step."""
    assert Budget(seconds=80.0).steps_at([1.0, 5.0], [300, 100]) == 40
    assert Budget(seconds=0.5).steps_at([1.0, 5.0], [300, 100]) == 2
    assert Budget(steps=7).steps_at([1.0, 5.0], [300, 100]) == 7
