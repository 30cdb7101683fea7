"""graydef and the floors on real RGB→NIR pairs, as the table of the README.

    python benchmarks/real_pairs.py DIR DIR... [--metrics psnr,ssim,rmse]

Each DIR has train/{rgb,nir} and test/{rgb,nir}. The factor is fitted on train; the scores are of the test split.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import spectra

ROWS = {
    "linear": "`linear` *",
    "constant": "`constant` *",
    "copy": "`copy` *",
    "inverse": "`inverse` *",
    "graydef preset=fit": "`graydef`, fitted",
    "graydef preset=rgb2ir": "`graydef`, 1.3 as printed",
}
RECIPE = Path(__file__).parents[1] / "recipes" / "pbvs_rgb2ir_factors.yaml"


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("folders", nargs="+", type=Path)
    words.add_argument("--metrics", default="psnr,ssim,rmse")
    asked = words.parse_args()
    runs = {folder.name: run(folder) for folder in asked.folders}
    print(table(runs, asked.metrics.split(",")))


def run(folder: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as place:
        return spectra.run(RECIPE, data=folder, sets=["task=rgb2nir"], out=Path(place) / "run").metrics


def table(runs: dict[str, dict[str, Any]], metrics: list[str]) -> str:
    heads = [f"{name}<br>{metric} {unit(run, metric)}" for name, run in runs.items() for metric in metrics]
    lines = ["| method | " + " | ".join(heads) + " |", "|---" * (len(heads) + 1) + "|"]
    for method, shown in ROWS.items():
        cells = [cell(run["methods"][method]["scores"][metric]) for run in runs.values() for metric in metrics]
        lines.append(f"| {label(shown, method, runs)} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def label(shown: str, method: str, runs: dict[str, dict[str, Any]]) -> str:
    if not shown.endswith("fitted"):
        return shown
    factors = (f"{run['methods'][method]['diagnostics']['factor']:.3f}" for run in runs.values())
    return f"{shown}: {' and '.join(factors)}"


def unit(run: dict[str, Any], metric: str) -> str:
    score = run["methods"]["copy"]["scores"][metric]
    return f"{score['unit']} {'↑' if score['better'] == 'higher' else '↓'}".strip()


def cell(score: dict[str, Any]) -> str:
    digits = 1 if abs(score["mean"]) > 2 else 2
    return f"{score['mean']:.{digits}f} [{score['low']:.{digits}f}, {score['high']:.{digits}f}]"


if __name__ == "__main__":
    main()
