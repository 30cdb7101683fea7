"""Weights of losses and terms: what a method learns from is never learned backwards."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.errors import SpectraError
from spectra.recipe.load import load_experiment

HEAD = "task: rgb2ir\ntranslator: graydef\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("losses: {l1: -1}\n", 3),
        ("losses:\n  l1: {weight: -0.5}\n", 4),
        ("weights:\n  generator:\n    adversarial: -1\n", 5),
    ],
)
def test_a_negative_weight_is_refused_where_it_stands(text: str, line: int, tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(HEAD + text, encoding="utf-8")
    with pytest.raises(SpectraError, match=rf"small\.yaml:{line}:\d+: .*greater than or equal to 0"):
        load_experiment(file)


@pytest.mark.parametrize("said", ["losses={l1: -1}", "weights={generator: {adversarial: -0.1}}"])
def test_so_is_one_that_is_set(said: str, tmp_path: Path) -> None:
    file = tmp_path / "small.yaml"
    file.write_text(HEAD, encoding="utf-8")
    with pytest.raises(SpectraError, match="greater than or equal to 0"):
        load_experiment(file, sets=[said])
    assert load_experiment(file, sets=[said.replace("-", "")]).recipes[0].method == "graydef"
