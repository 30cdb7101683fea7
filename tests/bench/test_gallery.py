"""Which images a gallery chooses, and that its pictures show what they are named after."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from spectra.bench.gallery import write_gallery
from spectra.bench.gallery_choice import Choice, choose
from spectra.bench.gallery_colours import BRIGHTEST, DARKEST, coloured, colours
from spectra.bench.gallery_pictures import LONGEST, NO_DATA, Stretch
from spectra.bench.harness import evaluate
from spectra.bench.method import Judged
from spectra.bench.samples import WORST_SHOWN, heat
from spectra.data.images import read_image
from spectra.data.pairs import Pair, Picture
from spectra.errors import SpectraError
from spectra.modalities import Scale
from spectra.recipe.recipe import EvaluateSettings
from tests.bench.made_bench import Painter

BYTES = Scale(0, 255)
KELVIN = Scale(250, 330, "K")


def picture(pixels: Tensor, scale: Scale = BYTES, dtype: str = "uint8", valid: Tensor | None = None) -> Picture:
    return Picture(pixels, scale, dtype, valid)


class Pairs(list[Pair]):
    @property
    def names(self) -> list[str]:
        return [pair.name for pair in self]

    def identity(self) -> str:
        return "pairs"


def pairs(count: int = 5, *, bands: int = 1, size: tuple[int, int] = (8, 9), **target: Any) -> Pairs:
    """Each with pixels of its own."""
    random = torch.Generator().manual_seed(3)

    def levels(channels: int) -> Tensor:
        return (torch.rand(channels, *size, generator=random) * 200 / 255 + 20 / 255).mul(255).round() / 255

    return Pairs(
        Pair(f"image {place}", f"image {place}", picture(levels(3)), picture(levels(bands), **target))
        for place in range(count)
    )


def off_by(*errors: float) -> Callable[[Pair], Tensor]:
    """A method whose error on each image is the next of these."""
    return lambda pair: pair.target.pixels + errors[int(pair.name.split()[1])]


def scored(test: Pairs, metric: str, **methods: tuple[Callable[[Pair], Tensor], bool]) -> list[Judged]:
    found: list[Judged] = [Painter(name=name, floor=floor, paint=paint) for name, (paint, floor) in methods.items()]
    evaluate(found, test, EvaluateSettings(metrics={metric: {}, "mae": {}}))
    return found


def written(
    folder: Path, test: Pairs, methods: list[Judged], metric: str, **options: Any
) -> tuple[Path, dict[str, Any]]:
    settings = EvaluateSettings(metrics={metric: {}, "mae": {}}, **options)
    place = write_gallery(folder, "rgb2nir", methods, test, settings, metric)
    return place, json.loads((place / "gallery.json").read_text("utf-8"))


VALUES = {"a": [3.0, 1.0, 2.0, 5.0, 4.0], "b": [9.0, 8.0, 7.0, 6.0, None]}


def places(found: list[Choice]) -> list[int]:
    return [choice.place for choice in found]


def test_the_worst_of_each_method_comes_first_then_the_median_then_the_best() -> None:
    found = choose(VALUES, "higher")
    assert places(found) == [
        1,
        3,
        0,
    ]  # worst a, worst b (and best a); median a (and best b); b's median is 8.0, image 1
    said = {choice.place: {(why.method, why.what) for why in choice.reasons} for choice in found}
    assert said == {
        1: {("a", "worst"), ("b", "median")},
        3: {("b", "worst"), ("a", "best")},
        0: {("a", "median"), ("b", "best")},
    }


def test_where_lower_is_better_the_largest_is_the_worst() -> None:
    reasons = {(why.method, why.what): why.value for choice in choose(VALUES, "lower") for why in choice.reasons}
    assert reasons["a", "worst"] == 5.0 and reasons["a", "best"] == 1.0 and reasons["a", "median"] == 3.0
    assert reasons["b", "worst"] == 9.0 and reasons["b", "best"] == 6.0


def test_floors_choose_last_and_only_their_worst() -> None:
    found = choose({"floor": [1.0, 2.0, 3.0, 4.0], "own": [4.0, 4.5, 5.0, 3.0]}, "higher", {"floor"})
    assert places(found) == [3, 1, 2, 0]
    assert [(why.method, why.what) for why in found[-1].reasons] == [("floor", "worst")]
    assert not any(why.method == "floor" and why.what != "worst" for choice in found for why in choice.reasons)


def test_no_method_is_left_out_for_anothers_sake() -> None:
    values = {f"m{method}": [float((place * 7 + method * 3) % 40) for place in range(40)] for method in range(10)}
    found = choose(values, "higher", most=12)
    worst = {why.method for choice in found for why in choice.reasons if why.what == "worst"}
    assert len(found) == 12 and worst == set(values)


def test_without_any_score_the_images_are_spread_evenly() -> None:
    found = choose({"a": [None] * 9, "b": [math.nan] * 9}, "higher", most=3)
    assert places(found) == [0, 4, 8] and all(not choice.reasons for choice in found)


@given(
    st.dictionaries(
        st.sampled_from("abcdef"), st.lists(st.none() | st.floats(-9, 9), min_size=6, max_size=6), min_size=1
    ),
    st.integers(1, 14),
)
def test_the_choice_is_within_bounds_and_each_reason_is_true(values: dict[str, list[float | None]], most: int) -> None:
    found = choose(values, "higher", most=most)
    assert len(found) <= most and len(set(places(found))) == len(found)
    for choice in found:
        for why in choice.reasons:
            known = sorted(value for value in values[why.method] if value is not None)
            assert values[why.method][choice.place] == why.value
            assert why.value == {"worst": known[0], "median": known[len(known) // 2], "best": known[-1]}[why.what]


@pytest.mark.parametrize(("metric", "worst"), [("rmse", 3), ("psnr", 3)])
def test_images_are_chosen_by_the_metric_and_its_better_side(tmp_path: Path, metric: str, worst: int) -> None:
    test = pairs()
    methods = scored(test, metric, own=(off_by(0.01, 0.02, 0.03, 0.15, 0.05), False))
    _, said = written(tmp_path, test, methods, metric)
    why = {one["what"]: image["place"] for image in said["images"] for one in image["why"]}
    assert why == {"worst": worst, "median": 2, "best": 0}
    assert said["metric"] == metric and said["better"] == ("lower" if metric == "rmse" else "higher")


def test_another_metric_chooses_other_images(tmp_path: Path) -> None:
    """One bright pixel spoils the root mean square, a small error everywhere the mean of absolute errors."""
    test = pairs(2, size=(40, 40))

    def paint(pair: Pair) -> Tensor:
        found = pair.target.pixels.clone()
        if pair.name.endswith("0"):
            found[..., 0, 0] -= 0.4 if found[0, 0, 0] > 0.5 else -0.4
        else:
            found -= 2 / 255
        return found

    settings = EvaluateSettings(metrics={"rmse": {}, "mae": {}})
    methods: list[Judged] = [Painter(name="own", paint=paint)]
    evaluate(methods, test, settings)
    first = {}
    for metric in ("rmse", "mae"):
        place = write_gallery(tmp_path / metric, "rgb2nir", methods, test, settings, metric)
        first[metric] = json.loads((place / "gallery.json").read_text("utf-8"))["images"][0]["place"]
    assert first == {"rmse": 0, "mae": 1}


def test_each_picture_shows_what_it_is_named_after(tmp_path: Path) -> None:
    test = pairs(3)
    methods = scored(
        test, "psnr", one=(off_by(0.04, 0.08, 0.12), False), two=(lambda pair: pair.target.pixels * 0, True)
    )
    place, said = written(tmp_path, test, methods, "psnr")
    for image in said["images"]:
        pair = test[image["place"]]
        assert image["name"] == pair.name and image["size"] == [8, 9]
        source = (pair.source.pixels.permute(1, 2, 0) * 255).round().numpy().astype(np.uint8)
        assert np.array_equal(read_image(place / image["source"]["file"]), source)
        assert np.array_equal(read_image(place / image["target"]["file"]), coloured(_levels(pair.target.pixels)))
        for method in methods:
            files, prediction = image["methods"][method.name], method.predict(pair)
            assert np.array_equal(read_image(place / files["prediction"]), coloured(_levels(prediction)))
            error = (prediction - pair.target.pixels).abs()[0]
            assert np.array_equal(read_image(place / files["error"]), heat(error))
            assert files["scores"] == pytest.approx(method.images[image["place"]])


def _levels(pixels: Tensor) -> Any:
    return (pixels[0].clamp(0, 1) * 255 + 0.5).numpy().astype(np.uint8)


def test_prediction_and_target_share_one_stretch_and_the_legend_is_in_the_unit(tmp_path: Path) -> None:
    test = pairs(1, size=(20, 20), scale=KELVIN, dtype="float32")
    target = test[0].target.pixels
    methods = scored(test, "psnr", warm=(lambda pair: pair.target.pixels + 0.05, False))
    place, said = written(tmp_path, test, methods, "psnr")
    image = said["images"][0]
    low, high = torch.quantile(target.flatten(), torch.tensor([0.01, 0.99])).tolist()
    assert image["target"]["unit"] == "K" and image["target"]["colour"] == "false"
    assert image["target"]["low"] == pytest.approx(250 + 80 * low) and image["target"]["high"] == pytest.approx(
        250 + 80 * high
    )
    assert (image["error"]["low"], image["error"]["high"], image["error"]["unit"]) == (0.0, WORST_SHOWN * 80, "K")
    shown = ((methods[0].predict(test[0]) - low) / (high - low)).clamp(0, 1)
    assert np.array_equal(read_image(place / image["methods"]["warm"]["prediction"]), coloured(_levels(shown)))


@pytest.mark.parametrize(
    ("bands", "said", "colour"),
    [(1, "", "false"), (2, "band 1 of 2", "false"), (3, "", "rgb"), (5, "bands 1, 2 and 3 of 5", "rgb")],
)
def test_which_bands_are_shown_is_said(bands: int, said: str, colour: str) -> None:
    shown = picture(torch.rand(bands, 4, 6))
    look = Stretch.of(shown).look(shown, None)
    assert (look.bands, look.colour) == (said, colour)
    drawn = Stretch.of(shown).draw(shown.pixels)
    levels = (shown.pixels * 255 + 0.5).to(torch.uint8).numpy()
    assert np.array_equal(drawn, levels[:3].transpose(1, 2, 0) if bands >= 3 else coloured(levels[0]))


def test_no_data_is_grey_in_target_and_error(tmp_path: Path) -> None:
    valid = torch.ones(8, 9, dtype=torch.bool)
    valid[2:4, 3:5] = False
    test = pairs(1, valid=valid)
    methods = scored(test, "psnr", own=(off_by(0.1), False))
    place, said = written(tmp_path, test, methods, "psnr")
    image = said["images"][0]
    assert image["target"]["no_data"] and image["error"]["no_data"] and not image["source"]["no_data"]
    for file in (image["target"]["file"], *(image["methods"]["own"][what] for what in ("prediction", "error"))):
        shown = read_image(place / file)
        assert (shown[2:4, 3:5] == NO_DATA).all() and not (shown[valid.numpy()] == NO_DATA).all(-1).any()


def test_pictures_are_of_the_size_that_was_scored_and_no_larger_than_a_page_needs(tmp_path: Path) -> None:
    test = pairs(1)
    place, said = written(tmp_path, test, scored(test, "psnr", own=(off_by(0.1), False)), "psnr", resize=(16, 12))
    assert {read_image(path).shape for path in place.glob("*.png")} == {(16, 12, 3)}
    assert said["images"][0]["size"] == [16, 12]
    wide = picture(torch.rand(1, 4, 2 * LONGEST))
    assert Stretch.of(wide).draw(wide.pixels).shape == (2, LONGEST, 3)


def test_written_again_it_is_the_same_and_nothing_old_is_left(tmp_path: Path) -> None:
    test = pairs()
    methods = scored(test, "psnr", own=(off_by(0.01, 0.02, 0.03, 0.15, 0.05), False))
    place, _ = written(tmp_path, test, methods, "psnr")
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    (place / "0099_source.png").write_bytes(b"old")
    written(tmp_path, test, methods, "psnr")
    assert {path.name: path.read_bytes() for path in place.iterdir()} == before


def test_a_metric_without_scores_of_single_images_is_told_and_an_unknown_one_is_an_error(tmp_path: Path) -> None:
    test = pairs()
    methods = scored(test, "psnr", own=(off_by(*[0.1] * 5), False))
    for method in methods:
        method.images = [{**scores, "psnr": None} for scores in method.images]
    _, said = written(tmp_path, test, methods, "psnr")
    assert [image["place"] for image in said["images"]] == [0, 1, 2, 3, 4] and "spread evenly" in said["notes"][0]
    with pytest.raises(SpectraError, match=r"chosen by 'fid', which is not scored here. Scored are: psnr, mae"):
        write_gallery(tmp_path, "rgb2nir", methods, test, EvaluateSettings(), "fid")


def test_names_of_methods_make_safe_files(tmp_path: Path) -> None:
    test = pairs(1)
    methods = scored(test, "psnr", own=(off_by(0.1), False))
    methods = [replace(methods[0], name="../up/<b>"), replace(methods[0], name="..\\up\\<b>")]  # type: ignore[type-var]
    place, said = written(tmp_path, test, methods, "psnr")
    files = {files["prediction"] for files in said["images"][0]["methods"].values()}
    assert len(files) == 2 and all((place / file).parent == place and (place / file).is_file() for file in files)


def test_the_grey_of_a_false_colour_is_its_value_and_no_two_are_alike() -> None:
    found = colours().astype(float) / 255
    grey = found @ np.array([0.2126, 0.7152, 0.0722])
    assert np.abs(grey - np.linspace(DARKEST, BRIGHTEST, 256)).max() < 0.003
    assert abs(DARKEST + BRIGHTEST - 1) < 1e-9  # so that contrast alone stretches it to black and white
    assert len({tuple(colour) for colour in colours().tolist()}) == 256
