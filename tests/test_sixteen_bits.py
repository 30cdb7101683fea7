"""Sixteen-bit reflectance and float decibels, from files through a model and back, scored in their own unit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

import spectra
from tests.real_pairs import real_pairs

RECIPE = """
task: {task}
translator: {translator}
settings: {settings}
data:
  source: {{folder: rgb, scale: reflectance 0..10000}}
  target: {{folder: {folder}, scale: {scale}}}
evaluate: {{metrics: [rmse, mae, psnr, ssim], samples: 1}}
"""
REFLECTANCE = ("rgb2nir", "nir", "reflectance 0..10000")
DECIBELS = ("rgb2sar", "sar_vv", "dB -25..0")


def carried_out(
    root: Path, out: Path, task: tuple[str, str, str], translator: str, settings: str = "{}"
) -> spectra.Model:
    out.mkdir()
    recipe = out / "recipe.yaml"
    name, folder, scale = task
    recipe.write_text(
        RECIPE.format(task=name, translator=translator, settings=settings, folder=folder, scale=scale), encoding="utf-8"
    )
    spectra.run(recipe, data=root, out=out / "run")
    return spectra.load(out / "run")


def test_twelve_bits_in_files_of_sixteen_keep_their_scale(tmp_path: Path) -> None:
    """The source is half the target; a scale of 4095 makes neither darker, and nothing is stretched to 65535."""
    random = np.random.default_rng(0)
    for split, count in (("train", 3), ("test", 2)):
        for number in range(count):
            rgb = random.integers(0, 2048, (24, 20, 3)).astype(np.uint16)
            for side, image in (("rgb", rgb), ("nir", (rgb.mean(axis=2) * 2).round().astype(np.uint16))):
                (tmp_path / "pairs" / split / side).mkdir(parents=True, exist_ok=True)
                tifffile.imwrite(tmp_path / "pairs" / split / side / f"{number}.tif", image)
    model = carried_out(tmp_path / "pairs", tmp_path / "work", ("rgb2nir", "nir", "DN 0..4095"), "linear")
    done = spectra.translate(model, tmp_path / "pairs" / "test" / "rgb", tmp_path / "out")

    for path in done.written:
        written, truth = tifffile.imread(path), tifffile.imread(tmp_path / "pairs/test/nir" / path.name)
        assert written.dtype == np.uint16
        assert np.abs(written.astype(int) - truth).max() <= 1


def test_an_identity_keeps_values_beyond_the_scale(tmp_path: Path) -> None:
    image = np.array([[0, 9999, 10000, 10001], [14665, 15979, 40000, 65535]], np.uint16)
    (tmp_path / "in").mkdir()
    tifffile.imwrite(tmp_path / "in" / "snow.tif", image)
    reflectance = spectra.Modality("nir", 1, spectra.Scale.parse("reflectance 0..10000"))
    done = spectra.translate("copy", tmp_path / "in", tmp_path / "out", task=spectra.Task(reflectance, reflectance))

    assert np.array_equal(tifffile.imread(done.written[0]), image)
    assert not [note for note in done.notes if "clipped" in note]


@pytest.mark.parametrize("translator", ["linear", "graydef"])
@pytest.mark.parametrize("task", [REFLECTANCE, DECIBELS], ids=["reflectance", "decibels"])
def test_real_pairs_go_through_in_their_own_unit(tmp_path: Path, task: tuple[str, str, str], translator: str) -> None:
    root = real_pairs("rgb_nir_sar_sentinel_16bit")
    settings = (
        "{}" if translator == "linear" else f"{{variant: {'affine' if task is DECIBELS else 'factor'}, factor: fit}}"
    )
    model = carried_out(root, tmp_path / "work", task, translator, settings)
    run = spectra.run(tmp_path / "work" / "recipe.yaml", data=root, out=tmp_path / "work" / "run")
    scored = run.methods[translator]["scores"]
    done = spectra.translate(model, root / "test" / "rgb", tmp_path / "out")
    truth = [tifffile.imread(root / "test" / task[1] / path.name) for path in done.written]
    written = [tifffile.imread(path) for path in done.written]

    assert len(written) == 4
    assert {image.dtype for image in written} == {np.dtype("uint16" if task is REFLECTANCE else "float32")}
    assert scored["rmse"]["unit"] == task[2].split()[0]
    assert scored["rmse"]["mean"] == pytest.approx(np.mean([_rmse(*both) for both in zip(written, truth, strict=True)]))
    assert str(model.task.target.scale) == task[2]
    if task is DECIBELS:
        assert (
            min(image.min() for image in truth) < -25 < 0 < max(image.max() for image in truth)
        )  # beyond the scale, and scored as they are


def _rmse(written: NDArray[np.generic], truth: NDArray[np.generic]) -> float:
    return float(np.sqrt(np.mean((written.astype(np.float64) - truth.astype(np.float64)) ** 2)))
