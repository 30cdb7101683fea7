"""Contests as rows: the scores of all seeds together, what is best, and who differs from whom."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spectra.bench.contest.contest import Contest, Entry, Written
from spectra.bench.contest.declared import declared, declared_of_floor, told
from spectra.bench.contest.trials import Trial
from spectra.bench.method import Judged, Method, without_terms
from spectra.bench.results.image_scores import ImageScores as Line
from spectra.bench.scoring import resize_note
from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.marks import comparable, marks
from spectra.bench.statistics.pairs import PairResult, paired
from spectra.bench.statistics.seeds import OverSeeds, over_seeds
from spectra.metric import Score


@dataclass(frozen=True)
class Standing:
    """One method by all its seeds."""

    name: str
    judged: Sequence[Judged]

    def of_images(self, metric: str, contest: Contest) -> ImageScores:
        test = contest.data.test
        values = [[image.get(metric) for image in one.images] for one in self.judged]
        return ImageScores(tuple(test.names), tuple(self.judged[0].groups), values)

    def score(self, metric: str, contest: Contest) -> OverSeeds:
        settings = contest.judge.evaluate
        like = next(found[metric] for found in self.scores if metric in found)
        scores = [
            _signed(found.get(metric) or without_terms(like), resize_note(settings, one.fitted))
            for one, found in zip(self.judged, self.scores, strict=True)
        ]
        return over_seeds(scores, self.of_images(metric, contest))

    @property
    def metrics(self) -> list[str]:
        """Those of all seeds: one whose metric failed lacks its terms."""
        return list(dict.fromkeys(metric for found in self.scores for metric in found))

    @cached_property
    def scores(self) -> list[dict[str, Score]]:
        """Of each seed."""
        return [one.scores() for one in self.judged]


def _signed(score: Score, note: str) -> Score:
    return replace(score, signature=score.signature + note)


def standings(contest: Contest) -> dict[str, Standing]:
    """Everybody who has scores, by name."""
    own = {entry.trial.method: Standing(entry.trial.method, entry.found) for entry in contest.entries if entry.found}
    return own | {floor.name: Standing(floor.name, [floor]) for floor in contest.floors}


def rows_of(contest: Contest) -> tuple[list[dict[str, Any]], list[PairResult]]:
    """All rows of a task but those of papers, and every comparison of two."""
    found = standings(contest)
    scores = {name: {metric: one.score(metric, contest) for metric in one.metrics} for name, one in found.items()}
    pairs: list[PairResult] = []
    said: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in found}
    for metric in dict.fromkeys(metric for own in scores.values() for metric in own):
        compared, described = _metric(metric, contest, found, scores)
        pairs += compared
        for name, row in described.items():
            said[name][metric] = row
    rows = [_entry_row(entry, contest, said) for entry in contest.entries]
    own = [_floor_row(floor, contest, said) for floor in contest.floors]
    return [*rows, *own, *(_fallen_row(name, contest) for name in contest.fallen)], pairs


def _metric(
    metric: str, contest: Contest, found: Mapping[str, Standing], scores: Mapping[str, Mapping[str, OverSeeds]]
) -> tuple[list[PairResult], dict[str, dict[str, Any]]]:
    """One column: who is compared with whom, and what its cells say."""
    own = {name: row[metric] for name, row in scores.items() if metric in row}
    alike = comparable({name: it.score.signature for name, it in own.items()})
    images = {name: found[name].of_images(metric, contest) for name in alike}
    tested = {name: it for name, it in images.items() if it.has_mean(own[name].score.value)}
    compared = paired(tested, task=contest.task, metric=metric) if len(tested) > 1 else []
    better = next(iter(own.values())).score.better
    marked = marks({name: own[name].score.value for name in alike}, better, compared)
    return compared, {name: _cell(it, *marked.get(name, (False, False))) for name, it in own.items()}


def _cell(found: OverSeeds, best: bool, tied: bool) -> dict[str, Any]:
    score = found.score
    about = {"unit": score.unit, "better": score.better, "signature": score.signature, "reason": score.reason}
    bounds = {"mean": score.value, "low": score.low, "high": score.high, "n": score.n}
    return {**bounds, **about, "seed_sd": found.seed_sd, "best": best, "tied": tied}


def _entry_row(entry: Entry, contest: Contest, said: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    trial, failed, settings = entry.trial, entry.reasons, declared(entry)
    done = [kept.done for kept in entry.kept]
    notes = [note for about in done for note in about.get("notes", [])]
    fitted = [FITTED] if any(written.fitted for written in entry.found) else []
    return {
        "method": trial.method,
        "task": contest.task,
        "kind": trial.kind,
        "preset": _preset(trial, done),
        "seeds": [written.seed for written in entry.found if written.seed is not None],
        "steps": done[0].get("steps") if done else None,
        "scores": said.get(trial.method, {}),
        "settings": settings,
        "notes": list(
            dict.fromkeys([*told(settings), *notes, *entry.notes, *fitted, *(failed if entry.found else [])])
        ),
        "error": None if entry.found else "; ".join(failed),
        "id": entry.kept[0].id if entry.kept else None,
    }


def _preset(trial: Trial, done: Sequence[Mapping[str, Any]]) -> str | None:
    """That by whose values it learned; of a model that was there, what it says itself."""
    if trial.kind in ("translator", "recipe"):
        return trial.recipe.preset
    return next((about.get("preset") for about in done), None)


FITTED = "Its predictions had another size than the targets and were brought to it, bilinear with antialiasing."


def _floor_row(floor: Method, contest: Contest, said: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    settings = declared_of_floor(floor)
    return {
        "method": floor.name,
        "task": contest.task,
        "kind": "floor",
        "scores": said.get(floor.name, {}),
        "settings": settings,
        "notes": [*told(settings), *floor.model.notes, *([FITTED] if floor.fitted else [])],
    }


def _fallen_row(name: str, contest: Contest) -> dict[str, Any]:
    reason = contest.fallen[name].reason
    return {"method": name, "task": contest.task, "kind": "floor", "scores": {}, "notes": [], "error": reason}


def lines_of(contest: Contest) -> Iterator[Line]:
    """`scores.csv`: every image of every method and seed."""
    for one in contest.scored:
        seed = one.seed if isinstance(one, Written) else None
        for image, group, scores in zip(contest.data.test.names, one.groups, one.images, strict=True):
            yield Line(contest.task, one.name, seed, image, group, scores)
