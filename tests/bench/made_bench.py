"""A bench folder as a bench would write it, with pictures of the built-in scenes and methods that blur, shift and fail.

The scores are those of the real metrics on the real pictures; costs and comparisons are made up, or plainly computed.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, cast

import cv2
import numpy as np
import torch
from torch import Tensor

from spectra.bench.gallery import write_gallery
from spectra.bench.harness import evaluate
from spectra.bench.method import Judged
from spectra.data.pairs import Pair
from spectra.data.pictures import as_stored, to_picture
from spectra.data.scenes import scene
from spectra.modalities import Scale, Task
from spectra.recipe.recipe import EvaluateSettings

TASKS = ("rgb2nir", "rgb2lwir")
METRICS: dict[str, dict[str, Any]] = {"psnr": {}, "ssim": {}, "rmse": {}, "lpips": {}}
SCALES = {"nir": Scale(0, 255), "lwir": Scale(250, 330, "K"), "rgb": Scale()}
KELVIN_A_LEVEL = 80 / 255


class ScenePairs(Sequence[Pair]):
    """Pairs of one task, drawn once."""

    def __init__(self, task: str, count: int, size: int) -> None:
        self.task = Task.parse(task)
        self._pairs = [self._drawn(place, size) for place in range(count)]

    def _drawn(self, place: int, size: int) -> Pair:
        shown = scene(7, place // 2, size, ("aerial", "street")[place % 2])
        target = str(self.task.target)
        levels = shown.image(target)
        if target == "lwir":
            levels = levels.astype(np.float32) * KELVIN_A_LEVEL + 250
        source = to_picture(shown.image("rgb"), SCALES["rgb"])
        return Pair(shown.name, shown.group, source, to_picture(levels, SCALES[target]))

    @property
    def names(self) -> list[str]:
        return [pair.name for pair in self._pairs]

    def __getitem__(self, place: Any) -> Any:
        return self._pairs[place]

    def __len__(self) -> int:
        return len(self._pairs)

    def __iter__(self) -> Iterator[Pair]:
        return iter(self._pairs)

    def identity(self) -> str:
        return f"scenes-{self.task}-{len(self)}"


@dataclass(kw_only=True)
class Painter(Judged):
    """A method that paints its prediction, from the target or from the source."""

    paint: Callable[[Pair], Tensor]

    def predict(self, pair: Pair) -> Tensor:
        return as_stored(self.paint(pair).clamp(0, 1), pair.target.scale, pair.target.dtype)


def blurred(width: float, noise: float, shift: float = 0.0) -> Callable[[Pair], Tensor]:
    """The target out of focus, with noise, and brighter or darker."""

    def paint(pair: Pair) -> Tensor:
        soft = cv2.GaussianBlur(pair.target.pixels[0].numpy(), (0, 0), width)
        random = np.random.default_rng(sum(pair.name.encode()))
        return torch.from_numpy(soft + random.normal(shift, noise, soft.shape).astype(np.float32))[None]

    return paint


def grey(pair: Pair) -> Tensor:
    return pair.source.pixels.mean(0, keepdim=True)


def flat(pair: Pair) -> Tensor:
    return torch.full_like(pair.target.pixels, 0.42)


def painters() -> list[Judged]:
    """Three methods and two floors."""
    return [
        Painter(name="pix2pixhd", paint=blurred(1.1, 0.012)),
        Painter(name="cyclegan", paint=blurred(2.2, 0.02, 0.05)),
        Painter(name="graydef", paint=lambda pair: 0.75 * grey(pair) + 0.25 * blurred(3.0, 0.0)(pair)),
        Painter(name="linear", floor=True, paint=lambda pair: 0.6 * grey(pair) + 0.17),
        Painter(name="constant", floor=True, paint=flat),
    ]


NOTE = "Trained without the perceptual loss: its weights are not here."
COSTS: dict[str, dict[str, Any]] = {
    "pix2pixhd": {"parameters": 182_500_000, "gflop": 410.0, "latency_ms": 84.2, "latency_p95_ms": 91.0},
    "cyclegan": {"parameters": 11_400_000, "gflop": 113.6, "latency_ms": 31.7, "latency_p95_ms": 33.1},
    "graydef": {"parameters": 4, "gflop": 0.0004, "latency_ms": 0.31, "latency_p95_ms": 0.4},
    "linear": {"parameters": 4, "gflop": 0.0004, "latency_ms": 0.29, "latency_p95_ms": 0.37},
    "constant": {"parameters": 0, "gflop": 0.0, "latency_ms": 0.11, "latency_p95_ms": 0.16},
}


def write_bench(folder: Path, *, images: int = 40, size: int = 96, tasks: Sequence[str] = TASKS) -> Path:
    """Everything of a bench folder but its page."""
    folder.mkdir(parents=True, exist_ok=True)
    rows, pairs, table = [], [], []
    settings = EvaluateSettings(metrics=METRICS)
    for task in tasks:
        test, methods = ScenePairs(task, images, size), painters()
        evaluate(methods, test, settings, task=test.task)
        write_gallery(folder, task, methods, test, settings, "psnr")
        rows += [*marked([row(method, task) for method in methods]), *others(task)]
        pairs += compared(methods, task)
        table += [line for method in methods for line in image_lines(method, test, task)]
    said = {"version": 1, "protocol": protocol(tasks, images), "rows": rows, "pairs": pairs}
    (folder / "bench.json").write_text(json.dumps(said, indent=1), encoding="utf-8")
    with (folder / "scores.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(
            [["task", "method", "seed", "image", "group", *METRICS], *table]
        )
    (folder / "table.md").write_text("| method | psnr |\n| --- | --- |\n| pix2pixhd | 27.1 |\n", encoding="utf-8")
    (folder / "table.tex").write_text(
        "\\begin{tabular}{lr}\n pix2pixhd & 27.1 \\\\\n\\end{tabular}\n", encoding="utf-8"
    )
    return folder


def row(method: Judged, task: str) -> dict[str, Any]:
    scores = {}
    for name, score in method.scores().items():
        scores[name] = {
            "mean": score.value, "low": score.low, "high": score.high, "n": score.n, "unit": score.unit,
            "better": score.better, "signature": score.signature, "reason": score.reason,
            "seed_sd": 0.11 if name == "psnr" and method.name == "cyclegan" else None, "best": False, "tied": False,
        }  # fmt: skip
    if method.name == "graydef":
        scores["ssim"]["signature"] += "|window:7"
    cost = {
        **COSTS[method.name], "images_per_s": 900 / COSTS[method.name]["latency_ms"], "peak_mb": 310.0,
        "train_s": None if method.floor else 212.0, "device": "cpu", "size": [256, 256], "note": "",
    }  # fmt: skip
    return {
        "method": method.name, "task": task, "kind": "floor" if method.floor else "translator",
        "preset": None if method.floor else "tiny", "seeds": [] if method.floor else [0, 1],
        "steps": None if method.floor else 200, "scores": scores, "cost": cost,
        "notes": [NOTE] if method.name == "pix2pixhd" else [],
        "error": None, "id": method.name, "source": None,
    }  # fmt: skip


def marked(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The best mean of each metric is the best; whose interval holds it is tied."""
    for name in METRICS:
        scores = [entry["scores"][name] for entry in rows if entry["scores"][name]["mean"] is not None]
        if scores:
            best = (max if scores[0]["better"] == "higher" else min)(scores, key=lambda score: float(score["mean"]))
            for score in scores:
                score["best"] = score is best
                score["tied"] = score is not best and score["low"] <= best["mean"] <= score["high"]
    return rows


def others(task: str) -> list[dict[str, Any]]:
    """A row of a paper, and one that failed."""
    empty: dict[str, Any] = {"preset": None, "seeds": [], "steps": None, "cost": None, "notes": [], "id": None}
    score = {
        "mean": 22.63, "low": None, "high": None, "n": 200, "unit": "dB", "better": "higher", "signature": "",
        "reason": "", "seed_sd": None, "best": False, "tied": False,
    }  # fmt: skip
    citation = "Roe et al., 2024, table 2: on other images of the same kind."
    return [
        {**empty, "method": "Roe 2024", "task": task, "kind": "published", "scores": {"psnr": score}, "error": None,
         "source": citation},
        {**empty, "method": "hugenet", "task": task, "kind": "translator", "scores": {}, "source": None,
         "error": "out of memory: it asked for 41.2 GB at step 3, and 16 GB are here."},
    ]  # fmt: skip


def compared(methods: Sequence[Judged], task: str) -> list[dict[str, Any]]:
    found = []
    for metric in ("psnr", "ssim", "rmse"):
        own = [(one, other, _differences(one, other, metric)) for one, other in combinations(methods, 2)]
        for one, other, values in own:
            mean, error = fmean(values), stdev(values) / math.sqrt(len(values))
            p = math.erfc(abs(mean) / error / math.sqrt(2)) if error else 1.0
            found.append({
                "task": task, "metric": metric, "a": one.name, "b": other.name, "difference": mean,
                "low": mean - 1.96 * error, "high": mean + 1.96 * error, "p": p, "p_holm": min(1.0, p * len(own)),
                "n": len(values), "clusters": len(values), "test": "Paired permutation test, two-sided",
            })  # fmt: skip
    return found


def _differences(one: Judged, other: Judged, metric: str) -> list[float]:
    return [cast(float, a[metric]) - cast(float, b[metric]) for a, b in zip(one.images, other.images, strict=True)]


def image_lines(method: Judged, test: ScenePairs, task: str) -> Iterator[list[Any]]:
    for pair, scores in zip(test, method.images, strict=True):
        values = ["" if value is None else repr(value) for value in scores.values()]
        yield [task, method.name, "" if method.floor else 0, pair.name, pair.group, *values]


def protocol(tasks: Sequence[str], images: int) -> Mapping[str, Any]:
    scales = {task: SCALES[str(Task.parse(task).target)] for task in tasks}
    return {
        "command": ["/somewhere/bin/spectra", "bench", "--methods", "pix2pixhd,cyclegan,graydef", "--preset", "tiny",
                    "--budget", "200", "--seeds", "2", "--out", "benches/first look"],
        "spectra": "0.1.0",
        "finished": "2026-11-21T12:00:00+00:00",
        "environment": {
            "versions": {"python": "3.11.9", "torch": "2.6.0", "numpy": "2.1.0"},
            "git": {"commit": "0123456789abcdef0123456789abcdef01234567", "changed": False},
            "hardware": {"device": "cpu", "system": "Linux", "processor": "A processor of two cores", "threads": 2,
                         "memory_gb": 16.0, "gpus": []},
        },
        "device": "cpu", "preset": "tiny", "budget": "200 steps", "seeds": [0, 1], "metrics": METRICS,
        "confidence": 0.95, "test": "paired permutation test on the same images, Holm over all pairs of a task",
        "gallery_metric": "psnr",
        "tasks": {
            task: {
                "data": {"origin": "built-in scenes", "scenes": True, "train": 48, "test": images,
                         "identity": "5ce1" * 16},
                "scales": {"source": "dtype", "target": str(scales[task])}, "notes": [],
            }
            for task in tasks
        },
        "notes": [],
    }  # fmt: skip


if __name__ == "__main__":
    import sys

    write_bench(Path(sys.argv[1]))
