"""Images that show the same are found, wherever they were cut and however they were saved; others are not."""

from __future__ import annotations

import hashlib
import random as shuffling
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as Pillow

from spectra.data.checkup.alike import Alike, AlikeSearch, find_alike, grouped
from spectra.data.images import read_image
from spectra.data.scenes import scene
from tests.real_pairs import real_pairs

Image = NDArray[Any]
SIDE = 160


def photograph(number: int, height: int = 300, width: int = 400) -> Image:
    return scene(13, number, (height, width), ("street", "aerial")[number % 2]).image("rgb")


@pytest.fixture(scope="module")
def photographs() -> list[Image]:
    return [photograph(number) for number in range(12)]


def named(images: list[Image]) -> list[tuple[str, Image]]:
    return [(str(number), image) for number, image in enumerate(images)]


def saved(image: Image, quality: int = 60) -> Image:
    """Brighter, with less contrast, some noise, and through JPEG."""
    noisy = image * 0.85 + 20 + np.random.default_rng(0).normal(0, 3, image.shape)
    code = cv2.imencode(".jpg", np.clip(noisy, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    decoded: Image = cv2.imdecode(code, cv2.IMREAD_UNCHANGED)
    return decoded


def only(found: list[Alike]) -> Alike:
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("top", "left"),  # of the second crop, where the first lies at (60, 120): they share 30 to 90 percent
    [(60, 232), (140, 210), (12, 50), (60, 120 - 90), (65, 128), (0, 60)],
)
def test_crops_of_one_photograph_are_found_with_their_offset(photographs: list[Image], top: int, left: int) -> None:
    crops = [image[40 : 40 + SIDE, 90 : 90 + SIDE] for image in photographs]
    for number in (2, 5):
        crops[number] = photographs[number][60 : 60 + SIDE, 120 : 120 + SIDE]
        crops.append(saved(photographs[number][top : top + SIDE, left : left + SIDE]))
    found = find_alike(named(crops))
    assert [(one.a, one.b) for one in found] == [("2", "12"), ("5", "13")]
    shared = (SIDE - abs(60 - top)) * (SIDE - abs(120 - left)) / SIDE**2
    for one in found:
        assert one.kind == ("overlap" if shared < 0.9 else "near") or 0.9 < shared < 0.97
        assert one.offset == pytest.approx((60 - top, 120 - left), abs=1.5)
        assert one.share == pytest.approx(shared, abs=0.02)


def test_images_of_other_scenes_are_not_alike(photographs: list[Image]) -> None:
    assert find_alike(named(photographs)) == []


def test_equal_pixels_are_identical_and_equal_files_need_not_be(photographs: list[Image]) -> None:
    first, second = photographs[:2]
    images = [first, second, first.copy(), second.astype(np.uint16), np.ascontiguousarray(first.transpose(1, 0, 2))]
    found = find_alike(named([*images, first.copy()]))
    assert [(one.a, one.b, one.kind) for one in found] == [
        ("0", "2", "identical"),
        ("0", "5", "identical"),
        ("1", "3", "near"),
    ]


def test_a_copy_that_was_saved_again_is_near(photographs: list[Image]) -> None:
    found = only(find_alike(named([*photographs[:6], saved(photographs[3])])))
    assert (found.a, found.b, found.kind) == ("3", "6", "near")
    assert found.offset == pytest.approx((0, 0), abs=0.5) and found.share > 0.99 and found.score > 0.8


@pytest.mark.parametrize("ratio", [0.5, 0.61, 1.7])
def test_a_copy_of_another_size_is_near(photographs: list[Image], ratio: float) -> None:
    resized = cv2.resize(photographs[4], None, fx=ratio, fy=ratio, interpolation=cv2.INTER_AREA)
    found = only(find_alike(named([*photographs[:6], resized])))
    assert (found.a, found.b, found.kind) == ("4", "6", "near")


def test_an_image_within_a_larger_one_overlaps(photographs: list[Image]) -> None:
    found = only(find_alike(named([*photographs[:6], photographs[4][50:250, 100:300]])))
    assert (found.a, found.b, found.kind) == ("4", "6", "overlap")
    assert found.offset == pytest.approx((-50, -100), abs=1.5) and found.share > 0.97


def meadow(seed: int, side: int = 200) -> Image:
    """Blades all over, brighter to the top: any two look alike, and no part of one is in the other."""
    noise = np.random.default_rng(seed).normal(0, 1, (side, side)).astype(np.float32)
    blades = cv2.GaussianBlur(noise, (0, 0), sigmaX=1, sigmaY=4)
    return np.clip(blades * 120 + np.linspace(190, 60, side)[:, None], 0, 255).astype(np.uint8)


def sky(seed: int, side: int = 200) -> Image:
    slope = np.linspace(120, 220, side)[:, None] + np.random.default_rng(seed).normal(0, 0.5, (side, side))
    return slope.astype(np.uint8)


def test_textures_and_skies_are_not_alike() -> None:
    images = [texture(seed) for seed in range(12) for texture in (meadow, sky)]
    assert find_alike(named(images)) == []


def test_a_mark_in_all_images_does_not_make_them_alike(photographs: list[Image]) -> None:
    """Its corners agree on one displacement; what lies around them does not."""
    images = [image[:SIDE, :SIDE].copy() for image in photographs]
    for image in images:
        cv2.putText(image, "2026-11-21", (10, SIDE - 12), cv2.FONT_HERSHEY_SIMPLEX, 0.7, (255, 255, 255), 2)
    assert find_alike(named(images)) == []


@pytest.mark.parametrize(
    "form",
    [
        lambda image: image.astype(np.uint16) * 257,
        lambda image: image.astype(np.float32) / 10 - 12,
        lambda image: np.where(np.arange(image.shape[1])[:, None] < 30, np.nan, image).astype(np.float32),
        lambda image: np.concatenate([image, image[..., :2]], 2),
        lambda image: image[..., 1],
    ],
    ids=["uint16", "float", "no data", "five bands", "one band"],
)
def test_type_and_bands_do_not_matter(photographs: list[Image], form: Any) -> None:
    crops = [image[40 : 40 + SIDE, 90 : 90 + SIDE] for image in photographs[:6]]
    crops.append(photographs[2][70 : 70 + SIDE, 30 : 30 + SIDE])
    found = only(find_alike(named([form(crop) for crop in crops])))
    assert (found.a, found.b) == ("2", "6")
    assert found.offset == pytest.approx((-30, 60), abs=1.5)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 500), (20, 20, 1), (64, 64, 3)])
def test_images_without_anything_in_them_are_alike_only_as_copies(shape: tuple[int, ...]) -> None:
    images = [np.full(shape, value, np.uint8) for value in (0, 9, 255, 9)]
    found = only(find_alike([*named(images), ("nan", np.full(shape, np.nan, np.float32))]))
    assert (found.a, found.b, found.kind) == ("1", "3", "identical")


def test_there_is_nothing_alike_in_nothing() -> None:
    assert find_alike([]) == [] and grouped([]) == []


def test_a_description_is_small_whatever_the_image() -> None:
    image = np.kron(photograph(0), np.ones((6, 6, 1), np.uint8))
    described = AlikeSearch.describe(image)
    arrays = described.corners.places.nbytes + described.corners.words.nbytes + described.gist.nbytes
    assert arrays + len(described.small.code) < 14_000 < image.nbytes / 100


def test_frames_of_a_long_film_hang_together(photographs: list[Image]) -> None:
    """A camera that goes slowly: not every pair is told, but all are in one group."""
    film = [saved(photographs[1][step // 2 : step // 2 + SIDE, step : step + SIDE], 90) for step in range(60)]
    found = find_alike(named([*film, photographs[2][:SIDE, :SIDE]]))
    assert grouped(found) == [sorted(str(number) for number in range(60))]
    assert len(found) < 60 * 13


def test_the_same_is_found_each_time_and_in_any_order(photographs: list[Image]) -> None:
    images = named([image[40 : 40 + SIDE, 90 : 90 + SIDE] for image in photographs])
    images += [(f"{name} again", saved(photographs[int(name)][60:220, 60:220])) for name, _ in images[:8]]
    found = find_alike(images)
    assert find_alike(images) == found
    shuffling.Random(3).shuffle(images)
    assert {frozenset((one.a, one.b)) for one in find_alike(images)} == {frozenset((one.a, one.b)) for one in found}
    assert len(found) == 8


def test_groups_join_what_hangs_together() -> None:
    pairs = [("a", "b"), ("d", "c"), ("e", "f"), ("b", "d"), ("f", "g")]
    alike = [Alike(a, b, "near", (0, 0), 1, 1) for a, b in pairs]
    assert grouped(alike) == [["a", "b", "c", "d"], ["e", "f", "g"]]


def test_crops_of_real_photographs_come_in_twos_and_no_split_has_a_copy_of_another() -> None:
    """Two squares of 680 of a photograph 1024 wide, made 256: half as wide again lies between their corners."""
    folder = real_pairs("nir_rgb_vcip2020")
    paths = sorted(folder.glob("train/rgb/*.png")) + sorted(folder.glob("val/rgb/*.png"))
    found = find_alike((f"{path.parts[-3]}/{path.stem}", read_image(path)) for path in paths)
    within = [one for one in found if one.a.startswith("train/") and one.b.startswith("train/")]
    assert len(grouped(within)) >= 170
    beside = [one for one in within if abs(abs(one.offset[1]) - 256 * (1024 / 680 - 1)) < 2 and one.score > 0.9]
    assert len(beside) >= 100
    assert not [one for one in found if one.kind == "identical"]
    assert all_differ(paths)


def all_differ(paths: list[Path]) -> bool:
    """By other means: as Pillow reads them."""
    digests = set()
    for path in paths:
        with Pillow.open(path) as image:
            digests.add(hashlib.sha256(image.tobytes()).digest())
    return len(digests) == len(paths)
