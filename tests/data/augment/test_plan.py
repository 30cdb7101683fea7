"""A plan is drawn before any pixel is read: what part it needs, how large the result is, the same each time."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.data.augment import Plan
from spectra.data.augment.resample import Resize
from spectra.data.catalogue import Window
from spectra.errors import DataError
from tests.data.augment.made import applied, augmentation, cut, noise, pair, plan, ramp, random

EXACT: list[Any] = [
    "flip",
    {"flip": {"horizontal": 0.5, "vertical": 0.5}},
    {"rotate": {"quarter": True}},
    {"crop": {"size": [5, 8]}},
    {"contrast": {"pivot": 0.5, "on": "both"}},
    {"brightness": {"shift": [-1, 1]}},
    "gamma",
]
WHOLE: list[Any] = [
    "contrast",
    "noise",
    "blur",
    {"rotate": {"degrees": 20}},
    {"scale": {"factor": [0.9, 1.5]}},
    {"resize": {"size": 8}},
]


def whole(image: torch.Tensor, entries: list[Any], seed: int) -> torch.Tensor:
    """The result where nothing is read as a window: each action in its turn, on all there is."""
    made = augmentation(*entries)
    generator, size, grid = random(seed), (image.shape[1], image.shape[2]), (image, None)
    for _, operation in made.named:
        for action in operation.draw(size, generator):
            grid, size = action.apply(grid, "source"), action.size(size)  # type: ignore[assignment]
    return grid[0]


@settings(deadline=None)  # the machine may be busy
@given(st.lists(st.sampled_from([*EXACT, *EXACT, *WHOLE]), max_size=5), st.integers(0, 2**32))
def test_the_window_gives_what_the_whole_image_would(entries: list[Any], seed: int) -> None:
    image = noise(2, 13, 17)
    try:
        made = plan((13, 17), *entries, seed=seed)
    except DataError:  # a crop of what has become too small
        return
    result = made.pair(pair(cut(image, made), cut(image, made)))
    assert torch.equal(result.source.pixels, whole(image, entries, seed))
    assert result.source.pixels.shape[1:] == result.target.pixels.shape[1:] == made.size


@pytest.mark.parametrize("entry", EXACT)
def test_a_crop_at_the_start_is_a_window_even_behind_what_moves_or_changes_single_pixels(entry: Any) -> None:
    made = plan((50, 40), entry, {"crop": {"size": 5}}) if entry != EXACT[3] else plan((50, 40), entry)
    assert made.window.height == made.window.width <= 8


@pytest.mark.parametrize("entry", WHOLE)
def test_what_needs_all_pixels_gets_the_whole_image(entry: Any) -> None:
    assert plan((50, 40), entry, {"crop": {"size": 5}}).window == Window(0, 0, 50, 40)
    window = plan((50, 40), {"crop": {"size": 20}}, entry, {"crop": {"size": 5}}).window
    assert (window.height, window.width) == (20, 20)  # all of what the first crop leaves


def test_nothing_to_do_is_the_picture_itself() -> None:
    made = plan((7, 9))
    same = pair(noise(3, 7, 9), noise(1, 7, 9))
    assert made.window == (0, 0, 7, 9) and made.size == (7, 9)
    assert made.pair(same).source is same.source and made.pair(same).target is same.target
    assert applied(ramp(9, 9), {"crop": {"size": 4}}).data_ptr() != 0


def test_a_crop_alone_copies_nothing() -> None:
    image = ramp(9, 9)
    made = plan((9, 9), {"crop": {"size": 4}})
    cropped = pair(cut(image, made), cut(image, made))
    assert made.pair(cropped).source is cropped.source


@settings(deadline=None)
@given(st.lists(st.sampled_from([*EXACT, *WHOLE]), min_size=1, max_size=4), st.integers(0, 2**63 - 1))
def test_equal_seeds_give_equal_results_and_nothing_else_random_is_touched(entries: list[Any], seed: int) -> None:
    image = noise(2, 16, 16)
    before = torch.get_rng_state()
    first: list[Any] = [draw(entries, seed, image)]
    torch.rand(3)
    torch.set_rng_state(before)
    first.append(draw(entries, seed, image))
    assert torch.equal(first[0], first[1])
    assert torch.equal(torch.get_rng_state(), before)


def draw(entries: list[Any], seed: int, image: torch.Tensor) -> torch.Tensor:
    try:
        return applied(image, *entries, seed=seed)
    except DataError:
        return torch.zeros(1)


@pytest.mark.parametrize("entry", [*EXACT, *WHOLE[:5]])
def test_other_seeds_give_other_results(entry: Any) -> None:
    image = noise(1, 16, 16)
    results = [applied(image, entry, seed=seed) for seed in range(12)]
    assert any(result.shape != results[0].shape or not torch.equal(result, results[0]) for result in results)


@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "flip",
                "scale",
                {"scale": {"factor": [1.5, 2], "probability": 0.5}},
                {"rotate": {"quarter": True}},
                {"crop": {"size": [3, 6]}},
                {"crop": {"size": [3, 6], "resize": 9}},
                {"resize": {"short": 7}},
                {"resize": {"width": 9}},
                {"resize": {"multiple": 4}},
                {"resize": {"size": [8, 12]}},
                {"pix2pixhd": {"mode": "scale_width_and_crop", "load": 9, "crop": 4}},
                {"mpfnet": {"size": [3, 6], "resize": 7}},
                "contrast",
            ]
        ),
        max_size=4,
    ),
    st.integers(6, 20),
    st.integers(6, 20),
    st.integers(0, 99),
)
def test_sizes_are_told_before_anything_is_drawn(entries: list[Any], height: int, width: int, seed: int) -> None:
    made = augmentation(*entries)
    try:
        low, high = made.sizes((height, width))
    except DataError:
        return
    for more in range(5):
        drawn = made.draw((height, width), random(seed, more)).size
        assert all(a <= b <= c for a, b, c in zip(low, drawn, high, strict=True))


def test_images_come_to_one_size_only_where_nothing_random_is_in_the_way() -> None:
    sizes = [(20, 30), (30, 20), (24, 24)]
    assert augmentation().fixed_size(sizes) is None and augmentation().fixed_size([(5, 7)] * 2) == (5, 7)
    assert augmentation({"crop": {"size": 12}}).fixed_size(sizes) == (12, 12)
    assert augmentation("scale", crop=12).fixed_size(sizes) == (12, 12)
    assert augmentation({"crop": {"size": [8, 12]}}).fixed_size(sizes) is None
    assert augmentation({"crop": {"size": [8, 12], "resize": 10}}, "flip").fixed_size(sizes) == (10, 10)
    assert augmentation("pix2next").fixed_size(sizes) == (256, 256)
    assert augmentation("scale").fixed_size([(20, 20)]) is None
    assert augmentation({"rotate": {"quarter": True}}).fixed_size([(20, 30)]) is None
    assert augmentation({"rotate": {"quarter": True}}).fixed_size([(20, 20)]) == (20, 20)
    assert augmentation({"rotate": {"degrees": 5}}).fixed_size([(20, 30)]) == (20, 30)
    assert augmentation("mpfnet").fixed_size([(256, 256)]) == (256, 256)
    assert augmentation("mpfnet").fixed_size([(300, 300)]) is None  # without a crop, only the flip is done
    assert augmentation({"resize": {"short": 10}}).fixed_size([(20, 40), (10, 20)]) == (10, 20)
    assert augmentation().fixed_size([]) is None


def test_a_plan_holds_nothing_of_the_image() -> None:
    made: Plan = augmentation({"crop": {"size": 256}}).draw((20_000, 20_000), random(0))
    assert made.window[2:] == (256, 256) and made.size == (256, 256) and not made.actions


def test_an_image_too_large_for_memory_is_told_with_its_size(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 86400000000 bytes.")

    monkeypatch.setattr(Resize, "apply", full)
    large = Plan(Window(0, 0, 2, 3), (60000, 60000), [Resize((60000, 60000), "bicubic")])
    with pytest.raises(DataError, match="not enough memory to bring an image of 3×2 pixels to 60000×60000"):
        large.picture(pair(ramp(2, 3), ramp(2, 3)).source, "source")
