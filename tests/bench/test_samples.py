"""Pictures of what a method did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spectra.bench.method import Method
from spectra.bench.names import file_names
from spectra.bench.samples import GAP, HEAT, WORST_SHOWN, chosen, heat, side_by_side, write_samples
from spectra.data.images import read_image
from spectra.data.pairs import Pair, Picture
from spectra.data.preview import shown, stretch
from spectra.modalities import Scale, Task
from spectra.model import create
from spectra.recipe.recipe import EvaluateSettings

BYTES = Scale(0, 255)


def picture(*values: float, size: tuple[int, int] = (5, 7), dtype: str = "uint8") -> Picture:
    return Picture(torch.stack([torch.full(size, value) for value in values]), BYTES, dtype)


def pair(target: float = 0.2, blue: float = 0.6, name: str = "a") -> Pair:
    return Pair(name, name, picture(1.0, 0.0, blue), picture(target))


def panels(strip: np.ndarray[Any, Any], width: int = 7) -> list[list[int]]:
    """The colour in the middle of each panel."""
    return [strip[2, place * (width + GAP) + width // 2].tolist() for place in range(4)]


def test_the_panels_are_source_prediction_target_and_error() -> None:
    strip = side_by_side(pair(target=0.2), torch.full((1, 5, 7), 0.2 + WORST_SHOWN))
    assert strip.shape == (5, 4 * 7 + 3 * GAP, 3) and strip.dtype == np.uint8
    assert panels(strip) == [[255, 0, 153], [115] * 3, [51] * 3, list(HEAT[-1][1])]
    assert strip[:, 7 : 7 + GAP].min() == 255


def test_no_error_is_dark_and_the_map_grows_with_it() -> None:
    colours = heat(torch.tensor([[0.0, WORST_SHOWN / 4, WORST_SHOWN / 2, WORST_SHOWN, 9.0]]))[0]
    assert colours.tolist() == [list(HEAT[place][1]) for place in (0, 1, 2, 4, 4)]


def test_samples_are_spread_evenly_and_none_is_chosen_twice() -> None:
    assert chosen(16, 4) == [0, 5, 10, 15]
    assert chosen(3, 9) == [0, 1, 2]
    assert chosen(5, 1) == [0]
    assert chosen(5, 0) == []


def test_deep_images_are_stretched_between_their_percentiles_and_flat_ones_do_not_break() -> None:
    ramp = torch.linspace(0.1, 0.2, 1000).view(1, 10, 100)
    low, high = stretch(ramp, "uint16")
    assert (low, high) == pytest.approx((0.101, 0.199), abs=1e-3)
    assert stretch(ramp, "uint8") == (0.0, 1.0)
    flat = torch.full((1, 4, 4), 0.3)
    assert shown(flat, *stretch(flat, "float32")).shape == (4, 4, 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 12])
def test_images_of_any_number_of_channels_are_shown(channels: int) -> None:
    pixels = torch.rand(channels, 6, 8)
    image = shown(pixels, 0.0, 1.0)
    assert image.shape == (6, 8, 3)
    bands = pixels[:3] if channels >= 3 else pixels[:1].repeat(3, 1, 1)
    assert np.array_equal(image, (bands * 255 + 0.5).to(torch.uint8).permute(1, 2, 0).numpy())


def test_each_sample_shows_the_prediction_for_its_own_pair(tmp_path: Path) -> None:
    pairs = [pair(target=place / 10, blue=place / 5, name=str(place)) for place in range(5)]
    method = Method(name="copy", model=create("copy", Task.parse("rgb2ir")))
    write_samples(tmp_path / "samples", [method], pairs, EvaluateSettings(samples=3))  # type: ignore[arg-type]
    found = {path.name: panels(read_image(path)) for path in sorted((tmp_path / "samples").iterdir())}
    assert list(found) == ["0000_copy.png", "0002_copy.png", "0004_copy.png"]
    for place, seen in zip((0, 2, 4), found.values(), strict=True):
        prediction = round((1 + place / 5) / 3 * 255)
        assert seen[0] == [255, 0, place * 51] and seen[1] == [prediction] * 3
        assert seen[2] == [round(place * 25.5)] * 3
        assert seen[3] == heat(torch.tensor([[abs(prediction / 255 - place / 10)]]))[0, 0].tolist()


def test_file_names_are_safe_short_and_never_alike() -> None:
    names = file_names(["graydef", "graydef factor=1.0, seed=2", "a/b", "a\\b", "A b", "x" * 300, "../..", "ünï"])
    assert names[:2] == ["graydef", "graydef_factor=1.0__seed=2"]
    assert len({name.casefold() for name in names}) == len(names) and max(map(len, names)) < 100
    assert not any(set(name) & set("/\\ ,\n") for name in names)
