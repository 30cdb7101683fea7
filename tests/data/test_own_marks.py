"""What a file itself marks as no data, from reading to training, scores and results."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
import torch
from numpy.typing import NDArray

from spectra.bench.harness import evaluate, prepare
from spectra.bench.scoring import predict
from spectra.data.catalogue import Catalogue, ImageFile, Place
from spectra.data.open import open_data
from spectra.data.reader import Reader
from spectra.data.sets.facts import Facts
from spectra.data.statistics import measure
from spectra.modalities import Modality, Scale
from spectra.recipe.recipe import Recipe
from spectra.translation.translate import translate

MARK = 42113


def tiff(path: Path, image: NDArray[Any], mark: str | None) -> ImageFile:
    """With the tag in which GDAL keeps the value for no data, as text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tags = [] if mark is None else [(MARK, "s", 0, mark, True)]
    squeezed = image if image.shape[2] > 1 else image[..., 0]
    tifffile.imwrite(path, squeezed, photometric="minisblack", planarconfig=None, extratags=tags)
    return ImageFile(path)


def with_hole(dtype: str, value: float) -> NDArray[Any]:
    image = np.random.default_rng(0).integers(20, 90, (6, 7, 1)).astype(dtype)
    image[1:3, 2:5] = value
    return image


@pytest.mark.parametrize(
    ("dtype", "value", "mark"),
    [("uint8", 0, "0"), ("uint16", 65535, "65535"), ("float32", -9999, "-9999.0"), ("float32", math.nan, "nan"),
     ("float32", -math.inf, "-inf"), ("float32", np.float32(-3.4028235e38), "-3.4028234663852886e+38")],
)  # fmt: skip
def test_pixels_that_a_file_marks_have_no_data_and_hold_the_mean_of_the_others(
    tmp_path: Path, dtype: str, value: float, mark: str
) -> None:
    image = with_hole(dtype, value)
    picture = Facts(Reader()).picture(tiff(tmp_path / "a.tif", image, mark), Modality.parse("ir"))
    hole = np.zeros((6, 7), bool)
    hole[1:3, 2:5] = True
    mean = float(image[..., 0][~hole].astype(np.float64).mean()) / picture.scale.span
    assert picture.valid is not None and np.array_equal(~picture.valid.numpy(), hole)
    assert picture.pixels[0][torch.from_numpy(hole)].tolist() == pytest.approx([mean] * 6)


@pytest.mark.parametrize(
    ("mark", "scale"),
    [
        ("0", "dtype nodata 7"),
        ("0.5", "dtype"),
        ("-9999", "dtype"),
        ("256", "dtype"),
        ("nan", "dtype"),
        (None, "dtype"),
    ],
)
def test_what_the_scale_states_wins_and_what_the_type_cannot_hold_marks_nothing(
    tmp_path: Path, mark: str | None, scale: str
) -> None:
    file = tiff(tmp_path / "a.tif", with_hole("uint8", 0), mark)
    picture = Facts(Reader()).picture(file, Modality("ir", 1, Scale.parse(scale)))
    assert picture.valid is None and picture.scale.nodata == (7 if "7" in scale else None)


def write_marked(root: Path, mark: str = "-9999") -> Path:
    """Pairs in which the target is twice the source, but for a hole of marked values in each."""
    random = np.random.default_rng(1)
    for split, names in (("train", "abc"), ("test", "de")):
        for number, name in enumerate(names):
            source = random.uniform(0.1, 0.5, (12, 12, 1)).astype(np.float32)
            target = 2 * source
            source[number : number + 2, :5] = target[6:8, number:9] = -9999
            tiff(root / split / "nir" / f"{name}.tif", source, mark)
            tiff(root / split / "ir" / f"{name}.tif", target, mark)
    return root


def recipe(root: Path, **said: Any) -> Recipe:
    data = {"root": root, **said.pop("data", {})}
    return Recipe.model_validate({"task": "nir2ir", "translator": "linear", "data": data, **said})


def test_nobody_learns_from_them_they_are_not_scored_and_a_note_says_so(tmp_path: Path) -> None:
    said = recipe(write_marked(tmp_path / "pairs"))
    data = open_data(said)
    method = prepare(said, data)
    evaluate([method], data.test, said.evaluate)
    assert method.scores()["rmse"].value == pytest.approx(0, abs=1e-6)
    assert method.scores()["rmse"].unit == "1"
    assert [note for note in data.notes if "marks no data" in note] == [
        f"5 {side} images state themselves what marks no data (-9999), and are read so." for side in ("nir", "ir")
    ]
    quiet = open_data(recipe(said.data.root, data={"source": {"scale": "dtype nodata 9"}}))  # type: ignore[arg-type]
    assert sum("marks no data" in note for note in quiet.notes) == 1


def test_the_scored_predictions_are_the_results_that_translate_writes(tmp_path: Path) -> None:
    said = recipe(write_marked(tmp_path / "pairs"))
    data = open_data(said)
    model = prepare(said, data).model
    translate(model, tmp_path / "pairs/test/nir", tmp_path / "out")
    for pair in data.test:
        written = tifffile.imread(tmp_path / "out" / f"{pair.name.rpartition('/')[2]}.tif")
        valid = pair.source.valid
        assert valid is not None and not valid.all()
        assert np.array_equal(predict(model, pair)[0][valid].numpy(), written[valid.numpy()])


def test_single_images_and_percentiles_leave_them_out(tmp_path: Path) -> None:
    data = open_data(recipe(write_marked(tmp_path / "pairs"), data={"target": {"scale": "K percentiles 0..100"}}))
    low, high = data.task.target.scale.limits
    assert 0.2 <= low < high <= 1.0
    assert data.images["ir"][0].valid is not None


def test_statistics_leave_them_out_and_count_them(tmp_path: Path) -> None:
    one = with_hole("uint16", 60000)
    places = {"rgb": tiff(tmp_path / "a.tif", one, "60000"), "nir": tiff(tmp_path / "b.tif", 2 * one % 251, None)}
    found = measure(
        Catalogue(tmp_path, "made", [Place("a", "a", "", {s: (f,) for s, f in places.items()})], sides=("rgb", "nir"))
    )
    known = one[..., 0] != 60000
    assert (found.sides["rgb"].marked, found.sides["rgb"].high) == (6, one[..., 0][known].max())
    assert found.sides["rgb"].mean == (pytest.approx(one[..., 0][known].mean()),)
    both = np.corrcoef(one[..., 0][known], (2 * one % 251)[..., 0][known])[0, 1]
    assert found.relations[0].pooled == pytest.approx(both)
