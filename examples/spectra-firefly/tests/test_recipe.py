"""The recipe carries translator, loss and metrics through Spectra, and the translator learns."""

from __future__ import annotations

from pathlib import Path

import spectra

RECIPE = Path(__file__).parents[1] / "recipe.yaml"


def test_it_learns_more_than_the_mean(tmp_path: Path) -> None:
    methods = spectra.run(RECIPE, out=tmp_path / "run").methods
    learned, constant = methods["firefly"]["scores"], methods["constant"]["scores"]
    assert learned["psnr"]["mean"] > constant["psnr"]["mean"] + 1
    assert learned["firefly_bias"]["n"] == 8
    assert learned["firefly_tones"]["n"] == 8
