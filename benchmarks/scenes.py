"""How real the built-in scenes are, in numbers, and how fast they come.

    python benchmarks/scenes.py [--count 60] [--size 256] [--seed 0] [--json]

Pooled over all pixels of `count` scenes a view: the correlation of grey (mean of R, G, B) with NIR and with LWIR; by
how much a per-pixel linear map RGB→NIR beats a constant; by how much the same map fitted for each material beats that.
"""

from __future__ import annotations

import argparse
import json
import math
import time

import numpy as np
from numpy.typing import NDArray

from spectra.data.scenes import MATERIALS, VIEWS, scene

Doubles = NDArray[np.float64]


class Moments:
    """Sums for least squares of y on (R, G, B, 1), over any number of images."""

    def __init__(self) -> None:
        self.products, self.cross, self.square = np.zeros((4, 4)), np.zeros(4), 0.0

    @property
    def count(self) -> float:
        return float(self.products[3, 3])

    def add(self, inputs: Doubles, target: Doubles) -> None:
        self.products += inputs.T @ inputs
        self.cross += inputs.T @ target
        self.square += float(target @ target)

    def residual(self) -> float:
        """Sum of squared errors of the best linear map."""
        weights = np.linalg.lstsq(self.products, self.cross, rcond=None)[0]
        return max(0.0, self.square - float(weights @ self.cross))

    def spread(self) -> float:
        """Sum of squared errors of the best constant."""
        return self.square - float(self.cross[3]) ** 2 / self.count


def realism(view: str, count: int, size: int, seed: int = 0) -> dict[str, float]:
    pooled, by_material = Moments(), [Moments() for _ in MATERIALS]
    pairs = np.zeros((3, 3))
    sums, total = np.zeros(3), 0
    for index in range(count):
        place = scene(seed, index, size, view)
        rgb = place.image("rgb").reshape(-1, 3) / 255.0
        nir, lwir = (place.image(name).ravel() / 255.0 for name in ("nir", "lwir"))
        bands = np.stack([rgb.mean(axis=1), nir, lwir])
        pairs, sums, total = pairs + bands @ bands.T, sums + bands.sum(axis=1), total + nir.size
        inputs = np.column_stack([rgb, np.ones(nir.size)])
        pooled.add(inputs, nir)
        kinds = place.materials.ravel()
        for kind in np.unique(kinds):
            by_material[kind].add(inputs[kinds == kind], nir[kinds == kind])
    covariance = pairs / total - np.outer(sums, sums) / total**2
    deviation = np.sqrt(np.diag(covariance))
    known = sum(moments.residual() for moments in by_material if moments.count)
    return {
        "grey_mean": float(sums[0] / total),
        "nir_mean": float(sums[1] / total),
        "lwir_mean": float(sums[2] / total),
        "grey_nir": float(covariance[0, 1] / (deviation[0] * deviation[1])),
        "grey_lwir": float(covariance[0, 2] / (deviation[0] * deviation[2])),
        "linear_gain_db": _decibels(pooled.spread(), pooled.residual()),
        "material_gain_db": _decibels(pooled.residual(), known),
    }


def _decibels(before: float, after: float) -> float:
    return 10 * math.log10(before / after)


def scenes_per_second(view: str, count: int, size: int, seed: int = 0) -> float:
    started = time.process_time()
    for index in range(count):
        place = scene(seed, index, size, view)
        place.image("rgb")
        place.image("nir")
    return count / (time.process_time() - started)


def main() -> None:
    parser = argparse.ArgumentParser(description="Realism and speed of the built-in scenes.")
    parser.add_argument("--count", type=int, default=60, help="scenes a view")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    table = {}
    for view in VIEWS:
        speed = scenes_per_second(view, options.count, options.size, options.seed)
        table[view] = {**realism(view, options.count, options.size, options.seed), "scenes_per_second": speed}
    if options.json:
        print(json.dumps(table, indent=1))
        return
    for name in table[VIEWS[0]]:
        print(f"{name:20}" + "".join(f"{table[view][name]:12.3f}" for view in VIEWS))


if __name__ == "__main__":
    main()
