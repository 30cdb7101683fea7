"""Average precision and its intervals, against a plain loop in float64 and against pycocotools itself."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pycocotools")
pytest.importorskip("torchvision")

from spectra_detect.average_precision import weighted, weighted_class
from spectra_detect.bootstrap import drawn_times, interval, over_seeds, redrawn, subtracted
from spectra_detect.detections import Detection
from spectra_detect.results import Judge
from spectra_detect.scoring import Matches, score, truth_of
from spectra_detect.settings import EvaluationSettings
from tests.plugins.detect_data import Row, labelled

THRESHOLDS = [0.5 + 0.05 * step for step in range(10)]


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of left, top, width and height."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    return shared / (one[2] * one[3] + other[2] * other[3] - shared)


def plain_precision(
    truth: Sequence[tuple[int, Sequence[float]]], found: Sequence[tuple[int, Sequence[float], float]], threshold: float
) -> float:
    """By the formula: greedy matches from the best score down, then the best precision at 101 recalls or beyond."""
    taken: set[int] = set()
    hits: list[bool] = []
    for image, box, _ in sorted(found, key=lambda row: -row[2]):
        free = [
            (overlap(box, other), place)
            for place, (on, other) in enumerate(truth)
            if on == image and place not in taken
        ]
        best = max(free, default=(0.0, -1))
        hits.append(best[0] >= threshold)
        if hits[-1]:
            taken.add(best[1])
    curve = [(sum(hits[: end + 1]) / len(truth), sum(hits[: end + 1]) / (end + 1)) for end in range(len(hits))]
    best_at = [max((p for r, p in curve if r >= recall), default=0.0) for recall in np.linspace(0, 1, 101)]
    return sum(best_at) / 101


def made(random: np.random.Generator, images: int) -> tuple[list[list[Row]], list[Detection]]:
    """Boxes, and detections near them, beside them and of nothing."""
    boxes: list[list[Row]] = []
    found: list[Detection] = []
    for image in range(1, images + 1):
        rows: list[Row] = []
        for place in range(int(random.integers(1, 5))):
            name, left = ("car", "person")[int(random.integers(2))], 15.0 * place
            sides = [left, float(random.integers(0, 30)), float(random.integers(6, 14)), float(random.integers(8, 30))]
            rows.append((name, *sides))  # type: ignore[arg-type]
            moved = [side + float(random.normal(0, 1.2)) for side in sides]
            label = 1 + int(random.random() < 0.5 if random.random() < 0.2 else name == "person")
            found.append({"image_id": image, "category_id": label, "bbox": moved, "score": float(random.random())})
        found.append(
            {"image_id": image, "category_id": 1, "bbox": [50.0, 50.0, 9.0, 9.0], "score": float(random.random())}
        )
        boxes.append(rows)
    return boxes, found


@pytest.mark.parametrize("seed", range(5))
def test_scores_are_those_of_a_plain_loop(tmp_path: Path, seed: int) -> None:
    boxes, found = made(np.random.default_rng(seed), 8)
    scores = score(truth_of(labelled(tmp_path / "test", boxes)), found)
    by_class = {}
    for label, name in enumerate(("car", "person"), 1):
        truth = [(image, row[1:]) for image, rows in enumerate(boxes, 1) for row in rows if row[0] == name]
        mine = [(one["image_id"], one["bbox"], one["score"]) for one in found if one["category_id"] == label]
        by_class[name] = [plain_precision(truth, mine, threshold) for threshold in THRESHOLDS]
        assert scores.classes[name] == pytest.approx(np.mean(by_class[name]), abs=1e-9)
    assert scores.values["map"] == pytest.approx(np.mean(list(by_class.values())), abs=1e-9)
    assert scores.values["map_50"] == pytest.approx(np.mean([rows[0] for rows in by_class.values()]), abs=1e-9)
    assert scores.values["map_75"] == pytest.approx(np.mean([rows[5] for rows in by_class.values()]), abs=1e-9)
    assert 0.05 < float(scores.values["map"] or 0) < 0.95, "neither trivial nor hopeless"


def repeated(truth: dict[str, Any], found: Sequence[Detection], times: Sequence[int]) -> list[float]:
    """The summary of pycocotools for a data set in which images are there several times."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    copies = [(image["id"], copy) for image, count in zip(truth["images"], times, strict=True) for copy in range(count)]
    ids = {pair: number for number, pair in enumerate(copies, 1)}
    rows = [
        {**row, "image_id": new}
        for (old, _), new in ids.items()
        for row in truth["annotations"]
        if row["image_id"] == old
    ]
    seen = [{**row, "image_id": new} for (old, _), new in ids.items() for row in found if row["image_id"] == old]
    with contextlib.redirect_stdout(io.StringIO()):
        known = COCO()
        known.dataset = {
            "images": [{"id": number} for number in ids.values()],
            "annotations": [{**row, "id": number} for number, row in enumerate(rows, 1)],
            "categories": truth["categories"],
        }
        known.createIndex()
        evaluated = COCOeval(known, known.loadRes(seen), "bbox")
        evaluated.evaluate()
        evaluated.accumulate()
        evaluated.summarize()
    return [float(value) for value in evaluated.stats[:3]]


@pytest.mark.parametrize("smallest", [0, 12])
def test_images_that_are_drawn_twice_count_twice_as_pycocotools_counts_them(tmp_path: Path, smallest: int) -> None:
    random = np.random.default_rng(3)
    boxes, found = made(random, 10)
    truth = truth_of(labelled(tmp_path / "test", boxes, smallest=smallest))
    assert any(row["iscrowd"] for row in truth["annotations"]) == bool(smallest)
    matches = score(truth, found).matches
    for _ in range(6):
        times = np.bincount(random.integers(10, size=10), minlength=10)
        values = weighted(matches, ["car", "person"], times)
        expected = repeated(truth, found, times.tolist())
        assert [values["map"], values["map_50"], values["map_75"]] == pytest.approx(expected, abs=1e-9)
    once = weighted(matches, ["car", "person"], np.ones(10, np.int64))
    assert once["map"] == pytest.approx(score(truth, found).values["map"], abs=1e-12)


def test_what_is_too_small_is_neither_found_nor_missed(tmp_path: Path) -> None:
    rows: list[list[Row]] = [[("car", 2, 2, 20, 20), ("car", 40, 40, 5, 5)]]
    hit: Detection = {"image_id": 1, "category_id": 1, "bbox": [2.0, 2.0, 20.0, 20.0], "score": 0.5}
    small: Detection = {"image_id": 1, "category_id": 1, "bbox": [40.0, 40.0, 5.0, 5.0], "score": 0.9}
    ignoring = truth_of(labelled(tmp_path / "some", rows, smallest=8))
    everything = truth_of(labelled(tmp_path / "all", rows))
    assert score(ignoring, [hit]).values == score(ignoring, [hit, small]).values
    assert score(ignoring, [hit]).values["map"] == pytest.approx(1)
    assert score(everything, [hit]).values["map"] == pytest.approx(51 / 101)


def test_nothing_found_is_zero_and_nothing_to_find_is_no_score(tmp_path: Path) -> None:
    truth = truth_of(labelled(tmp_path / "test", [[("car", 2, 2, 20, 20)]]))
    scores = score(truth, [])
    assert scores.values["map"] == 0 and scores.classes == {"car": 0, "person": None}
    assert np.isnan(weighted(scores.matches, ["car", "person"], np.zeros(1, np.int64))["map"])


def test_images_of_a_scene_are_drawn_together() -> None:
    times = drawn_times(["a", "b", "a", "c", "b"], 200)
    assert (times[:, 0] == times[:, 2]).all() and (times[:, 1] == times[:, 4]).all()
    assert ((times[:, 0] + times[:, 1] + times[:, 3]) == 3).all() and times.std() > 0.5


def test_the_interval_covers_as_often_as_it_says() -> None:
    """Images that are found wholly or not at all: the score is a share, whose spread is known."""
    times = drawn_times([str(place) for place in range(60)], 800)
    inside = 0
    for seed in range(200):
        hits = np.random.default_rng(seed).random(60) < 0.5
        low, high = interval((times * hits).sum(1) / 60, 0.9) or [0, 0]
        inside += low <= 0.5 <= high
    assert 165 <= inside <= 194


def test_differences_are_taken_draw_by_draw(tmp_path: Path) -> None:
    boxes, found = made(np.random.default_rng(1), 12)
    images = labelled(tmp_path / "test", boxes)
    judge = Judge(images, EvaluationSettings(resamples=60))
    worse = [{**one, "bbox": [one["bbox"][0] + 1.5, *one["bbox"][1:]]} for one in found]
    one, other = judge.judged(found), judge.judged(worse)
    paired = subtracted(one.draws, other.draws)["map"]
    assert paired.std() < 0.8 * (one.draws["map"].std() ** 2 + other.draws["map"].std() ** 2) ** 0.5
    again = redrawn(one.scores.matches, ["car", "person"], judge.times)
    assert (again["map"] == one.draws["map"]).all(), "the same draws for every arm"


def test_seeds_that_differ_widen_the_interval_that_draws_them() -> None:
    alike = [{"map": np.random.default_rng(0).normal(0.3, 0.01, 500)} for _ in range(3)]
    apart = [{"map": one["map"] + shift} for one, shift in zip(alike, (-0.1, 0, 0.1), strict=True)]
    assert over_seeds(apart, "map").std() > 3 * over_seeds(alike, "map").std()
    assert over_seeds(apart, "map").mean() == pytest.approx(0.3, abs=0.01)


def some(random: np.random.Generator, images: int) -> Matches:
    """What a middling detector finds, some images being easier than others."""
    places = np.sort(random.integers(images, size=12 * images))
    hits = random.random(places.size) < 0.3 * random.beta(2, 2, images)[places]
    scores = random.normal(0.8 * hits, 1)
    wanted = np.bincount(places[hits], minlength=images) + random.poisson(2, images)
    order = np.argsort(-scores)
    nothing = np.zeros((1, places.size), bool)
    return Matches(scores[order], hits[None, order], nothing, places[order], wanted)


@pytest.mark.slow
def test_intervals_of_average_precision_cover_its_true_value() -> None:
    """0.95 of the intervals, up to what 150 sets of test images can tell."""
    random = np.random.default_rng(0)
    everything = some(random, 60_000)
    true = weighted_class(everything, np.ones(60_000, np.int64))
    times = drawn_times([str(place) for place in range(60)], 300)
    inside = 0
    for _ in range(150):
        sample = some(random, 60)
        values = np.array([weighted_class(sample, row) for row in times])
        low, high = interval(values[:, 0], 0.95) or [0, 0]
        inside += low <= float(true[0] if true is not None else -1) <= high
    assert 133 <= inside <= 150
