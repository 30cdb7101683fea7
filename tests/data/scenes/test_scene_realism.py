from __future__ import annotations

import importlib.util
import time
from functools import cache
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from spectra.data.scenes import MATERIALS, VIEWS, scene
from spectra.data.scenes.noise import soften

INDEX = {material.name: number for number, material in enumerate(MATERIALS)}


@cache
def _benchmark() -> ModuleType:
    path = Path(__file__).parents[3] / "benchmarks" / "scenes.py"
    spec = importlib.util.spec_from_file_location("benchmark_of_scenes", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@cache
def _realism(view: str) -> dict[str, float]:
    measured: dict[str, float] = _benchmark().realism(view, 60, 96)
    return measured


@pytest.mark.parametrize("view", VIEWS)
def test_grey_tells_something_of_the_near_infrared_and_little_of_the_heat(view: str) -> None:
    assert 0.3 <= _realism(view)["grey_nir"] <= 0.7
    assert -0.3 <= _realism(view)["grey_lwir"] <= 0.3


@pytest.mark.parametrize("view", VIEWS)
def test_a_linear_map_beats_a_constant_and_leaves_much_to_learn(view: str) -> None:
    assert 2 <= _realism(view)["linear_gain_db"] <= 5
    assert _realism(view)["material_gain_db"] >= 6


@pytest.mark.slow
@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_targets_hold_at_full_size(view: str, seed: int) -> None:
    measured = _benchmark().realism(view, 60, 256, seed)
    assert 0.3 <= measured["grey_nir"] <= 0.7 and -0.3 <= measured["grey_lwir"] <= 0.3
    assert 2 <= measured["linear_gain_db"] <= 5 and measured["material_gain_db"] >= 6


def _values(modality: str, view: str = "aerial", count: int = 30) -> dict[str, np.ndarray]:
    """Values of a single-band modality in the sun, by material."""
    pooled: dict[str, list[np.ndarray]] = {}
    for index in range(count):
        place = scene(0, index, 96, view)
        image, lit = place.image(modality)[..., 0] / 255.0, place.shadow < 0.05
        for number in np.unique(place.materials):
            pooled.setdefault(MATERIALS[number].name, []).append(image[lit & (place.materials == number)])
    return {name: np.concatenate(parts) for name, parts in pooled.items()}


def test_plants_shine_and_water_is_dark_in_the_near_infrared() -> None:
    nir, gray = _values("nir"), _values("gray")
    for plant in ("grass", "crop", "lawn", "deciduous"):
        assert nir[plant].mean() > 1.4 * gray[plant].mean()
    assert nir["water"].mean() < 0.6 * gray["water"].mean()
    assert nir["artificial_turf"].mean() < 0.7 * nir["lawn"].mean()


def test_asphalt_is_hot_and_water_is_cool() -> None:
    lwir = _values("lwir")
    assert lwir["asphalt"].mean() > lwir["grass"].mean() + 0.05
    assert lwir["water"].mean() < lwir["asphalt"].mean() - 0.1


def test_people_are_warmer_than_the_walls_on_a_cold_day() -> None:
    places = [scene(0, index, 128, "street") for index in range(60)]
    cold = [place for place in places if place.weather.air < 285 and (place.materials == INDEX["skin"]).sum() > 3]
    assert cold
    for place in cold:
        lwir = place.image("lwir")[..., 0]
        assert lwir[place.materials == INDEX["skin"]].max() > np.median(lwir)


def test_roofs_are_bright_and_water_is_dark_to_the_radar() -> None:
    sar = _values("sar")
    assert sar["roof_tile"].mean() > 1.5 * sar["grass"].mean() > 3 * sar["water"].mean()


def test_speckle_is_that_of_four_looks() -> None:
    open_water = []
    for index in range(40):
        place = scene(0, index, 96)
        inner = soften((place.materials == INDEX["water"]).astype(np.float32), 3) == 1
        open_water.append((place.image("sar", 16)[..., 0][inner] / 65535.0) ** 2)
    intensity = np.concatenate(open_water)
    assert intensity.size > 5000
    assert abs(intensity.std() / intensity.mean() - 0.5) < 0.05


@pytest.mark.parametrize("modality", ["rgb", "nir", "swir", "eo"])
def test_shadows_darken(modality: str) -> None:
    sunny, shady = [], []
    for index in range(20):
        place = scene(0, index, 96)
        image, asphalt = place.image(modality) / 255.0, place.materials == INDEX["asphalt"]
        sunny.append(image[asphalt & (place.shadow < 0.05)])
        shady.append(image[asphalt & (place.shadow > 0.95)])
    assert np.concatenate(shady).mean() < 0.85 * np.concatenate(sunny).mean()


def test_haze_lightens_the_distance_of_a_street() -> None:
    near, far = [], []
    for index in range(30):
        place = scene(0, index, 96, "street")
        blue, foliage = place.image("rgb")[..., 2] / 255.0, place.materials == INDEX["deciduous"]
        near.append(blue[foliage & (place.depth < 15)])
        far.append(blue[foliage & (place.depth > 60)])
    assert np.concatenate(far).mean() > 1.7 * np.concatenate(near).mean()


@pytest.mark.parametrize("view", VIEWS)
def test_scenes_come_fast_enough(view: str) -> None:
    scene(0, 0, 256, view).image("rgb")  # tables
    started = time.process_time()
    for index in range(8):
        place = scene(0, index, 256, view)
        place.image("rgb")
        place.image("nir")
    assert 8 / (time.process_time() - started) > 15
