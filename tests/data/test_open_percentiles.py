"""A scale by percentiles: found on the train split, used everywhere, and undone in the results."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import spectra
from spectra.data.images import read_image, write_image
from spectra.data.open import Data, open_data
from spectra.recipe.recipe import Recipe


@pytest.fixture
def root(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for split, top in (("train", 3000), ("test", 9000)):
        for number in range(3):
            rgb = random.integers(400, top, (12, 16, 3)).astype(np.uint16)
            nir = (rgb.mean(axis=2, keepdims=True) * 1.5).astype(np.uint16)
            nir[0, :3] = 0
            for side, image in (("rgb", rgb), ("nir", nir)):
                (tmp_path / "pairs" / split / side).mkdir(parents=True, exist_ok=True)
                write_image(tmp_path / "pairs" / split / side / f"{number}.tif", image)
    return tmp_path / "pairs"


def opened(root: Path, **data: Any) -> Data:
    return open_data(Recipe.model_validate({"task": "rgb2nir", "translator": "linear", "data": {"root": root, **data}}))


def of_split(root: Path, split: str, side: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    images = [read_image(path).ravel() for path in sorted((root / split / side).iterdir())]
    return np.concatenate(images).astype(np.float64)


def test_limits_come_from_the_train_split_alone_without_its_gaps(root: Path) -> None:
    data = opened(root, target={"scale": "DN percentiles 1..99 nodata 0"})
    values = of_split(root, "train", "nir")
    expected = np.percentile(values[values > 0], [1, 99])

    assert data.task.target.scale.limits == pytest.approx(expected)
    assert data.train[0].target.scale == data.test[0].target.scale == data.task.target.scale
    assert float(data.test[0].target.pixels.max()) > 1  # not clipped
    assert str(data.task.source.scale) == "dtype"
    assert any("`DN percentiles 1..99 nodata 0` of the train split, is" in note for note in data.notes)


def test_each_side_has_its_own(root: Path) -> None:
    data = opened(root, source={"scale": "percentiles 0..100"}, target={"scale": "percentiles 0..100"})
    assert data.task.source.scale.limits == (of_split(root, "train", "rgb").min(), of_split(root, "train", "rgb").max())
    assert data.images["rgb"][0].scale == data.task.source.scale


def test_a_model_keeps_them_and_its_results_are_in_the_values_of_the_files(root: Path, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "task: rgb2nir\ntranslator: linear\ndata: {target: {scale: DN percentiles 5..95 nodata 0}}\n", encoding="utf-8"
    )
    run = spectra.run(recipe, data=root, out=tmp_path / "run")
    model = spectra.load(tmp_path / "run")
    said = json.loads((tmp_path / "run" / "model" / "model.json").read_text())["target"]["scale"]
    done = spectra.translate(model, root / "test" / "rgb", tmp_path / "out")
    errors = []
    for path in done.written:
        written, truth = read_image(path).astype(float), read_image(root / "test" / "nir" / path.name).astype(float)
        known = truth > 0
        errors.append(np.sqrt(np.mean((written - truth)[known] ** 2)))
        assert written.max() > model.task.target.scale.limits[1]  # beyond the scale

    assert said == str(model.task.target.scale) == run.metrics["scales"]["target"]
    assert model.task.target.scale.percentiles is None
    assert run.methods["linear"]["scores"]["rmse"]["mean"] == pytest.approx(np.mean(errors))
    assert np.mean(errors) < 20
