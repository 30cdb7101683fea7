"""The course of a training: its stages, how long each is, and where a player stands in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from spectra.recipe.length import steps_in
from spectra.recipe.train import TrainSettings
from spectra.stage import Stage
from spectra.training.prefetch import Feed
from spectra.training.schedules import Position


@dataclass(frozen=True)
class Leg:
    """One stage of the course."""

    stage: Stage
    steps: int
    epoch: int
    """Steps in an epoch."""

    @property
    def epochs(self) -> float:
        return self.steps / self.epoch

    def steps_of(self, length: int | str) -> int:
        return steps_in(length, self.epoch)


class Course:
    """All legs, in order."""

    def __init__(self, stages: Sequence[Stage], settings: TrainSettings, feed: Feed) -> None:
        self.legs = [_leg(stage, settings, feed) for stage in stages]
        self.place = 0
        """Which leg is being carried out."""

    def position(self, player: str, done: int) -> Position:
        """Of a player that has taken so many steps in the present leg."""
        place = self.place
        first, end = self._schedule(player, place)
        legs = [leg for leg in self.legs[first:end] if player in leg.stage.players]
        past = [leg for leg in self.legs[first:place] if player in leg.stage.players]
        begun = sum(leg.epochs for leg in past)
        return Position(
            sum(leg.steps for leg in past) + done,
            sum(leg.steps for leg in legs),
            int(begun + done / self.legs[place].epoch),
            ceil(sum(leg.epochs for leg in legs)),
        )

    def _schedule(self, player: str, place: int) -> tuple[int, int]:
        """The leg in which the schedule begins that a player follows there, and the one before which it ends."""
        anew = [index for index in range(len(self.legs)) if self._fresh(player, index) is True]
        first = max((index for index in anew if index <= place), default=0)
        return first, min((index for index in anew if index > place), default=len(self.legs))

    def _fresh(self, player: str, place: int) -> bool | str:
        known = self.legs[place].stage.players
        return player in known and known[player].fresh


def _leg(stage: Stage, settings: TrainSettings, feed: Feed) -> Leg:
    accumulate: int = settings.of_stage("accumulate", stage.name)
    epoch = max(1, ceil(feed.epoch(stage) / (settings.batch_size * accumulate)))
    return Leg(stage, steps_in(settings.of_stage("steps", stage.name), epoch), epoch)
