from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from spectra.data.scenes import BANDS, MATERIALS, VIEWS, Scene, scene
from spectra.errors import SpectraError

CHANNELS = {"rgb": 3, "ms4": 4, "ms5": 5}
WALLS = {"plaster", "ochre_plaster", "green_plaster", "blue_plaster", "pink_plaster", "brick", "concrete"}
ROOFS = {"roof_tile", "roof_slate", "roof_metal", "roof_bitumen", "roof_membrane", "gravel", "solar_panel", "metal"}
PAINTS = {"paint_white", "paint_silver", "paint_black", "paint_red", "paint_blue", "paint_green", "marking"}
VEHICLE = PAINTS | {"glass", "rubber", "metal"}
OWN = {
    "car": VEHICLE,
    "truck": VEHICLE,
    "bus": VEHICLE,
    "building": WALLS | ROOFS | {"glass", "bark"},
    "tree": {"deciduous", "conifer", "copper_beech", "bark"},
    "person": {"skin", "dark_cloth", "bright_cloth", "rubber"},
}


def _each(count: int = 12, size: int = 96) -> list[Scene]:
    return [scene(5, index, size, view) for view in VIEWS for index in range(count)]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("size", [16, 32, 67, (24, 80), (130, 33)])
def test_every_modality_has_the_size_asked_for(view: str, size: int | tuple[int, int]) -> None:
    place = scene(0, 3, size, view)
    shape = (size, size) if isinstance(size, int) else size
    assert place.materials.shape == place.instances.shape == place.shadow.shape == shape
    for modality in BANDS:
        assert place.image(modality).shape == (*shape, CHANNELS.get(modality, 1))


def test_the_material_map_names_known_materials_with_all_their_properties() -> None:
    assert len(MATERIALS) >= 24
    assert len({material.name for material in MATERIALS}) == len(MATERIALS)
    for material in MATERIALS:
        assert len(material.reflectance) == len(material.change) == 5
        assert all(0 < value < 1 for value in material.reflectance)
        assert 0 < material.emissivity <= 1 and 0 <= material.inertia <= 1 and material.backscatter > 0
    for place in _each():
        assert place.materials.dtype == np.uint8
        assert int(place.materials.max()) < len(MATERIALS)
        assert len(np.unique(place.materials)) >= 3


def test_boxes_are_the_extents_of_instances_in_sight() -> None:
    for place in _each(size=128):
        extents = set()
        for number in np.unique(place.instances[place.instances > 0]):
            rows, columns = np.nonzero(place.instances == number)
            extents.add((columns.min(), rows.min(), columns.max() + 1, rows.max() + 1))
        height, width = place.materials.shape
        for label, left, top, right, bottom in place.boxes:
            assert 0 <= left < right <= width and 0 <= top < bottom <= height
            assert (left, top, right, bottom) in extents, label


def test_instances_consist_of_what_they_are_labelled() -> None:
    found = set()
    for place in _each(20, 128):
        numbers = [number for number in np.unique(place.instances) if (place.instances == number).sum() >= 4][1:]
        assert len(numbers) == len(place.boxes)
        for number, box in zip(numbers, place.boxes, strict=True):
            inside = {MATERIALS[kind].name for kind in np.unique(place.materials[place.instances == number])}
            assert inside <= OWN[box.label], (place.name, box.label, inside)
            found.add(box.label)
    assert found == set(OWN)


def test_what_was_rendered_before_does_not_matter() -> None:
    for view in VIEWS:
        forwards, backwards = scene(1, 2, 48, view), scene(1, 2, 48, view)
        first = {modality: forwards.image(modality) for modality in BANDS}
        last = {modality: backwards.image(modality) for modality in reversed(BANDS)}
        for modality in BANDS:
            np.testing.assert_array_equal(first[modality], last[modality])
            np.testing.assert_array_equal(first[modality], forwards.image(modality))


def test_another_index_seed_or_view_is_another_scene() -> None:
    images = [
        scene(seed, index, 32, view).image("rgb").tobytes() for seed in range(3) for index in range(5) for view in VIEWS
    ]
    assert len(set(images)) == len(images)
    assert scene(0, 12).name == scene(0, 12).group == "aerial_000012"
    assert scene(0, 7, 16, "street").name == "street_000007"


def test_infrared_is_the_near_infrared_and_grey_is_the_luma_of_the_colour_image() -> None:
    for view in VIEWS:
        place = scene(0, 0, 40, view)
        np.testing.assert_array_equal(place.image("ir"), place.image("nir"))
        rgb = place.image("rgb").astype(np.float64)
        luma = rgb @ np.array([0.299, 0.587, 0.114])
        assert np.abs(place.image("gray")[..., 0] - luma).max() <= 0.5 + 1e-9


@pytest.mark.parametrize("modality", BANDS)
def test_sixteen_bits_hold_more_levels_of_the_same_picture(modality: str) -> None:
    place = scene(2, 1, 96)
    shallow, deep = place.image(modality, 8), place.image(modality, 16)
    assert (shallow.dtype.name, deep.dtype.name) == ("uint8", "uint16")
    assert len(np.unique(deep)) > 2000
    assert np.abs(deep / 257.0 - shallow).max() <= 1.0
    assert len(np.unique(deep % 257)) > 200  # not the 8-bit levels stretched


def test_a_caller_may_write_into_an_image_without_harm() -> None:
    place = scene(0, 0, 32)
    before = place.image("rgb")
    place.image("rgb")[:] = 0
    np.testing.assert_array_equal(place.image("rgb"), before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"view": "areal"}, "Did you mean 'aerial'"),
        ({"size": 15}, "at least 16 pixels"),
        ({"size": (64, 8)}, "at least 16 pixels"),
        ({"size": (64, 64, 3)}, "at least 16 pixels"),
        ({"size": 64.0}, "at least 16 pixels"),
        ({"seed": -1}, "The seed of a scene"),
        ({"index": 1.5}, "The index of a scene"),
    ],
)
def test_wrong_arguments_are_explained(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(SpectraError, match=message):
        scene(**({"seed": 0, "index": 0} | arguments))  # type: ignore[arg-type]


def test_wrong_modalities_and_depths_are_explained() -> None:
    place = scene(0, 0, 16)
    with pytest.raises(SpectraError, match="Did you mean 'lwir'"):
        place.image("lwr")
    with pytest.raises(SpectraError, match="8 or 16 bits, not 12"):
        place.image("rgb", 12)


def test_importing_the_scenes_imports_neither_torch_nor_cv2() -> None:
    code = "import sys, spectra.data.scenes; print(sorted({'torch', 'cv2', 'scipy', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
