"""Small benches on disk, of made-up numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spectra.bench.results import ImageScores, result_of, write_image_scores, write_result

Seeds = Sequence[Sequence[float | None]]
SIGNATURES = {"psnr": "psnr|range:unit|v1", "mae": "mae|range:target-unit|v1", "fid": "fid|dims:64|v1"}


def score(metric: str, mean: float | None, **said: Any) -> dict[str, Any]:
    unit, better = ("dB", "higher") if metric == "psnr" else ("", "lower")
    reason = "" if mean is not None else "no image was scored"
    return {"mean": mean, "unit": unit, "better": better, "signature": SIGNATURES[metric], "reason": reason, **said}


def write_bench(
    folder: Path,
    methods: Mapping[str, Mapping[str, Seeds]],
    *,
    names: Sequence[str] | None = None,
    groups: Sequence[str] | None = None,
    task: str = "rgb2nir",
    identity: str | None = "the same",
    scale: str = "dtype",
    signatures: Mapping[str, str] | None = None,
    whole: Mapping[str, float] | None = None,
) -> Path:
    """``methods``: by name and metric one list of values a seed. ``whole``: by method a FID of all images."""
    names = names or [f"{place:03d}" for place in range(len(next(iter(next(iter(methods.values())).values()))[0]))]
    rows, lines = [], []
    for method, metrics in methods.items():
        scores = {metric: score(metric, mean_of(seeds)) for metric, seeds in metrics.items()}
        for metric, signature in (signatures or {}).items():
            scores[metric]["signature"] = signature
        if whole:
            scores["fid"] = score("fid", whole[method])
        rows.append({"method": method, "task": task, "kind": "translator", "scores": scores})
        for seed in range(len(next(iter(metrics.values())))):
            for place, name in enumerate(names):
                found = {metric: seeds[seed][place] for metric, seeds in metrics.items()}
                lines.append(ImageScores(task, method, seed, name, groups[place] if groups else name, found))
    data = {"origin": "made up", "scenes": False, "train": 0, "test": len(names), "identity": identity}
    protocol = {
        "command": ["spectra", "bench"],
        "spectra": "0.1.0",
        "finished": "2026-11-21T12:00:00+00:00",
        "environment": {},
        "device": "cpu",
        "metrics": {"psnr": {}},
        "tasks": {task: {"data": data, "scales": {"source": "dtype", "target": scale}}},
    }
    folder.mkdir(parents=True)
    write_result(folder, result_of({"version": 1, "protocol": protocol, "rows": rows}))
    write_image_scores(folder, lines)
    return folder


def mean_of(seeds: Seeds) -> float | None:
    """The mean over seeds of the images that all have."""
    kept = [values for values in zip(*seeds, strict=True) if None not in values]
    return math.fsum(math.fsum(values) / len(values) for values in kept) / len(kept) if kept else None  # type: ignore[arg-type]
