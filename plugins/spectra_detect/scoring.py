"""Average precision by pycocotools, and what its matches say of each image."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spectra_detect.detections import Detection
from spectra_detect.images import LabelledImages

AP, AP50, AP75 = "map", "map_50", "map_75"
WHOLE_RANGE = 0  # of the four ranges of areas
MOST = -1  # of the three limits of detections
FIFTY, SEVENTY_FIVE = 0, 5  # of the thresholds 0.50, 0.55 … 0.95


@dataclass(frozen=True)
class Matches:
    """What was found of one class, best first: ``hits`` and ``ignored`` are ``(thresholds, detections)``."""

    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    ignored: NDArray[np.bool_]
    places: NDArray[np.int64]
    """Which image each detection is on."""
    wanted: NDArray[np.int64]
    """How many things there are to find on each image."""


@dataclass(frozen=True)
class Scores:
    """Of one set of detections. None where there is nothing to find."""

    values: dict[str, float | None]
    classes: dict[str, float | None]
    matches: list[Matches]


def truth_of(images: LabelledImages) -> dict[str, Any]:
    """The merged labels as COCO writes them; what is ignored is a crowd there."""
    annotations: list[dict[str, Any]] = []
    for image, found in zip(images.images, images.found, strict=True):
        rows = zip(found.boxes.tolist(), found.classes.tolist(), found.ignored.tolist(), strict=True)
        for (left, top, right, bottom), label, ignored in rows:
            width, height = right - left, bottom - top
            row = {"id": len(annotations) + 1, "image_id": image.id, "category_id": label, "iscrowd": int(ignored)}
            annotations.append({**row, "bbox": [left, top, width, height], "area": width * height})
    return {
        "images": [{"id": image.id, "width": image.width, "height": image.height} for image in images.images],
        "annotations": annotations,
        "categories": [{"id": number, "name": name} for number, name in enumerate(images.classes, 1)],
    }


def score(truth: dict[str, Any], detections: Sequence[Detection]) -> Scores:
    """All of COCO's ten thresholds from 0.5 to 0.95, at most 100 detections of an image."""
    names = [category["name"] for category in truth["categories"]]
    evaluated = _evaluated(truth, detections)
    precision = evaluated.eval["precision"][:, :, :, WHOLE_RANGE, MOST]
    values = {
        AP: mean_of(precision),
        AP50: mean_of(precision[FIFTY]),
        AP75: mean_of(precision[SEVENTY_FIVE]),
    }
    classes = {name: mean_of(precision[:, :, place]) for place, name in enumerate(names)}
    return Scores(values, classes, [_matches(evaluated, place) for place in range(len(names))])


def mean_of(precision: NDArray[np.float64]) -> float | None:
    """Over what is there; COCO writes -1 where a class has nothing to find."""
    there = precision[precision > -1]
    return float(there.mean()) if there.size else None


def _evaluated(truth: dict[str, Any], detections: Sequence[Detection]) -> Any:
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):  # it prints what it does
        known = COCO()
        known.dataset = truth
        known.createIndex()
        found = COCO()
        found.dataset = {**truth, "annotations": [_annotation(number, one) for number, one in enumerate(detections, 1)]}
        found.createIndex()
        evaluated = COCOeval(known, found, "bbox")
        evaluated.evaluate()
        evaluated.accumulate()
    return evaluated


def _annotation(number: int, one: Detection) -> dict[str, Any]:
    return {**one, "id": number, "area": one["bbox"][2] * one["bbox"][3], "iscrowd": 0}


def _matches(evaluated: Any, category: int) -> Matches:
    """Those of pycocotools, image by image, brought into the order of their scores."""
    count, ranges = len(evaluated.params.imgIds), len(evaluated.params.areaRng)
    first = (category * ranges + WHOLE_RANGE) * count
    rows = evaluated.evalImgs[first : first + count]
    parts = _Parts(rows, len(evaluated.params.iouThrs))
    order = np.argsort(-parts.scores, kind="stable")
    return Matches(
        parts.scores[order], parts.hits[:, order], parts.ignored[:, order], parts.places[order], parts.wanted
    )


class _Parts:
    """The rows of one class side by side; an image with neither truth nor detections has none."""

    def __init__(self, rows: Sequence[Any], thresholds: int) -> None:
        self.rows, self.thresholds = rows, thresholds

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        return np.concatenate([np.zeros(0), *(row["dtScores"] for row in self.rows if row)]).astype(np.float64)

    @cached_property
    def hits(self) -> NDArray[np.bool_]:
        return np.not_equal(self._beside("dtMatches"), 0)

    @cached_property
    def ignored(self) -> NDArray[np.bool_]:
        return np.not_equal(self._beside("dtIgnore"), 0)

    @cached_property
    def places(self) -> NDArray[np.int64]:
        counts = [len(row["dtScores"]) if row else 0 for row in self.rows]
        return np.repeat(np.arange(len(self.rows)), counts)

    @cached_property
    def wanted(self) -> NDArray[np.int64]:
        return np.array([int(np.sum(np.asarray(row["gtIgnore"]) == 0)) if row else 0 for row in self.rows])

    def _beside(self, key: str) -> NDArray[np.float64]:
        parts = [np.asarray(row[key], np.float64).reshape(self.thresholds, -1) for row in self.rows if row]
        return np.concatenate([np.zeros((self.thresholds, 0)), *parts], axis=1)
