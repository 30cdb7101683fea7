"""What models cost on this machine: parameters, operations, latency, throughput and memory, of fresh models.

python benchmarks/cost.py [--size 256 256] [--device cpu] [--seconds 5] [--methods pix2pixhd:official graydef ...]

Each model is measured in a process of its own, as a bench does it. Its weights do not matter.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import torch

from spectra.bench.cost.cost import Cost
from spectra.bench.cost.measure import measure
from spectra.model import create

METHODS = {
    "pix2pixhd:official": "rgb2rgb",
    "pix2pixhd:tiny": "rgb2rgb",
    "cyclegan:official": "rgb2rgb",
    "pix2pix:official": "rgb2rgb",
    "graydef": "rgb2ir",
}
"""With the task that is measured."""
EXPECTED = {"pix2pixhd:official": 108.8}
"""GFLOP that are known from elsewhere, at 256×256."""
HEAD = "| method | parameters | GFLOP | latency ms | 95 % | images/s | peak MB |\n|---|---|---|---|---|---|---|"


def cost_of(method: str, given: argparse.Namespace, place: Path) -> Cost:
    name, _, preset = method.partition(":")
    folder = place / method.replace(":", "_")
    create(name, METHODS.get(method), preset or None).save(folder)
    return measure(folder, tuple(given.size), given.device, seconds=given.seconds)


def row(method: str, cost: Cost) -> str:
    figures = (cost.gflop, cost.latency_ms, cost.latency_p95_ms, cost.images_per_s, cost.peak_mb)
    count = "–" if cost.parameters is None else f"{cost.parameters:,}"
    return " | ".join([f"| {method}", count, *map(shown, figures)]) + " |"


def shown(value: float | None) -> str:
    """Three places of what is small, none of what is large."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, nargs=2, default=[256, 256], metavar=("HEIGHT", "WIDTH"))
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--methods", nargs="+", default=list(METHODS), metavar="NAME[:PRESET]")
    given = parser.parse_args()
    print(f"{given.size[0]}×{given.size[1]}, {given.device}, threads: {torch.get_num_threads()}\n\n{HEAD}", flush=True)
    notes, wrong = [], []
    with tempfile.TemporaryDirectory() as place:
        for method in given.methods:
            cost = cost_of(method, given, Path(place))
            print(row(method, cost), flush=True)
            notes.append(f"- {method}: {cost.note}")
            expected = EXPECTED.get(method) if given.size == [256, 256] else None
            if expected is not None and (cost.gflop is None or abs(cost.gflop - expected) > 0.05):
                wrong.append(f"{method}: {cost.gflop} GFLOP, and {expected} are known")
    print("\n" + "\n".join(notes))
    raise SystemExit("\n".join(wrong) or 0)


if __name__ == "__main__":
    main()
