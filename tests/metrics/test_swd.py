"""The sliced Wasserstein distance over patches of a Laplacian pyramid."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy import ndimage, stats
from torch import Tensor

from spectra.errors import SpectraError
from spectra.metric import Scored
from spectra.metrics.laplacian import levels_of, pyramid, sound
from spectra.metrics.laplacian_distance import sliced_distance, unit_directions
from spectra.metrics.laplacian_patches import draw
from spectra.metrics.swd import Swd
from tests.metrics.scored import images, item, metric

Image = NDArray[np.float64]
FEW: dict[str, Any] = {"patches": 16, "directions": 24}


def pair(seed: int, channels: int = 1, height: int = 40, width: int = 37, noise: float = 0.05) -> Scored:
    return item(*images(seed, channels, height, width, noise), name=f"image {seed}")


def fed(items: list[Scored], **said: Any) -> Swd:
    judge = metric(Swd, **{**FEW, **said})
    assert isinstance(judge, Swd)
    for one in items:
        judge.update(one)
    return judge


def score(items: list[Scored], **said: Any) -> float:
    value = fed(items, **said).result().value
    assert value is not None
    return value


def reference_pyramid(image: Tensor) -> list[Image]:
    """Finest first, by whole convolutions of scipy."""
    window = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    left, found = image.double().numpy(), []
    while min(left.shape[1:]) >= 32:
        small = np.stack([ndimage.convolve(band, window, mode="mirror") for band in left])[:, ::2, ::2]
        spread = np.zeros_like(left)
        spread[:, ::2, ::2] = small
        found.append(left - np.stack([ndimage.convolve(band, 4 * window, mode="mirror") for band in spread]))
        left = small
    return [*found, left]


def reference_score(items: list[Scored], normalise: str = "each", patches: int = 16, directions: int = 24) -> float:
    """From the definition, patch by patch and direction by direction; only places and directions are taken over."""
    distances = []
    for level in levels_of(*items[0].target.shape[1:]):
        sets: dict[str, list[Image]] = {"prediction": [], "target": []}
        for one in items:
            place = draw(one.target, one.valid, f"0|{one.name}|{one.group}", patches, 7).places[level]
            for side, cut in sets.items():
                image = getattr(one, side)
                band = reference_pyramid(image)[levels_of(*image.shape[1:]).index(level)]
                corners = zip(place.tops.tolist(), place.lefts.tolist(), strict=True)
                cut += [band[:, top : top + 7, left : left + 7] for top, left in corners]
        both = {side: np.stack(cut) for side, cut in sets.items()}
        scaled = {}
        for side, cut_out in both.items():
            by = {"each": cut_out, "target": both["target"], "none": None}[normalise]
            scaled[side] = cut_out.copy()
            if by is not None:
                for band in range(by.shape[1]):
                    values = by[:, band].ravel()
                    mean = math.fsum(values) / values.size
                    spread = math.sqrt(math.fsum((values - mean) ** 2) / values.size)
                    scaled[side][:, band] = (cut_out[:, band] - mean) / spread
        flat = {side: cut_out.reshape(len(cut_out), -1) for side, cut_out in scaled.items()}
        axes = unit_directions(flat["target"].shape[1], directions, (0, level)).T
        distances.append(
            math.fsum(stats.wasserstein_distance(flat["prediction"] @ axis, flat["target"] @ axis) for axis in axes)
            / directions
        )
    return 1000 * math.fsum(distances) / len(distances)


@pytest.mark.parametrize(("channels", "height", "width"), [(1, 16, 21), (2, 33, 70), (3, 64, 64), (5, 63, 32)])
@pytest.mark.parametrize("normalise", ["each", "target", "none"])
def test_it_equals_the_definition_with_the_distance_of_scipy(
    channels: int, height: int, width: int, normalise: str
) -> None:
    items = [pair(seed, channels, height, width) for seed in range(3)]
    assert score(items, normalise=normalise) == pytest.approx(reference_score(items, normalise), rel=1e-6)


@pytest.mark.parametrize(("height", "width"), [(16, 16), (31, 40), (32, 32), (65, 127), (128, 64), (37, 301)])
def test_the_pyramid_equals_convolutions_of_scipy(height: int, width: int) -> None:
    image = images(0, 2, height, width)[0]
    ours, theirs = list(pyramid(image.double()).values()), reference_pyramid(image)
    assert len(ours) == len(theirs)
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), other, atol=1e-14)


@pytest.mark.parametrize(
    ("short", "levels"), [(15, []), (16, [16]), (31, [16]), (32, [32, 16]), (256, [256, 128, 64, 32, 16])]
)
def test_levels_are_halved_down_to_16_pixels(short: int, levels: list[int]) -> None:
    assert levels_of(short, short + 9) == levels_of(short + 9, short) == levels
    if levels:
        heights = [level.shape[1] for level in pyramid(torch.zeros(1, short, short).double()).values()]
        assert heights[0] == short
        assert 16 <= heights[-1] < 32


def test_each_level_stands_for_its_own_size() -> None:
    """Fine noise is seen in the finest level, and a slow wave in the coarsest."""
    rows = torch.linspace(0, 6, 128)[None, :, None].expand(1, 128, 128)
    random = torch.Generator().manual_seed(0)
    target = 0.5 + 0.2 * rows.sin() + 0.02 * torch.randn(1, 128, 128, generator=random)
    finer = target + 0.05 * torch.randn(1, 128, 128, generator=random)
    slower = target + 0.3 * (rows / 2).cos()
    fine, slow = (fed([item(image, target)], normalise="target").parts() for image in (finer, slower))
    assert list(fine) == ["16", "32", "64", "128"]
    assert [float(part.value or 0) for part in fine.values()] == sorted(
        float(part.value or 0) for part in fine.values()
    )
    assert max(slow, key=lambda level: slow[level].value or 0) == "16"


def test_the_score_is_the_mean_of_the_levels_times_1000() -> None:
    items = [pair(seed, height=64, width=70) for seed in range(2)]
    judge = fed(items)
    parts = judge.parts()
    assert list(parts) == ["16", "32", "64"]
    assert judge.result().value == pytest.approx(sum(part.value or 0 for part in parts.values()) / 3)
    held = judge.levels[16].content()
    assert parts["16"].value == pytest.approx(1000 * sliced_distance(*held, 1, 24, (0, 16), "each"))


@given(st.integers(0, 1000), st.integers(1, 3))
@settings(max_examples=10, deadline=None)
def test_identity_symmetry_and_order_of_images(seed: int, channels: int) -> None:
    items = [pair(seed + step, channels) for step in range(3)]
    swapped = [item(one.target, one.prediction, name=one.name) for one in items]
    same = [item(one.target, one.target, name=one.name) for one in items]
    assert score(same) == 0
    assert score(items) > 0
    assert score(swapped) == pytest.approx(score(items), rel=1e-9)
    assert score(items[::-1]) == score(items)


@given(st.integers(0, 1000), st.integers(0, 4), st.sampled_from([20, 70, 16384]))
@settings(max_examples=10, deadline=None)
def test_shards_merge_into_the_whole_also_where_patches_are_dropped(seed: int, cut: int, kept: int) -> None:
    items = [pair(seed + step) for step in range(4)]
    first, second = fed(items[:cut], kept=kept), fed(items[cut:], kept=kept)
    second.merge(first)
    assert second.result() == fed(items, kept=kept).result()


def test_a_second_look_at_the_result_is_not_an_old_one() -> None:
    judge = fed([pair(0)])
    before = judge.result()
    judge.update(pair(1))
    assert judge.result() == fed([pair(0), pair(1)]).result() != before


def test_memory_is_bounded_and_the_choice_does_not_depend_on_the_order() -> None:
    items = [pair(seed, height=16, width=16) for seed in range(300)]
    judge = fed(items, kept=100)
    held = judge.levels[16]
    assert held.seen == 300 * 16
    assert sum(len(keys) for keys, *_ in held._parts) <= 100 + 1024 + 16
    assert held.content()[0].shape == (100, 49)
    assert fed(items[::-1], kept=100).result() == judge.result()


def test_images_of_one_name_are_not_taken_for_one_image() -> None:
    """Else all patches of an image would be kept or dropped together with those of its namesakes."""
    items = [item(*images(seed, 1, 16, 16), name="same") for seed in range(40)]
    judge = fed(items, kept=100)
    judge.levels[16].content()
    keys = judge.levels[16]._parts[0][0]
    assert len(set(keys.tolist())) > 95
    assert fed(items[::-1], kept=100).result() == judge.result()


def test_patches_stand_at_the_same_places_in_prediction_and_target() -> None:
    """With a reference at places of its own, a shifted image would be no further away than one that is not."""
    one = pair(0, 2, 64, 64, noise=0.02)
    judge = fed([one], patches=64)
    ours, theirs = judge.levels[64].content()
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.05
    still = fed([item(one.target, one.target, name=one.name)], patches=64).levels[64].content()
    np.testing.assert_array_equal(*still)


def test_all_methods_are_judged_at_the_same_places() -> None:
    """What is drawn depends on the target alone, and is kept for the next method."""
    one = pair(3)
    other = Scored(one.prediction.flip(1), one.target, one.source, one.name, "", one.scale, memory=one.memory)
    alone = item(one.prediction.flip(1), one.target, name=one.name)
    first = fed([one])
    second = fed([other])
    np.testing.assert_array_equal(first.levels[16].content()[1], second.levels[16].content()[1])
    assert second.result() == fed([alone]).result()


@pytest.mark.parametrize("under", [0.0, 7.0, math.nan, math.inf])
def test_patches_that_touch_no_data_are_not_drawn(under: float) -> None:
    one = pair(4, 2, 70, 80)
    valid = torch.ones(70, 80, dtype=torch.bool)
    valid[:20, :15] = valid[60, 71] = False
    expected = reference_score([Scored(one.prediction, one.target, one.source, "a", "", one.scale, valid)])
    prediction, target = one.prediction.clone(), one.target.clone()
    prediction[:, ~valid], target[:, ~valid] = under, -under
    masked = Scored(prediction, target, target, "a", "", one.scale, valid)
    assert score([masked]) == pytest.approx(expected, rel=1e-6)
    assert score([masked]) != pytest.approx(score([item(one.prediction, one.target)]), rel=1e-6)


def test_a_pixel_of_a_level_has_data_where_all_that_it_comes_from_has() -> None:
    valid = torch.rand(70, 65, generator=torch.Generator().manual_seed(1)) > 0.01
    image = images(1, 1, 70, 65)[0].double()
    spoilt = torch.where(valid, image, math.nan)
    for level, known in sound(valid).items():
        assert torch.equal(known, pyramid(spoilt)[level][0].isfinite()), level
        assert 0 < known.sum() < known.numel() or level == 16


def test_a_mask_without_gaps_changes_nothing() -> None:
    one = pair(5)
    full = Scored(one.prediction, one.target, one.source, one.name, "", one.scale, torch.ones(40, 37).bool())
    assert score([full]) == score([one])


def test_normalising_each_set_is_blind_to_brightness_and_contrast_and_the_others_are_not() -> None:
    one = pair(6, 2)
    changed = item(one.target * 0.5 + 0.3, one.target, name=one.name)
    assert score([changed]) == pytest.approx(0, abs=0.01)
    assert score([changed], normalise="target") > 50
    assert score([changed], normalise="none") > 20


def test_an_even_prediction_is_not_blown_up_from_its_rounding() -> None:
    target = pair(7, height=64, width=64).target
    even = fed([item(torch.full_like(target, 0.3), target)])
    for level, held in even.levels.items():
        prediction, theirs = held.content()
        zero = np.zeros_like(prediction)
        assert even.parts()[str(level)].value == pytest.approx(
            1000 * sliced_distance(zero, theirs, 1, 24, (0, level), "each"), rel=1e-9
        )


def test_a_shift_by_one_pixel_is_seen() -> None:
    one = pair(8, 1, 64, 64, noise=0)
    assert score([item(one.target.roll(1, -1), one.target)], patches=128) > 1


@pytest.mark.parametrize("change", [{"patches": 17}, {"side": 5}, {"directions": 25}, {"kept": 20}, {"seed": 1}])
def test_every_setting_changes_the_number_and_stands_in_the_signature(change: dict[str, Any]) -> None:
    items = [pair(seed) for seed in range(3)]
    assert score(items, **change) != score(items)
    assert fed([], **change).signature != fed([]).signature


def test_settings_out_of_range_are_refused() -> None:
    for wrong in ({"side": 17}, {"patches": 0}, {"kept": 0}, {"normalise": "both"}):
        with pytest.raises(ValidationError):
            metric(Swd, **wrong)


def test_the_signature_says_all_choices() -> None:
    assert metric(Swd).signature == (
        "swd|pyramid:laplacian-14641|down-to:16|patches:128x7x7|places:hashed|kept:16384-a-level|directions:512"
        "|normalise:each|seed:0|levels:mean|times:1000|range:unit|masked:patches-skipped|v1"
    )


def test_small_images_are_left_out_and_levels_that_some_lack_are_said() -> None:
    judge = fed([pair(0, height=64, width=64), pair(1, height=20, width=90), pair(2, height=15, width=90)])
    result = judge.result()
    assert (result.n, result.low, result.high, result.better) == (2, None, None, "lower")
    assert result.reason == (
        "no interval: that of a score of a whole set comes from several seeds; level 32: 1 of 2 images; "
        "level 64: 1 of 2 images; 1 image left out: smaller than 16×16 pixels"
    )
    assert {level: part.n for level, part in judge.parts().items()} == {"16": 2, "32": 1, "64": 1}


def test_nothing_scored_says_why() -> None:
    assert fed([]).result().reason == "no image was scored"
    empty = fed([pair(0, height=12)])
    assert (empty.result().value, empty.parts()) == (None, {})
    assert empty.result().reason == "1 image left out: smaller than 16×16 pixels"


def test_an_image_without_a_free_patch_or_with_values_that_are_not_finite_is_left_out() -> None:
    one = pair(0)
    valid = torch.ones(40, 37, dtype=torch.bool)
    valid[::6, ::6] = False
    judge = fed([Scored(one.prediction, one.target, one.source, "a", "", one.scale, valid)])
    judge.update(item(torch.full_like(one.target, math.nan), one.target))
    assert judge.result().reason == (
        "1 image left out: no patch of 7×7 pixels that all have data; 1 image left out: values that are not finite"
    )


def test_images_of_other_bands_or_sizes_are_refused() -> None:
    judge = fed([pair(0, 1)])
    with pytest.raises(SpectraError, match="image 1: 3 bands, where the images before it have 1"):
        judge.update(pair(1, 3))
    with pytest.raises(SpectraError, match="images of 1 and of 3 bands cannot be one set"):
        judge.merge(fed([pair(1, 3)]))
    with pytest.raises(SpectraError, match="only images of one size"):
        judge.update(item(torch.zeros(1, 20, 20), torch.zeros(1, 21, 20)))
