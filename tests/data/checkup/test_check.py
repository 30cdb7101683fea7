"""The doctor finds every fault that is planted into clean pairs, and nothing where there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from spectra.data.checkup.check import Checked, check
from spectra.data.checkup.finding import LEVELS, Kind, Level
from spectra.data.images import write_image
from spectra.data.sets.splits import make_split
from spectra.errors import DataError
from tests.data.checkup.photographs import clean, drawn, put
from tests.real_pairs import real_pairs

Plant = Callable[[Path], None]


def kinds(checked: Checked) -> set[Kind]:
    return {finding.kind for finding in checked.findings}


def test_nothing_is_found_amiss_in_clean_pairs(tmp_path: Path) -> None:
    checked = check(clean(tmp_path))

    assert checked.findings == []
    assert checked.groups == []
    assert dict(checked.splits) == {"train": 8, "test": 3}
    assert checked.sides["nir"].dtypes == {"uint8": 11}
    assert checked.offsets["nir"] == pytest.approx((0, 0), abs=0.5)


def missing(root: Path) -> None:
    (root / "train" / "nir" / "002.png").unlink()


def unreadable(root: Path) -> None:
    path = root / "train" / "rgb" / "002.png"
    path.write_bytes(path.read_bytes()[:500])


def size(root: Path) -> None:
    put(root, "train/002", nir=drawn(2)[1][:-4])


def depth(root: Path) -> None:
    put(root, "train/002", nir=drawn(2)[1].astype(np.uint16) * 257)


def bands(root: Path) -> None:
    put(root, "train/002", nir=np.repeat(drawn(2)[1], 3, axis=2))


def constant(root: Path) -> None:
    put(root, "train/002", nir=np.full_like(drawn(2)[1], 80))


def saturated(root: Path) -> None:
    nir = drawn(2)[1].astype(np.float64)
    put(root, "train/002", nir=np.clip(nir / np.quantile(nir, 0.6) * 255, 0, 255).astype(np.uint8))


def saturated_sensor(root: Path) -> None:
    """A sensor of 12 bits in files of 16: the pile is at 4095."""
    for number in range(8):
        put(root, f"train/{number:03d}", nir=drawn(number)[1].astype(np.uint16) * 16)
    for number in range(8, 11):
        put(root, f"test/{number:03d}", nir=drawn(number)[1].astype(np.uint16) * 16)
    nir = drawn(2)[1].astype(np.float64)
    put(root, "train/002", nir=np.minimum(nir / np.quantile(nir, 0.6) * 4095, 4095).astype(np.uint16))


def colourless(root: Path) -> None:
    rgb = drawn(2)[0]
    put(root, "train/002", rgb=np.repeat(rgb.mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2))


def same_sides(root: Path) -> None:
    put(root, "train/002", nir=drawn(2)[0])
    for number in (0, 1, 3, 4, 5, 6, 7):
        put(root, f"train/{number:03d}", nir=np.repeat(drawn(number)[1], 3, axis=2))
    for number in (8, 9, 10):
        put(root, f"test/{number:03d}", nir=np.repeat(drawn(number)[1], 3, axis=2))


def duplicate(root: Path) -> None:
    put(root, "train/002", *drawn(5))


def near(root: Path) -> None:
    rgb = np.clip(drawn(5)[0] * 0.95 + 6 + np.random.default_rng(0).normal(0, 2, drawn(5)[0].shape), 0, 255)
    put(root, "train/002", rgb=rgb.astype(np.uint8), nir=drawn(5)[1])


def crops(one: str, other: str) -> Plant:
    """Two crops of one larger scene, in these places."""

    def plant(root: Path) -> None:
        rgb, nir = drawn(40, 256)
        put(root, one, rgb[:160, :160], nir[:160, :160])
        put(root, other, rgb[40:200, 60:220], nir[40:200, 60:220])

    return plant


def leak(root: Path) -> None:
    put(root, "test/009", *drawn(3))


def shifted(root: Path) -> None:
    rgb, nir = drawn(50, 256)
    put(root, "train/002", rgb[20:180, 20:180], nir[16:176, 25:185])


def all_shifted(root: Path) -> None:
    for number, name in [*((n, f"train/{n:03d}") for n in range(8)), *((n, f"test/{n:03d}") for n in (8, 9, 10))]:
        rgb, nir = drawn(number, 176)
        put(root, name, rgb[8:168, 8:168], nir[11:171, 8:168])


def tiny(root: Path) -> None:
    rgb, nir = drawn(2)
    put(root, "train/002", rgb[:4, :9], nir[:4, :9])


PLANTED: list[tuple[Plant, Kind, str]] = [
    (missing, Kind.MISSING, "train/002"),
    (unreadable, Kind.UNREADABLE, "train/002"),
    (size, Kind.SIZE, "train/002"),
    (depth, Kind.DEPTH, "train/002"),
    (bands, Kind.BANDS, "train/002"),
    (constant, Kind.CONSTANT, "train/002"),
    (tiny, Kind.SMALL, "train/002"),
    (saturated, Kind.SATURATED, "train/002"),
    (saturated_sensor, Kind.SATURATED, "train/002"),
    (colourless, Kind.COLOURLESS, "train/002"),
    (same_sides, Kind.SAME_SIDES, "train/002"),
    (duplicate, Kind.DUPLICATE, "train/002"),
    (near, Kind.NEAR, "train/002"),
    (crops("train/002", "train/006"), Kind.OVERLAP, "train/002"),
    (leak, Kind.LEAK, "test/009"),
    (crops("train/002", "test/009"), Kind.LEAK, "train/002"),
    (shifted, Kind.SHIFTED, "train/002"),
]
ALSO = {
    "size": {Kind.SIZES},
    "tiny": {Kind.SIZES},
    "near": {Kind.DUPLICATE},
}
"""What is true besides: the near copy has the same infrared image."""


@pytest.mark.parametrize(
    ("plant", "kind", "place"), PLANTED, ids=[f"{k.name}-{n}" for n, (_, k, _) in enumerate(PLANTED)]
)
def test_a_planted_fault_is_found_where_it_is_and_no_other(
    tmp_path: Path, plant: Plant, kind: Kind, place: str
) -> None:
    plant(clean(tmp_path))
    checked = check(tmp_path)

    assert any(place in finding.places for finding in checked.of(kind)), [it.text for it in checked.findings]
    assert kinds(checked) <= {kind} | ALSO.get(plant.__name__, set())


@pytest.mark.parametrize("counts", [(1, 1), (3, 3), (4, 3)])
def test_sides_without_a_name_in_common_are_faults(tmp_path: Path, counts: tuple[int, int]) -> None:
    for number in range(counts[0]):
        put(tmp_path, f"train/a{number}", rgb=drawn(number)[0])
    for number in range(counts[1]):
        put(tmp_path, f"train/b{number}", nir=drawn(number + 10)[1])

    assert [len(finding.places) for finding in check(tmp_path).of(Kind.MISSING)] in ([*counts], [*counts[::-1]])


def test_a_side_that_is_grey_throughout_is_told_once(tmp_path: Path) -> None:
    for split, names in (("A", ("trainA", "testA")), ("B", ("trainB", "testB"))):
        for folder in names:
            (tmp_path / folder).mkdir()
            for number in range(3):
                rgb, nir = drawn(number + 5 * folder.startswith("test"))
                image = rgb if split == "A" else np.repeat(nir, 3, axis=2)
                write_image(tmp_path / folder / f"{number}.png", image)
    (finding,) = [it for it in check(tmp_path).findings if "colour" in it.text]

    assert finding.level is Level.NOTE
    assert finding.text.startswith("6 of 6 B images have three channels")


def test_a_shift_of_all_pairs_is_found_though_each_is_small(tmp_path: Path) -> None:
    all_shifted(tmp_path)
    checked = check(tmp_path)

    assert Kind.OFFSET in kinds(checked)
    assert checked.offsets["nir"] == pytest.approx((-3, 0), abs=0.5)
    assert "up" in checked.of(Kind.OFFSET)[0].text


def test_the_estimated_shift_is_told_in_the_right_direction(tmp_path: Path) -> None:
    shifted(clean(tmp_path))
    (finding,) = check(tmp_path).of(Kind.SHIFTED)

    assert (finding.details["rows"], finding.details["columns"]) == pytest.approx((4, -5), abs=0.7)


def test_labels_are_no_images_and_are_told_as_left_out(tmp_path: Path) -> None:
    for number in range(8):
        path = clean(tmp_path) / "train" / "labels" / f"{number:03d}.png"
        path.parent.mkdir(exist_ok=True)
        write_image(path, np.zeros((160, 160, 1), np.uint8), overwrite=True)
    (finding,) = check(tmp_path).findings

    assert finding.text == "Not looked at, as they make no pairs of images: labels."


def test_values_that_are_not_finite_are_told(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for name in ("a", "b"):
        for side in ("sar", "eo"):
            (tmp_path / "train" / side).mkdir(parents=True, exist_ok=True)
            image = random.normal(size=(40, 40, 1)).astype(np.float32)
            if (name, side) == ("a", "sar"):
                image[3, 4:9] = np.nan
            write_image(tmp_path / "train" / side / f"{name}.tif", image)
    (finding,) = check(tmp_path).of(Kind.VALUES)

    assert finding.places == ("train/a",)
    assert "holds 5 values" in finding.text and "`data.source.scale: dtype nodata nan`" in finding.text


def test_places_of_one_scene_form_groups_and_a_split_by_them_leaks_nothing(tmp_path: Path) -> None:
    clean(tmp_path)
    duplicate(tmp_path)
    crops("train/005", "test/009")(tmp_path)
    put(tmp_path, "train/007", *drawn(5))
    checked = check(tmp_path)

    assert checked.groups == [["test/009", "train/005"], ["train/002", "train/007"]]
    for seed in range(5):
        parts = make_split(checked.grouped(), {"test": 0.3}, seed=seed).parts
        for group in checked.groups:
            assert sum(bool(set(group) & set(names)) for names in parts.values()) == 1


def test_places_of_one_name_in_two_splits_are_no_group_by_that_alone(tmp_path: Path) -> None:
    for number, split in enumerate(("train", "train", "test", "test")):
        put(tmp_path, f"{split}/{number % 2}", *drawn(number))
    assert check(tmp_path).groups == []


def test_a_data_set_without_a_split_is_told_how_to_make_one(tmp_path: Path) -> None:
    for number in range(3):
        for side, image in zip(("rgb", "nir"), drawn(number), strict=True):
            (tmp_path / side).mkdir(exist_ok=True)
            write_image(tmp_path / side / f"{number}.png", image)
    (finding,) = check(tmp_path).findings

    assert finding.kind is Kind.SPLIT
    assert "--write-split" in finding.text


def test_every_kind_has_a_level_and_what_ruins_scores_is_a_fault() -> None:
    assert set(LEVELS) == set(Kind)
    assert LEVELS[Kind.LEAK] is LEVELS[Kind.MISSING] is LEVELS[Kind.UNREADABLE] is Level.FAULT


def test_findings_are_the_same_each_time(tmp_path: Path) -> None:
    clean(tmp_path)
    near(tmp_path)
    shifted(tmp_path)

    assert check(tmp_path).as_json() == check(tmp_path).as_json()


def test_an_empty_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError):
        check(tmp_path)


@pytest.mark.slow
def test_the_overlapping_crops_of_vcip_are_found_and_no_identical_pair_leaks() -> None:
    checked = check(real_pairs("nir_rgb_vcip2020"))
    overlaps = [it for it in checked.findings if it.details.get("alike") in ("overlap", "near")]

    assert len([it for it in overlaps if it.kind is Kind.OVERLAP]) > 100
    assert not [it for it in checked.of(Kind.LEAK) if it.details["alike"] == "identical"]
    assert len(checked.groups) > 100
    for finding in overlaps[:20]:
        one, other = (_rgb(checked, name) for name in finding.places)
        assert _correlation(one, other, finding.details["rows"], finding.details["columns"]) > 0.6


def _rgb(checked: Checked, name: str) -> np.ndarray:  # type: ignore[type-arg]
    split, _, rest = name.partition("/")
    image = cv2.imread(str(checked.root / split / "rgb" / f"{rest}.png"), cv2.IMREAD_GRAYSCALE)
    assert image is not None
    return cv2.GaussianBlur(image, (0, 0), 2).astype(np.float64)


def _correlation(one: np.ndarray, other: np.ndarray, rows: float, columns: float) -> float:  # type: ignore[type-arg]
    """Of the parts that both should show, by whole pixels."""
    dy, dx = round(rows), round(columns)
    height, width = one.shape
    here = one[max(0, -dy) : height - max(0, dy), max(0, -dx) : width - max(0, dx)]
    there = other[max(0, dy) : height - max(0, -dy), max(0, dx) : width - max(0, -dx)]
    return float(np.corrcoef(here.ravel(), there.ravel())[0, 1])
