"""What is fitted on pairs, against brute force over the raw pixels."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from spectra import Pair, Scale, SpectraError, Task
from spectra.data.pictures import to_picture
from spectra_graydef import GrayDefinition, Settings
from spectra_graydef.clipped import Fit, descend

Array = NDArray[np.generic]
FITTED = ("fit", "affine", "channels", "lookup")
GOLDEN = (math.sqrt(5) - 1) / 2


def pair(source: Array, target: Array, source_scale: str = "dtype", target_scale: str = "dtype") -> Pair:
    """A pair of ``(h, w, c)`` source and ``(h, w)`` target."""
    pictures = to_picture(source, Scale.parse(source_scale)), to_picture(target[..., None], Scale.parse(target_scale))
    return Pair("place", "place", *pictures)


def fitted(pairs: Sequence[Pair], preset: str = "fit") -> GrayDefinition:
    task = Task.parse(f"ms{pairs[0].source.pixels.shape[0] if pairs else 3}2nir")
    gray = GrayDefinition(task, Settings.model_validate(GrayDefinition.presets[preset]["settings"]))
    gray.fit(pairs)
    return gray


def raw(pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean of the channels and target of every pixel."""
    v = torch.cat([one.source.pixels.double().mean(0).flatten() for one in pairs])
    y = torch.cat([one.target.pixels.double().flatten() for one in pairs])
    return v.numpy(), y.numpy()


def loss_of(factor: float, v: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    return float(((np.clip(factor * v, 0, 1) - y) ** 2).mean())


def golden_section(loss: Callable[[float], float], low: float, high: float) -> float:
    for _ in range(80):
        left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return loss((low + high) / 2)


def best_loss(v: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """The smallest loss of any factor: a golden section in every interval between breakpoints, and their ends."""
    ends = [0.0, *sorted(1 / v[v > 0])]
    inside = [golden_section(lambda f: loss_of(f, v, y), low, high) for low, high in pairwise(ends)]
    return min(*inside, *(loss_of(end, v, y) for end in ends))


def error_of(gray: GrayDefinition, pairs: Sequence[Pair]) -> float:
    """The mean squared error over all pixels of what the translator really puts out."""
    errors = [(gray(one.source.pixels[None])[0] - one.target.pixels).double().flatten() for one in pairs]
    return float((torch.cat(errors) ** 2).mean())


def noisy(factor: float, size: int = 512, noise: float = 8.0, seed: int = 0) -> Pair:
    random = np.random.default_rng(seed)
    source = np.rint(random.beta(2, 2.2, (size, size, 3)) * 255).astype(np.uint8)
    gray = np.clip(source.mean(2) * factor, 0, 255) + random.normal(0, noise, (size, size))
    return pair(source, np.rint(np.clip(gray, 0, 255)).astype(np.uint8))


@st.composite
def pair_sets(draw: st.DrawFn) -> list[Pair]:
    """One to three pairs of a few pixels, of 8 or 16 bits each; few distinct values, so that levels are shared."""
    pairs = []
    for _ in range(draw(st.integers(1, 3))):
        largest, dtype = draw(st.sampled_from([(255, np.uint8), (65535, np.uint16)]))
        level = st.sampled_from([0, 1, largest // 5, largest // 2, largest - 1, largest]) | st.integers(0, largest)
        width = draw(st.integers(1, 5))
        numbers = draw(st.lists(level, min_size=4 * width, max_size=4 * width))
        colours = np.array(numbers, dtype=dtype).reshape(1, width, 4)
        pairs.append(pair(colours[..., :3], colours[..., 3]))
    return pairs


@given(pair_sets())
@settings(max_examples=60, deadline=None)
def test_no_factor_is_better_than_the_fitted_one(pairs: list[Pair]) -> None:
    v, y = raw(pairs)
    if not v.any():
        return
    found = fitted(pairs).diagnostics()
    assert loss_of(found["factor"], v, y) <= best_loss(v, y) + 1e-7
    assert found["loss"] == pytest.approx(loss_of(found["factor"], v, y), abs=1e-7)


def test_the_search_is_global_where_a_local_one_is_caught() -> None:
    """100 dark pixels ask for a factor of 4, 50 white ones for 0.3; once white is clipped it asks for nothing more."""
    gray, target = np.repeat([51, 255], [100, 50]), np.repeat([204, 77], [100, 50])
    pairs = [pair(gray.astype(np.uint8).reshape(10, 15, 1), target.astype(np.uint8).reshape(10, 15))]
    v, y = raw(pairs)
    unclipped = float((v * y).sum() / (v * v).sum())
    uphill = [loss_of(unclipped + step, v, y) > loss_of(unclipped, v, y) for step in (-0.01, 0.01, 0.1, 0.3)]
    assert unclipped < 1 and all(uphill)
    assert fitted(pairs).diagnostics()["factor"] == pytest.approx(4, abs=1e-12)


@pytest.mark.parametrize("truth", [1.15, 1.30, 1.60])
def test_the_true_factor_comes_back_from_noise(truth: float) -> None:
    pairs = [noisy(truth)]
    found = fitted(pairs).diagnostics()
    v, _ = raw(pairs)
    assert found["factor"] == pytest.approx(truth, abs=2e-3)
    assert found["rmse"] == pytest.approx(8 / 255, rel=0.08)
    assert found["saturated"] == pytest.approx((v * found["factor"] > 1).mean(), abs=1e-5)


def test_a_small_case_by_hand() -> None:
    """v = 1/5 and 2/5, y = 2/5 and 3/5: f = (2 + 6) / (1 + 4) = 8/5, and each error squared is 1/625."""
    source = np.array([[[51], [102]]], dtype=np.uint8)
    found = fitted([pair(source, np.array([[102, 153]], dtype=np.uint8))]).diagnostics()
    assert found["factor"] == pytest.approx(1.6, abs=1e-12)
    assert found["loss"] == pytest.approx((0.08**2 + 0.04**2) / 2, abs=1e-12)
    assert (found["pixels"], found["levels"], found["saturated"]) == (2, "2 levels", 0)


def test_of_factors_that_do_the_same_it_takes_the_smallest() -> None:
    source = np.array([[[51], [102], [204]]], dtype=np.uint8)
    assert fitted([pair(source, np.full((1, 3), 255, dtype=np.uint8))]).diagnostics()["factor"] == pytest.approx(5)


def test_black_targets_give_the_factor_nought() -> None:
    source = np.array([[[51], [102]]], dtype=np.uint8)
    assert fitted([pair(source, np.zeros((1, 2), dtype=np.uint8))]).diagnostics()["factor"] == 0


@pytest.mark.parametrize("preset", FITTED)
def test_the_order_of_the_pairs_does_not_matter(preset: str) -> None:
    pairs = [noisy(1.4, 40, seed=seed) for seed in range(4)]
    one, other = fitted(pairs, preset).diagnostics(), fitted(pairs[::-1], preset).diagnostics()
    assert one.keys() == other.keys()
    assert all(one[key] == pytest.approx(other[key], abs=1e-12) for key in one if not isinstance(one[key], str))


@pytest.mark.parametrize("preset", FITTED)
def test_pixels_without_data_count_for_nothing(preset: str) -> None:
    seen = noisy(1.3, 32)
    source, target = (
        np.asarray((p.pixels * 255).round().permute(1, 2, 0), np.float32) for p in (seen.source, seen.target)
    )
    source, target = (
        np.pad(source, ((0, 9), (0, 0), (0, 0))),
        np.pad(target, ((0, 9), (0, 0), (0, 0)), constant_values=99),
    )
    source[32:36], source[36:] = np.nan, 200
    target[36:] = np.nan
    scale = "DN 0..255 nodata nan"
    masked, plain = pair(source, target[..., 0], scale, scale), pair(source[:32], target[:32, :, 0], scale, scale)
    assert masked.valid is not None and int((~masked.valid).sum()) == 9 * 32
    assert fitted([masked], preset).diagnostics() == fitted([plain], preset).diagnostics()


def test_depths_may_differ_from_pair_to_pair() -> None:
    eight = noisy(1.2, 16)
    sixteen = pair(np.array([[[9000] * 3, [60000] * 3]], dtype=np.uint16), np.array([[20000, 65535]], dtype=np.uint16))
    found = fitted([eight, sixteen]).diagnostics()
    assert loss_of(found["factor"], *raw([eight, sixteen])) <= best_loss(*raw([eight, sixteen])) + 1e-9
    assert found["levels"].count("levels") == 2


def test_a_scale_that_does_not_start_at_nought_is_counted_exactly() -> None:
    source = np.array([[[1010], [1040], [990]]], dtype=np.uint16)
    target = np.array([[260, 290, 250]], dtype=np.uint16)
    found = fitted([pair(source, target, "DN 1000..1050", "K 250..330")]).diagnostics()
    v, y = np.array([0.2, 0.8]), np.array([10 / 80, 40 / 80])
    assert found["factor"] == pytest.approx((v * y).sum() / (v * v).sum(), abs=1e-12)


@pytest.mark.parametrize("scale", ["reflectance 0..10000", "K 250..330", "DN 0..4095", "dtype"])
def test_every_level_of_sixteen_bits_is_counted_as_itself(scale: str) -> None:
    levels = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    gray = fitted([pair(levels[..., None], levels, scale, scale)], "lookup")
    assert gray.diagnostics()["levels"] == "65536 levels"


def test_floats_are_counted_in_the_nearest_bin() -> None:
    source, target = np.full((3, 4, 1), 1000.9 / 65535, np.float32), np.full((3, 4), 0.01, np.float32)
    found = fitted([pair(source, target)]).diagnostics()
    assert found["factor"] == pytest.approx(np.float32(0.01) * 65535 / 1001, abs=1e-9)


def test_bins_for_floats_cost_no_more_than_half_a_bin() -> None:
    random = np.random.default_rng(3)
    source = random.random((40, 40, 3), dtype=np.float32) * 1.2 - 0.1
    target = (np.clip(source.mean(2) * 1.4, 0, 1) + random.normal(0, 0.02, (40, 40))).astype(np.float32)
    pairs = [pair(source, target)]
    found, (v, y) = fitted(pairs).diagnostics(), raw(pairs)
    v = np.clip(v, 0, 1)
    shift = found["factor"] * (0.5 / 65535 + 1e-7)
    bound = 2 * found["rmse"] * shift + shift**2
    assert found["levels"].startswith("65536 bins")
    assert abs(found["loss"] - loss_of(found["factor"], v, y)) <= bound
    assert loss_of(found["factor"], v, y) <= best_loss(v, y) + 2 * bound


@pytest.mark.parametrize("preset", FITTED)
def test_it_loads_into_a_fresh_instance(preset: str) -> None:
    gray = fitted([noisy(1.5, 24)], preset)
    fresh = GrayDefinition(gray.task, gray.settings)
    fresh.load_state_dict(gray.state_dict(), strict=True)
    source = torch.rand(1, 3, 20, 20)
    assert torch.equal(fresh(source), gray(source))
    assert not torch.equal(GrayDefinition(gray.task, gray.settings)(source), gray(source))


@pytest.mark.parametrize("preset", FITTED)
def test_the_reported_loss_is_that_of_its_images(preset: str) -> None:
    pairs = [noisy(1.5, 32, seed=1), noisy(1.1, 20, seed=2)]
    gray = fitted(pairs, preset)
    assert gray.diagnostics()["loss"] == pytest.approx(error_of(gray, pairs), abs=1e-7)
    assert gray.diagnostics()["rmse"] == pytest.approx(math.sqrt(error_of(gray, pairs)), abs=1e-6)


@given(pair_sets())
@settings(max_examples=60, deadline=None)
def test_what_holds_the_factor_is_never_worse_than_it(pairs: list[Pair]) -> None:
    if not raw(pairs)[0].any():
        return
    factor, affine, channels, _ = (error_of(fitted(pairs, name), pairs) for name in FITTED)
    assert affine <= factor + 1e-6
    assert channels <= factor + 1e-6


def test_at_eight_bits_no_curve_is_better_than_the_lookup() -> None:
    for seed in range(5):
        pairs = [noisy(1.2 + seed / 5, 24, noise=20, seed=seed)]
        lookup, affine, factor = (error_of(fitted(pairs, name), pairs) for name in ("lookup", "affine", "fit"))
        assert lookup <= affine + 1e-9 <= factor + 2e-9


def test_the_lookup_is_the_mean_target_of_each_level() -> None:
    pairs = [noisy(1.3, 64)]
    source, target = pairs[0].source.pixels, pairs[0].target.pixels[0].double()
    total = (source * 255).round().sum(0).long()
    count, sums = torch.bincount(total.flatten()), torch.bincount(total.flatten(), target.flatten())
    torch.testing.assert_close(fitted(pairs, "lookup")(source[None])[0, 0].double(), (sums / count)[total])


def test_the_lookup_is_a_straight_line_where_no_pixel_was() -> None:
    source = np.array([[[50], [150]]], dtype=np.uint8)
    gray = fitted([pair(source, np.array([[20, 120]], dtype=np.uint8))], "lookup")
    asked = torch.tensor([0, 50, 100, 150, 255]).view(1, 1, 1, 5) / 255
    torch.testing.assert_close(gray(asked).flatten() * 255, torch.tensor([20.0, 20, 70, 120, 120]), atol=1e-3, rtol=0)


def test_the_descent_ends_where_the_next_step_is_worse() -> None:
    losses = [9.0, 4.0, 2.0, 5.0, 1.0]

    def attempt(place: NDArray[np.float64]) -> Fit:
        return Fit(place, losses[int(place[0])], 0.0, place + 1)

    assert descend(attempt, [np.array([0.0]), np.array([1.0])]).parameters == 2


def test_affine_and_channels_find_the_truth_through_the_clip() -> None:
    random = np.random.default_rng(5)
    source = random.integers(0, 256, (64, 64, 3)).astype(np.float32) / 255
    line = pair(source, np.clip(1.7 * source.mean(2) - 0.2, 0, 1))
    mixed = pair(source, np.clip(source @ np.array([0.2, 1.3, -0.1], np.float32), 0, 1))
    affine, channels = fitted([line], "affine").diagnostics(), fitted([mixed], "channels").diagnostics()
    assert [affine["slope"], affine["bias"]] == pytest.approx([1.7, -0.2], abs=1e-3)
    assert [channels[f"weight_{place}"] for place in (1, 2, 3)] == pytest.approx([0.2, 1.3, -0.1], abs=1e-3)
    assert affine["saturated"] > 0.05 and channels["saturated"] > 0.1


def test_a_given_factor_stays_and_is_measured() -> None:
    pairs = [noisy(1.5, 24)]
    gray = GrayDefinition(Task.parse("rgb2ir"), Settings(factor=1.3))
    gray.fit(pairs)
    found = gray.diagnostics()
    assert found["factor"] == 1.3
    assert found["loss"] == pytest.approx(loss_of(1.3, *raw(pairs)), abs=1e-9)
    assert found["loss"] > fitted(pairs).diagnostics()["loss"]


def test_black_sources_have_no_factor() -> None:
    with pytest.raises(SpectraError, match="every valid source pixel is black"):
        fitted([pair(np.zeros((2, 2, 3), np.uint8), np.ones((2, 2), np.uint8))])


@pytest.mark.parametrize("preset", FITTED)
def test_nothing_to_fit_on_is_an_error(preset: str) -> None:
    empty = pair(np.full((2, 2, 3), 7, np.uint8), np.zeros((2, 2), np.uint8), "dtype nodata 7")
    for pairs in ([], [empty]):
        with pytest.raises(SpectraError, match="hold no pixel that is valid"):
            fitted(pairs, preset)


class Fleeting:
    """Pairs that are made when they are asked for; it notes how many of them live at once."""

    def __init__(self) -> None:
        self.most = 0

    def __iter__(self) -> Iterator[Pair]:
        living: weakref.WeakSet[object] = weakref.WeakSet()
        for seed in range(6):
            made = noisy(1.3, 8, seed=seed)
            living.add(made.source.pixels)
            self.most = max(self.most, len(living))
            yield made


@pytest.mark.parametrize("preset", FITTED)
def test_it_holds_one_pair_at_a_time(preset: str) -> None:
    pairs = Fleeting()
    gray = GrayDefinition(Task.parse("rgb2ir"), Settings.model_validate(GrayDefinition.presets[preset]["settings"]))
    gray.fit(pairs)
    assert pairs.most <= 2
