"""Methods made ready, and scored on the same images in one pass."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from spectra.bench import harness, teaching
from spectra.bench.counted import silent
from spectra.bench.harness import Method, evaluate, floors, prepare, preset_shown
from spectra.bench.run import described
from spectra.bench.scoring import fitted, predict, resized, score_item
from spectra.bench.teaching import Surroundings
from spectra.data.images import read_image, write_image
from spectra.data.open import open_data
from spectra.data.pairs import Pair
from spectra.data.pictures import to_array
from spectra.errors import SpectraError
from spectra.metric import Score
from spectra.model import create
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.registry import registry
from spectra.translation.translate import translate
from tests.pair_folders import write_data, write_pairs


def recipe(root: Path, **said: Any) -> Recipe:
    data = {"root": root, **said.pop("data", {})}
    filled = {"task": "rgb2ir", "translator": "graydef", "settings": {"factor": "fit"}, **said}
    return Recipe.model_validate({**filled, "data": data})


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write_data(tmp_path / "pairs")


def scored(method: Method, name: str) -> Score:
    return method.scores()[name]


def test_floors_are_fitted_on_the_training_pairs_and_no_others(pairs: Path) -> None:
    said = recipe(pairs)
    data = open_data(said)
    constant = next(floor for floor in floors(said, data).methods if floor.name == "constant")
    train = torch.stack([pair.target.pixels for pair in data.train]).double().mean()
    test = torch.stack([pair.target.pixels for pair in data.test]).double().mean()
    assert float(constant.model.translator.mean) == pytest.approx(float(train), abs=1e-7)
    assert abs(float(train - test)) > 1e-4


def test_the_method_is_fitted_on_the_training_pairs_and_no_others(pairs: Path) -> None:
    said = recipe(pairs)
    data = open_data(said)
    fitted = prepare(said, data).model.translator.diagnostics()
    assert fitted["pixels"] == 4 * 16 * 12
    swapped = prepare(said, replace(data, train=data.test, test=data.train)).model.translator.diagnostics()
    assert swapped["pixels"] == 3 * 16 * 12 and swapped["factor"] != fitted["factor"]


def test_the_scores_are_those_of_the_files_that_translate_writes(pairs: Path, tmp_path: Path) -> None:
    said = recipe(pairs)
    data = open_data(said)
    method = prepare(said, data)
    evaluate([method], data.test, said.evaluate)
    method.model.save(tmp_path / "model")
    translate(tmp_path / "model", pairs / "test" / "rgb", tmp_path / "out")
    for name, scores in zip(data.test.names, method.images, strict=True):
        wrote = next((tmp_path / "out").rglob(f"{name}.png"))
        error = read_image(wrote).astype(float) - read_image(pairs / "test" / "ir" / f"{name}.png")
        assert scores["rmse"] == pytest.approx(np.sqrt((error**2).mean()), abs=1e-5)
        assert scores["mae"] == pytest.approx(np.abs(error).mean(), abs=1e-5)
        assert scores["psnr"] == pytest.approx(10 * np.log10(255**2 / (error**2).mean()), abs=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_a_prediction_is_what_its_file_would_hold(tmp_path: Path, dtype: str) -> None:
    root = write_data(tmp_path / "pairs", dtype=dtype)
    said = recipe(root)
    data = open_data(said)
    method = prepare(said, data)
    pair = data.test[0]
    found = predict(method.model, pair)
    raw = method.model(pair.source.pixels[None])[0].detach()
    write_image(tmp_path / "out.png", to_array(raw, pair.target.scale, dtype))
    most = np.iinfo(dtype).max
    assert np.abs(found[0].numpy() * most - read_image(tmp_path / "out.png")[:, :, 0]).max() < 1e-2
    assert not torch.equal(found, raw)


def test_images_of_differing_sizes_are_scored_at_their_own(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    write_pairs(root, "test", ("odd",), size=(31, 7))
    said = recipe(root)
    data = open_data(said)
    seen: list[tuple[int, ...]] = []

    method = prepare(said, data)
    evaluate([method], data.test, said.evaluate)
    assert scored(method, "psnr").n == 4
    for pair in data.test:
        item = score_item(pair, predict(method.model, pair))
        seen.append(tuple(item.prediction.shape))
        assert item.prediction.shape == item.target.shape
    assert seen == [(1, 16, 12)] * 3 + [(1, 31, 7)]


def test_a_resize_changes_the_numbers(pairs: Path) -> None:
    values = []
    for size in (None, (8, 8)):
        said = recipe(pairs, evaluate={"resize": size, "metrics": ["psnr"]})
        data = open_data(said)
        method = prepare(said, data)
        evaluate([method], data.test, said.evaluate)
        values.append(scored(method, "psnr").value)
    assert values[0] != values[1]


def test_a_resized_pixel_is_valid_where_all_it_came_from_was(pairs: Path) -> None:
    pair = open_data(recipe(pairs)).test[0]
    valid = torch.ones(16, 12, dtype=torch.bool)
    valid[0, 0] = False
    small = resized(replace(pair, target=replace(pair.target, valid=valid)), (8, 6))
    assert small.source.pixels.shape == (3, 8, 6)
    assert small.valid is not None
    assert not small.valid[0, 0] and bool(small.valid[2:, 2:].all())
    assert resized(pair, None) is pair


def test_a_mask_reaches_the_metrics(tmp_path: Path) -> None:
    root = write_data(tmp_path / "pairs")
    for path in (root / "test" / "ir").glob("*.png"):
        image = read_image(path)
        image[:4] = 0
        write_image(path, image, overwrite=True)
    said = recipe(root, data={"target": {"scale": "dtype nodata 0"}}, settings={"factor": 1.2})
    data = open_data(said)
    method = prepare(said, data)
    evaluate([method], data.test, said.evaluate)
    for pair, scores in zip(data.test, method.images, strict=True):
        error = (predict(method.model, pair) - pair.target.pixels)[:, 4:] * 255
        assert scores["rmse"] == pytest.approx(float((error.double() ** 2).mean().sqrt()), rel=1e-5)


def test_each_method_has_its_own_scores(pairs: Path) -> None:
    said = recipe(pairs)
    data = open_data(said)
    methods = [prepare(said, data), *floors(said, data).methods]
    evaluate(methods, data.test, said.evaluate)
    for method in methods:
        alone = replace(method, metrics={}, images=[])
        evaluate([alone], data.test, said.evaluate)
        assert alone.scores() == method.scores()
        mean = sum(scores["mae"] or 0.0 for scores in method.images) / len(data.test)
        assert scored(method, "mae").value == pytest.approx(mean, abs=1e-12)
    assert len({scored(method, "mae").value for method in methods}) == 5


def test_a_method_that_writes_into_its_source_does_not_harm_the_next(pairs: Path) -> None:
    said = recipe(pairs)
    data = open_data(said)
    model = create("copy", said.resolved_task())
    model.translator.forward = lambda source: source.zero_()[:, :1]  # type: ignore[method-assign]
    before = data.test[0].source.pixels.clone()
    predict(model, data.test[0])
    assert torch.equal(data.test[0].source.pixels, before)


def test_evaluating_twice_counts_no_image_twice(pairs: Path) -> None:
    said = recipe(pairs)
    data = open_data(said)
    method = prepare(said, data)
    for _ in range(2):
        evaluate([method], data.test, said.evaluate)
    assert len(method.images) == scored(method, "psnr").n == 3


def test_floors_that_make_no_sense_for_the_task_are_left_out(pairs: Path) -> None:
    said = recipe(pairs, evaluate={"floors": ["copy", "copy", "linear"]})
    assert [floor.name for floor in floors(said, open_data(said)).methods] == ["copy", "linear"]


@pytest.mark.parametrize(
    ("settings", "shown"),
    [
        ({"factor": 1.3}, "rgb2ir"),
        ({"factor": "fit"}, None),
        ({"factor": "fit", "variant": "affine"}, "affine"),
        ({"factor": 1.4}, None),
    ],
)
def test_a_model_bears_the_name_of_a_preset_only_where_all_of_it_holds(
    tmp_path: Path, settings: dict[str, Any], shown: str | None
) -> None:
    assert preset_shown(recipe(tmp_path, preset="rgb2ir", settings=settings)) == shown


PRESETS: dict[str, dict[str, Any]] = {
    "rated": {"train": {"betas": (0.9, 0.99)}, "losses": {"l1": 10}},
    "resized": {"evaluate": {"metrics": ["psnr"], "resize": (8, 8)}},
    "broken": {"train": {"steps": object()}, "settings": {"factor": {1}}},
}


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (PRESETS["rated"], "rated"),
        ({**PRESETS["rated"], "losses": {"l1": {"weight": 10.0}}}, "rated"),
        ({**PRESETS["rated"], "losses": {"l1": {"weight": 10, "more": 1}}}, None),
        ({**PRESETS["rated"], "train": {"betas": [0.9, 0.9]}}, None),
        (PRESETS["resized"], "resized"),
        ({**PRESETS["resized"], "seed": 4, "weights": {"generator": {"cycle": 1}}}, "resized"),
        ({}, None),
    ],
)
def test_a_preset_is_recognised_however_its_values_are_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: dict[str, Any], shown: str | None
) -> None:
    monkeypatch.setattr(registry("translators").get("graydef"), "presets", PRESETS)
    assert preset_shown(recipe(tmp_path, **said)) == shown


@pytest.mark.parametrize("seed", [0, 5])
def test_the_seed_of_the_recipe_seeds_torch_and_the_feed(
    pairs: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(teaching, "PairFeed", lambda *given: seen.append(given[4]))
    monkeypatch.setattr(
        harness, "create", lambda *given, **named: seen.append(torch.initial_seed()) or create(*given, **named)
    )
    said = recipe(pairs, seed=seed)
    prepare(said, open_data(said))
    assert seen == [seed, seed]


def test_progress_is_told_for_every_image(pairs: Path) -> None:
    told: list[tuple[str, int, int]] = []
    said = recipe(pairs)
    data = open_data(said)
    method = prepare(said, data, Surroundings("cpu", lambda *words: told.append(words)))
    evaluate([method], data.test, EvaluateSettings(), lambda *words: told.append(words))
    assert ("graydef: fit", 4, 4) in told and told[-1] == ("evaluate", 3, 3)


@pytest.mark.gpu
def test_on_a_device_the_scores_are_those_of_the_cpu(pairs: Path) -> None:
    said = recipe(pairs)
    data = open_data(said)
    found = []
    for device in ("cpu", "cuda"):
        methods = [prepare(said, data, Surroundings(device, silent)), *floors(said, data).methods]
        evaluate(methods, data.test, said.evaluate)
        found.append([score.value for method in methods for score in method.scores().values()])
    assert found[0] == pytest.approx(found[1], rel=1e-4)


def test_a_pair_keeps_its_name_and_place_in_what_is_scored(pairs: Path) -> None:
    pair: Pair = open_data(recipe(pairs)).test[1]
    item = score_item(pair, pair.target.pixels)
    assert (item.name, item.group, item.scale) == ("f", "f", pair.target.scale)
    assert item.source is pair.source.pixels and item.target is pair.target.pixels


def chain_of(*links: dict[str, Any]) -> dict[str, Any]:
    return {"translator": "chain", "settings": {"links": list(links)}}


def test_a_chain_is_made_of_the_run_of_a_recipe_and_a_name(pairs: Path, tmp_path: Path) -> None:
    first = prepare(recipe(pairs), open_data(recipe(pairs)))
    first.model.save(tmp_path / "runs" / "first" / "model")
    said = recipe(pairs, **chain_of({"recipe": "first.yaml"}, {"translator": "inverse", "target": IR}))
    asked: list[str] = []

    def folder_of(file: str) -> Path:
        asked.append(file)
        return tmp_path / "runs" / "first"

    chain = prepare(said, open_data(said), Surroundings(folder_of=folder_of))
    pair = open_data(said).test[0]
    expected = 1 - first.model(pair.source.pixels[None])
    torch.testing.assert_close(chain.model(pair.source.pixels[None]), expected)
    assert asked == ["first.yaml"] and chain.model.trained
    with pytest.raises(SpectraError, match=r"The run of first\.yaml is needed first"):
        prepare(said, open_data(said))


IR = {"name": "ir", "channels": 1}


def test_the_resize_of_a_recipe_is_the_models_and_is_noted(pairs: Path) -> None:
    said = recipe(pairs, inference={"input": (8, 8), "output": (20, 30)}, settings={"factor": 1.2})
    made = prepare(said, open_data(said))
    assert made.model.size_of((16, 12)) == (20, 30)
    assert "Sources are brought to 8×8, results to 20×30." in made.model.notes
    assert all(not floor.model.inference.resizes for floor in floors(said, open_data(said)).methods)


def test_a_result_of_another_size_is_scored_at_that_of_its_target_and_the_signature_says_so(pairs: Path) -> None:
    said = recipe(pairs, inference={"output": (20, 30)}, settings={"factor": 1.2})
    data = open_data(said)
    sized, native = prepare(said, data), prepare(recipe(pairs, settings={"factor": 1.2}), data)
    evaluate([sized, native], data.test, said.evaluate)
    assert (sized.fitted, native.fitted) == (True, False)
    prediction = predict(sized.model, data.test[0])
    assert prediction.shape == (1, 20, 30)
    assert fitted(prediction, data.test[0]).shape == data.test[0].target.pixels.shape
    signatures = [described([one], said.evaluate)[one.name]["scores"]["psnr"]["signature"] for one in (sized, native)]
    assert ["prediction-to-target-size" in signature for signature in signatures] == [True, False]
