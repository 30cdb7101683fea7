"""Results of benches that never were, for tests of what is written of them."""

from __future__ import annotations

import copy
from typing import Any

from spectra.bench.results import Result, result_of

PSNR = "psnr|range:unit|cap:100|masked:pixels-skipped|mean:images|v1"
MAE = "mae|range:target-unit|masked:pixels-skipped|mean:images|v1"
LPIPS = "lpips|net:alex|range:sym|v1"
HARDWARE = {"device": "cpu", "system": "Linux", "processor": "made", "threads": 2, "memory_gb": 8.0, "gpus": []}
NEEDS = "not scored: needs lpips-alex; run: spectra weights fetch lpips-alex"


def psnr(mean: float | None, **said: Any) -> dict[str, Any]:
    return score(mean, **{"unit": "dB", "better": "higher", "signature": PSNR, **said})


def mae(mean: float | None, **said: Any) -> dict[str, Any]:
    return score(mean, **{"unit": "DN", "better": "lower", "signature": MAE, **said})


def score(mean: float | None, *, spread: float | None = None, **said: Any) -> dict[str, Any]:
    """With an interval of `spread` to either side."""
    ends = {} if spread is None or mean is None else {"low": mean - spread, "high": mean + spread}
    blank = {"low": None, "high": None, "n": 16, "reason": "", "seed_sd": None, "best": False, "tied": False}
    return {"mean": mean, **blank, **ends, **said}


def row(method: str, scores: dict[str, Any] | None = None, **said: Any) -> dict[str, Any]:
    blank = {"task": "rgb2nir", "kind": "translator", "preset": "tiny", "seeds": [0], "steps": 200, "cost": None}
    last = {"settings": {}, "notes": [], "error": None, "id": None, "source": None}
    return {"method": method, **blank, "scores": scores or {}, **last, **said}


def cost(**said: Any) -> dict[str, Any]:
    known = {"parameters": 45_593_347, "gflop": 12.3456, "latency_ms": 8.25, "latency_p95_ms": 9.5}
    return {
        **known,
        "images_per_s": 130.0,
        "peak_mb": 512.25,
        "train_s": 61.0,
        "device": "cpu",
        "size": [64, 64],
        "note": "",
        **said,
    }


def protocol(*tasks: str, **said: Any) -> dict[str, Any]:
    data = {"origin": "pairs (48 train, 16 test pairs)", "scenes": False, "train": 48, "test": 16, "identity": "5ha"}
    metrics: dict[str, Any] = {"psnr": {}, "mae": {}}
    scales = {"source": "dtype", "target": "dtype"}
    about = {"data": data, "scales": scales, "metrics": metrics, "notes": []}
    return {
        "command": ["spectra", "bench", "--methods", "pix2pixhd"],
        "spectra": "0.1.0",
        "finished": "2026-01-05T12:00:00+00:00",
        "environment": {"versions": {"python": "3.11.2"}, "git": None, "hardware": copy.deepcopy(HARDWARE)},
        "device": "cpu",
        "preset": "tiny",
        "budget": "200 steps",
        "seeds": [0],
        "metrics": metrics,
        "confidence": 0.95,
        "test": "paired sign flips, Holm over all pairs",
        "gallery_metric": "psnr",
        "tasks": dict.fromkeys(tasks or ("rgb2nir",), about),
        "notes": [],
        **said,
    }


def described(*rows: dict[str, Any], **said: Any) -> dict[str, Any]:
    """`bench.json` of these rows."""
    tasks = tuple(dict.fromkeys(row["task"] for row in rows))
    return {"version": 1, "protocol": protocol(*tasks), "rows": list(rows), "pairs": [], **said}


def made(*rows: dict[str, Any], **said: Any) -> Result:
    return result_of(described(*rows, **said))


def small() -> dict[str, Any]:
    """A little of everything: a best and a tied method, a failed one, a floor, a published row, what was not scored."""
    lacking = score(None, unit="", better="lower", signature=LPIPS, n=0, reason=NEEDS)
    best = psnr(21.4567, spread=1.0, best=True, seed_sd=0.125)
    return described(
        row("cyclegan", {"psnr": psnr(20.95, spread=1.25, tied=True), "mae": mae(8.5, spread=0.5), "lpips": lacking}),
        row("pix2pixhd", {"psnr": best, "mae": mae(7.25, spread=0.5, best=True), "lpips": lacking}, cost=cost()),
        row("broken", error="RuntimeError: out of memory"),
        row("copy", {"psnr": psnr(9.5, spread=0.5), "mae": mae(60.0, spread=2.0)}, kind="floor", preset=None, seeds=[]),
        row(
            "Pix2Next",
            {"psnr": psnr(20.83, n=800, signature="psnr|range:255")},
            kind="published",
            preset=None,
            seeds=[],
            source="Table 2",
        ),
        pairs=[pair("pix2pixhd", "cyclegan")],
    )


def pair(a: str, b: str, **said: Any) -> dict[str, Any]:
    known = {"task": "rgb2nir", "metric": "psnr", "a": a, "b": b, "difference": 0.5067, "low": -0.1, "high": 1.1}
    return {**known, "p": 0.2, "p_holm": 0.4, "n": 16, "clusters": 4, "left_out": 0, "test": "sign flips", **said}
