"""The floors: what every method must beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from spectra import Config, Pair, Scale, SpectraError, Task, Translator
from spectra.data.pictures import to_picture
from spectra_floors import Constant, Copy, Inverse, Linear


def pair(source: NDArray[np.float32], target: NDArray[np.float32]) -> Pair:
    scale = Scale.parse("dtype nodata nan")
    return Pair("place", "place", to_picture(source, scale), to_picture(target, scale))


def random_pairs(inputs: int, outputs: int, sizes: Sequence[tuple[int, int]] = ((9, 7), (4, 11))) -> list[Pair]:
    random = np.random.default_rng(0)
    return [
        pair(random.random((*size, inputs), dtype=np.float32), random.random((*size, outputs), dtype=np.float32))
        for size in sizes
    ]


def fitted(kind: type[Translator], pairs: Sequence[Pair]) -> Translator:
    inputs, outputs = (len(picture.pixels) for picture in (pairs[0].source, pairs[0].target))
    floor = kind(Task.parse(f"ms{inputs}2ms{outputs}"), Config())
    floor.fit(pairs)
    return floor


def raw(pairs: Sequence[Pair]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Every valid pixel as a row of source channels with a 1 behind, and one of target channels."""
    masks = [
        torch.ones(one.source.pixels.shape[1:], dtype=torch.bool) if one.valid is None else one.valid for one in pairs
    ]
    source = torch.cat([one.source.pixels[:, mask] for one, mask in zip(pairs, masks, strict=True)], 1).double().numpy()
    target = torch.cat([one.target.pixels[:, mask] for one, mask in zip(pairs, masks, strict=True)], 1).double().numpy()
    return np.concatenate([source, np.ones((1, source.shape[1]))]).T, target.T


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("rgb2ms3", [0.0, 0.3, 0.9]),
        ("rgb2nir", [0.4]),
        ("ms32ms2", [0.4, 0.4]),
    ],
)
def test_copy_keeps_averages_or_repeats(task: str, expected: list[float]) -> None:
    source = torch.tensor([0.0, 0.3, 0.9]).view(1, 3, 1, 1).expand(2, 3, 4, 5)
    wanted = torch.tensor(expected).view(1, -1, 1, 1).expand(2, -1, 4, 5)
    torch.testing.assert_close(Copy(Task.parse(task), Config())(source), wanted)
    torch.testing.assert_close(Inverse(Task.parse(task), Config())(source), 1 - wanted)


def test_copy_repeats_one_channel() -> None:
    source = torch.rand(1, 1, 3, 3)
    assert torch.equal(Copy(Task.parse("nir2rgb"), Config())(source), source.expand(1, 3, 3, 3))


def test_copy_and_inverse_are_ready_and_the_others_are_fitted() -> None:
    floors = [kind(Task.parse("rgb2nir"), Config()) for kind in (Copy, Inverse, Constant, Linear)]
    assert [floor.ready for floor in floors] == [True, True, False, False]
    assert [floor.fits() for floor in floors] == [False, False, True, True]


def test_constant_is_the_mean_over_pixels_not_over_images() -> None:
    dark, bright = np.zeros((1, 3, 2), np.float32), np.array([[[1, 0.5]]], np.float32)
    floor = fitted(Constant, [pair(dark, dark), pair(bright, bright)])
    torch.testing.assert_close(floor(torch.rand(2, 2, 2, 2))[1, :, 0, 1], torch.tensor([0.25, 0.125]))
    assert floor.diagnostics() == {"mean_1": 0.25, "mean_2": 0.125, "pixels": 4}


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 1), (3, 2), (1, 3), (12, 4)])
def test_linear_equals_least_squares_on_all_pixels(inputs: int, outputs: int) -> None:
    pairs = random_pairs(inputs, outputs)
    floor, (rows, target) = fitted(Linear, pairs), raw(pairs)
    expected, *_ = np.linalg.lstsq(rows, target, rcond=None)
    found = np.concatenate([floor.state_dict()["weight"].numpy().T, floor.state_dict()["bias"].numpy()[None]])
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert floor.diagnostics()["rmse"] == pytest.approx(np.sqrt(((rows @ expected - target) ** 2).mean()), abs=1e-9)


def test_linear_maps_each_pixel_with_its_bias_and_its_channels_in_order() -> None:
    random = np.random.default_rng(1)
    source = random.random((20, 20, 3), dtype=np.float32)
    weights = np.array([[0.5, 0], [0.1, -0.3], [-0.2, 0.7]], np.float32)
    target = source @ weights + np.array([0.05, 0.3], np.float32)
    floor = fitted(Linear, [pair(source, target)])
    torch.testing.assert_close(
        floor(torch.from_numpy(source.transpose(2, 0, 1))[None])[0].permute(1, 2, 0), torch.from_numpy(target)
    )


def test_of_many_linear_solutions_it_takes_the_smallest() -> None:
    gray = np.random.default_rng(2).random((15, 15, 1), dtype=np.float32)
    pairs = [pair(gray.repeat(3, axis=2), 0.6 * gray + np.float32(0.1))]
    floor, (rows, target) = fitted(Linear, pairs), raw(pairs)
    expected, *_ = np.linalg.lstsq(rows, target, rcond=1e-6)
    np.testing.assert_allclose(floor.state_dict()["weight"].numpy(), expected[:-1].T, atol=1e-6)
    np.testing.assert_allclose(floor.state_dict()["weight"].numpy(), [[0.2, 0.2, 0.2]], atol=1e-5)


@pytest.mark.parametrize("kind", [Constant, Linear])
def test_pixels_without_data_count_for_nothing(kind: type[Translator]) -> None:
    random = np.random.default_rng(4)
    source, target = random.random((12, 6, 3), dtype=np.float32), random.random((12, 6, 1), dtype=np.float32)
    plain = pair(source[:7], target[:7])
    source[7:9], target[9:] = np.nan, np.nan
    masked, alone = (fitted(kind, [one]).state_dict() for one in (pair(source, target), plain))
    assert all(torch.equal(masked[key], alone[key]) for key in masked)


@pytest.mark.parametrize("kind", [Constant, Linear])
def test_the_order_of_the_pairs_does_not_matter(kind: type[Translator]) -> None:
    pairs = random_pairs(3, 2, [(5, 5), (8, 3), (2, 9)])
    one, other = (fitted(kind, ordered) for ordered in (pairs, pairs[::-1]))
    for key, value in one.diagnostics().items():
        assert value == pytest.approx(other.diagnostics()[key], abs=1e-12)
    for key, tensor in one.state_dict().items():
        torch.testing.assert_close(tensor, other.state_dict()[key], atol=1e-7, rtol=0)


@pytest.mark.parametrize("kind", [Constant, Linear])
def test_large_images_are_taken_in_blocks(kind: type[Translator], monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = random_pairs(3, 1)
    whole = fitted(kind, pairs).state_dict()
    monkeypatch.setattr("spectra_floors.pixels.BLOCK", 5)
    blocked = fitted(kind, pairs).state_dict()
    for key, tensor in whole.items():
        torch.testing.assert_close(tensor, blocked[key], atol=1e-7, rtol=0)


@pytest.mark.parametrize("kind", [Constant, Linear])
def test_a_fitted_floor_loads_into_a_fresh_one(kind: type[Translator]) -> None:
    floor = fitted(kind, random_pairs(3, 2))
    fresh = kind(floor.task, floor.settings)
    fresh.load_state_dict(floor.state_dict(), strict=True)
    source = torch.rand(1, 3, 6, 6)
    assert torch.equal(fresh(source), floor(source))


@pytest.mark.parametrize("kind", [Constant, Linear])
def test_nothing_to_fit_on_is_an_error(kind: type[Translator]) -> None:
    with pytest.raises(SpectraError, match="hold no pixel that is valid"):
        kind(Task.parse("rgb2nir"), Config()).fit([])


@pytest.mark.parametrize("kind", [Copy, Inverse, Constant, Linear])
def test_the_source_is_left_as_it_was(kind: type[Translator]) -> None:
    source = torch.rand(1, 3, 4, 4)
    before = source.clone()
    kind(Task.parse("rgb2nir"), Config())(source)
    assert torch.equal(source, before)
