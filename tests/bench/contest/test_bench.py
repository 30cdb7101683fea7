"""Methods on the same images, each in a process of its own, in a folder that keeps what was learned."""

from __future__ import annotations

import csv
import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from spectra.bench.contest.attempt import Failure
from spectra.data.images import read_image, write_image
from spectra.data.lock import held
from spectra.translation.translate import translate
from tests.bench.contest.benches import asked, carry_out, fault, image_scores, mean, rows, timeless
from tests.bench.contest.conftest import Shared
from tests.pair_folders import write_data, write_pairs, write_recipe

WORDS = ("error", "id", "steps", "notes", "preset", "kind", "seeds")
"""Of a row, what who else enters has no part in: who is best does."""


def test_who_fails_is_a_row_with_its_reason_and_the_rest_goes_on(
    shared: Shared, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of before are found again, those that are new are carried out."""
    bad = ("raises", "dies", "leaks", "wrong", "dizzy", "leaves")
    names, heard = asked(monkeypatch, apart=True), list[str]()
    done = carry_out(
        shared.copied(folder), "pupil", *bad, "pupil@brief", "graydef", memory=1.5, heard=heard, **shared.said
    )
    assert names == [*bad, "pupil@brief"]
    found = rows(done)
    reasons = {name: found[name]["error"] for name in bad}
    assert "RuntimeError: a plugin went wrong" in reasons["raises"]
    assert "SIGABRT" in reasons["dies"] and "the last words" in reasons["dies"]
    assert "more than 1.5 GiB of memory" in reasons["leaks"]
    assert "shape" in reasons["wrong"]
    assert "not finite" in reasons["dizzy"]
    assert "left nothing" in reasons["leaves"]
    assert all(found[name]["scores"] == {} for name in bad)
    before = rows(shared.done)
    for name in ("pupil", "graydef", "linear", "constant", "copy", "inverse"):
        own, other = (
            {word: row[word] for word in ("error", "id", "steps", "notes")} for row in (found[name], before[name])
        )
        assert own == other, name
        assert {metric: score["mean"] for metric, score in found[name]["scores"].items()} == {
            metric: score["mean"] for metric, score in before[name]["scores"].items()
        }, name
    assert (found["pupil"]["steps"], found["graydef"]["steps"]) == (9, None)
    assert found["pupil"]["error"] is None and found["pupil"]["scores"]["psnr"]["n"] == 3
    assert found["pupil@brief"]["error"] is None and found["pupil@brief"]["preset"] == "brief"
    assert not list(folder.glob("bench.old*")), "no row was lost"
    trace = next(folder.glob("kept/raises-*.error.txt"))
    assert "in stages" in trace.read_text("utf-8") and any(str(trace) in text for text in heard)


def test_the_same_command_again_does_nothing_anew_and_says_the_same(
    shared: Shared, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.copied(folder)
    names = asked(monkeypatch)
    carry_out(folder, *shared.methods, **shared.said)
    assert timeless(folder) == timeless(shared.done.folder)
    other = carry_out(folder, "pupil", metrics=("rmse", "psnr"), **shared.said)
    assert list(rows(other)["pupil"]["scores"]) == ["rmse", "psnr"]
    assert rows(other)["pupil"]["scores"]["psnr"]["mean"] == mean(shared.done, "pupil")
    assert names == [], "other metrics are no other training"
    assert "graydef" in (folder / "bench.old1.json").read_text("utf-8"), "what this bench has not keeps a name"


def test_what_is_damaged_is_set_aside_and_carried_out_again(
    shared: Shared, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.copied(folder)
    names, heard = asked(monkeypatch), list[str]()
    said = next(folder.glob("kept/pupil-*/done.json"))
    said.write_text(said.read_text("utf-8")[:40], "utf-8")
    image = next(folder.glob("kept/graydef-*/predictions/f.png"))
    image.write_bytes(image.read_bytes()[:50])
    again = carry_out(folder, *shared.methods, heard=heard, **shared.said)
    assert names == ["pupil", "graydef"] and len(list(folder.glob("kept/*.damaged1"))) == 2
    assert rows(again) == rows(shared.done)
    assert any("done.json" in text and "carried out again" in text for text in heard)


@pytest.mark.parametrize("lost", ["model/weights.safetensors", "model/model.json", "predictions", "done.json"])
def test_whatever_is_lost_of_it_is_noticed(
    lost: str, shared: Shared, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared.copied(folder)
    path = next(folder.glob(f"kept/graydef-*/{lost}"))
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    monkeypatch.setattr("spectra.bench.contest.steward.attempt", lambda *words: None)
    found = rows(carry_out(folder, *shared.methods, **shared.said))
    assert "left nothing" in found["graydef"]["error"] and found["pupil"]["error"] is None


def test_finished_predictions_and_a_model_score_as_the_method_itself(
    shared: Shared, folder: Path, tmp_path: Path
) -> None:
    """From a folder of the bench, of `spectra translate`, and of strangers who write in other ways."""
    kept = shared.kept("pupil")
    translate(kept / "model", shared.root / "test" / "rgb", tmp_path / "translated")
    for path in (kept / "predictions").glob("*.png"):
        image = read_image(path)
        for name, suffix, shown in (("strange", ".npy", image), ("colour", ".PNG", np.repeat(image, 3, axis=2))):
            (tmp_path / name).mkdir(exist_ok=True)
            written = tmp_path / name / f"{path.stem}{suffix.lower()}"
            write_image(written, shown)
            written.rename(written.with_suffix(suffix))
    others = ("translated", "strange", "colour")
    entrants = (str(kept), str(kept / "predictions"), *(str(tmp_path / name) for name in others))
    both = carry_out(folder, *entrants, data=str(shared.root))
    found = rows(both)
    names = (kept.name, "predictions", *others)
    assert [found[name]["kind"] for name in names] == ["model", *["predictions"] * 4]
    truth = image_scores(shared.done, "pupil")
    for name in names:
        own = image_scores(both, name)
        assert own.keys() == truth.keys()
        for image, value in truth.items():
            assert math.isclose(own[image], value, rel_tol=1e-6), (name, image)


def test_predictions_of_other_sizes_are_brought_to_the_targets_and_the_row_says_so(
    shared: Shared, folder: Path, tmp_path: Path
) -> None:
    for name in "efg":
        write_image(made_path(tmp_path / "small", name), np.full((8, 6, 1), 90, np.uint8))
        write_image(made_path(tmp_path / "broken", name).with_suffix(".tif"), np.full((16, 12, 1), np.nan, np.float32))
        write_image(made_path(tmp_path / "colourful", name), np.arange(576, dtype=np.uint16).reshape(16, 12, 3))
    names = ("small", "broken", "colourful")
    found = rows(carry_out(folder, *(str(tmp_path / name) for name in names), data=str(shared.root)))
    assert any("another size" in note for note in found["small"]["notes"])
    assert "prediction-to-target-size" in found["small"]["scores"]["psnr"]["signature"]
    assert found["copy"]["scores"]["psnr"]["signature"] != found["small"]["scores"]["psnr"]["signature"]
    assert "e.tif" in found["broken"]["error"] and "not finite" in found["broken"]["error"]
    assert "nodata" not in found["broken"]["error"], "no scale of predictions can declare any"
    assert "e.png" in found["colourful"]["error"] and "they differ" in found["colourful"]["error"]


def test_predictions_are_matched_by_name_and_must_be_complete(shared: Shared, folder: Path, tmp_path: Path) -> None:
    made, pairs = tmp_path / "made", shared.root
    for name in ("e", "f", "g"):
        write_image(made_path(made, name), read_image(pairs / "test" / "ir" / f"{name}.png"))
    perfect = carry_out(folder, str(made), data=str(pairs))
    assert mean(perfect, "made") == 100
    (made / "f.png").rename(made / "x.png")
    assert (
        "no prediction for 1 of 3 test images: f"
        in rows(carry_out(folder, str(made), data=str(pairs)))["made"]["error"]
    )
    (made / "x.png").rename(made / "f.png")
    write_image(made / "f.tif", read_image(made / "e.png"))
    assert "Several files" in rows(carry_out(folder, str(made), data=str(pairs)))["made"]["error"]
    (made / "f.tif").unlink()
    (made / "f.png").write_bytes(b"no image")
    assert "f.png" in rows(carry_out(folder, str(made), data=str(pairs)))["made"]["error"]


def made_path(folder: Path, name: str) -> Path:
    folder.mkdir(exist_ok=True)
    return folder / f"{name}.png"


def test_floors_equal_an_independent_computation(shared: Shared) -> None:
    done, pairs = shared.done, shared.root

    def pixels(split: str, side: str) -> list[np.ndarray]:  # type: ignore[type-arg]
        return [read_image(path).astype(np.float64) for path in sorted((pairs / split / side).iterdir())]

    level = np.concatenate([image.ravel() for image in pixels("train", "ir")]).mean()
    guess = np.floor(level + 0.5)
    wanted = [10 * np.log10(255**2 / ((guess - image) ** 2).mean()) for image in pixels("test", "ir")]
    assert math.isclose(mean(done, "constant"), float(np.mean(wanted)), rel_tol=1e-6)
    source = np.concatenate([image.reshape(-1, 3) for image in pixels("train", "rgb")])
    target = np.concatenate([image.reshape(-1) for image in pixels("train", "ir")])
    weights, *_ = np.linalg.lstsq(np.c_[source, np.ones(len(source))], target, rcond=None)
    linear = []
    for image, truth in zip(pixels("test", "rgb"), pixels("test", "ir"), strict=True):
        answer = np.clip(np.floor(np.c_[image.reshape(-1, 3), np.ones(image.size // 3)] @ weights + 0.5), 0, 255)
        linear.append(10 * np.log10(255**2 / ((answer - truth.reshape(-1)) ** 2).mean()))
    assert math.isclose(mean(done, "linear"), float(np.mean(linear)), rel_tol=1e-4)


def test_every_method_takes_the_steps_of_the_budget(shared: Shared, folder: Path) -> None:
    done = carry_out(folder, "pupil", "pupil@brief", budget="7", **shared.said)
    found = rows(done)
    assert (found["pupil"]["steps"], found["pupil@brief"]["steps"]) == (7, 7)
    assert (found["pupil"]["preset"], found["pupil@brief"]["preset"]) == ("tiny", "brief")
    assert found["pupil"]["notes"] == ["The budget gives it 7 steps; by itself it would take 9."]
    logs = {
        path.parents[1].name.partition("-")[0]: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in (folder / "kept").glob("*/training/log.jsonl")
    }
    shares = {
        name: {line["stage"]: line["steps"] for line in log if line["kind"] == "step"} for name, log in logs.items()
    }
    assert shares["pupil"] == {"early": 5, "late": 2}, "in the proportion of six to three"
    assert sorted(shares["pupil_brief"].values()) == [3, 4]
    assert json.loads(done.text)["protocol"]["budget"] == "7 steps"


def test_a_time_is_as_many_steps_as_fit_for_every_seed(shared: Shared, folder: Path) -> None:
    done = carry_out(folder, "pupil", seeds=2, budget="1s", **shared.said)
    steps = rows(done)["pupil"]["steps"]
    (pace,) = (folder / "kept").glob("*.pace.json")
    noted = json.loads(pace.read_text("utf-8"))
    assert noted["steps"] == steps > 2
    early, late = noted["seconds_of_a_step"]
    assert math.isclose(steps, 1 / (early * 2 / 3 + late / 3), rel_tol=0.5)
    said = [json.loads(path.read_text("utf-8"))["steps"] for path in (folder / "kept").glob("pupil-*/done.json")]
    assert said == [steps, steps], "the second seed takes the steps that were noted"


def test_seeds_are_trainings_of_what_learns(shared: Shared, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = asked(monkeypatch)
    done = carry_out(shared.copied(folder), *shared.methods, seeds=2, **shared.said)
    found = rows(done)
    assert names == ["pupil"], "the first seed is there"
    assert (found["pupil"]["seeds"], found["graydef"]["seeds"]) == ([0, 1], [])
    assert found["pupil"]["scores"]["psnr"]["seed_sd"] > 0 and found["graydef"]["scores"]["psnr"]["seed_sd"] is None
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        lines = [line for line in csv.DictReader(file) if line["method"] == "pupil"]
    one, two = ([float(line["psnr"]) for line in lines if line["seed"] == seed] for seed in "01")
    assert one == list(image_scores(shared.done, "pupil").values()) and one != two
    assert math.isclose(mean(done, "pupil"), (sum(one) + sum(two)) / 6, rel_tol=1e-12)
    recipe = next((folder / "kept").glob("pupil-*seed1-*/recipe.yaml")).read_text("utf-8")
    assert "\nseed: 1" in recipe


def test_a_seed_that_fails_is_said_beside_those_that_did_not(
    shared: Shared, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spectra.bench.contest.steward.attempt", lambda *words: Failure("no luck"))
    row = rows(carry_out(shared.copied(folder), "pupil", seeds=2, **shared.said))["pupil"]
    assert row["seeds"] == [0] and row["error"] is None and "seed 1: no luck" in row["notes"]


def test_what_several_seeds_failed_of_is_told_once(
    shared: Shared, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reasons, heard = iter(["no luck", "no luck", "no luck", "no luck", "no time", "no luck"]), list[str]()
    steward = "spectra.bench.contest.steward.attempt"
    monkeypatch.setattr(steward, lambda *words: Failure(next(reasons), "a trace"))
    row = rows(carry_out(folder, "pupil", seeds=3, heard=heard, **shared.said))["pupil"]
    assert row["error"] == "all 3 seeds: no luck"
    assert len([text for text in heard if text.startswith("no luck")]) == 1
    row = rows(carry_out(tmp_path / "other", "pupil", seeds=3, **shared.said))["pupil"]
    assert row["error"] == "seeds 0, 2: no luck; seed 1: no time"


def test_each_task_states_its_own_metrics(folder: Path, tmp_path: Path) -> None:
    """Those in other settings, and those of one task alone, are not said of all."""
    scenes = "data: {scenes: {train: 2, test: 2, size: 32}}\n"
    for task, metrics in (("rgb2ir", "{psnr: {}, ssim: {window: 7}}"), ("rgb2nir", "{psnr: {}, ssim: {}, mae: {}}")):
        text = f"task: {task}\ntranslator: graydef\n{scenes}evaluate: {{metrics: {metrics}, floors: [copy]}}\n"
        write_recipe(tmp_path, text, f"{task}.yaml")
    recipes = (str(tmp_path / "rgb2ir.yaml"), str(tmp_path / "rgb2nir.yaml"))
    done = carry_out(folder, *recipes, tasks=(), metrics=())
    protocol = done.result.protocol
    assert list(protocol.metrics) == ["psnr"]
    assert list(done.result.asked_of("rgb2ir")) == ["psnr", "ssim"]
    assert list(done.result.asked_of("rgb2nir")) == ["psnr", "ssim", "mae"]
    ssim = [done.result.asked_of(task)["ssim"] for task in ("rgb2ir", "rgb2nir")]
    assert isinstance(ssim[0], dict) and ssim[0]["window"] == 7 and ssim[0] != ssim[1]


def test_floors_are_there_whatever_enters_by_their_names(shared: Shared, folder: Path, tmp_path: Path) -> None:
    """A folder of predictions, a method of that name that fails, and the floor itself."""
    for name in "efg":
        write_image(made_path(tmp_path / "constant", name), read_image(shared.root / "test" / "ir" / f"{name}.png"))
    found = rows(carry_out(folder, str(tmp_path / "constant"), "copy", data=str(shared.root)))
    assert found["constant"]["kind"] == "predictions" and found["constant"]["scores"]["psnr"]["mean"] == 100
    assert found["constant (as floor)"]["scores"]["psnr"]["mean"] == mean(shared.done, "constant")
    assert found["copy"]["kind"] == "translator" and "copy (as floor)" not in found
    assert {name for name, row in found.items() if row["kind"] == "floor"} == {
        "constant (as floor)",
        "inverse",
        "linear",
    }


def test_groups_reach_intervals_and_tests(folder: Path, tmp_path: Path) -> None:
    """Frames of one sequence are no independent images: with them apart the interval would be narrower."""
    root = tmp_path / "grouped"
    write_pairs(root, "train", ("p/a", "p/b", "q/a"))
    names = tuple(f"{group}/{name}" for group in "rstuv" for name in "abcd")
    write_pairs(root, "test", names)
    for name in names:
        path = tmp_path / "made" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_image(path, read_image(root / "test" / "ir" / f"{name}.png") // 2)
    done = carry_out(folder, str(tmp_path / "made"), data=str(root))
    said = json.loads(done.text)["pairs"]
    assert any("made" in (pair["a"], pair["b"]) for pair in said)
    assert {pair["clusters"] for pair in said} == {5} and {pair["n"] for pair in said} == {20}


def test_a_folder_that_is_no_bench_is_left_alone(shared: Shared, folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    assert "is not a bench" in fault(folder, "graydef", data=str(shared.root))
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_two_benches_in_one_folder_do_not_meet(shared: Shared, folder: Path) -> None:
    shared.copied(folder)
    with held(folder / ".lock"):
        assert "Another bench is at work" in fault(folder, *shared.methods, **shared.said)


def test_nobody_and_nothing_are_told(folder: Path, shared: Shared, tmp_path: Path) -> None:
    said = {"data": str(shared.root)}
    assert "did you mean" in fault(folder, "graydeff", **said).lower()
    made = tmp_path / "made"
    made.mkdir()
    assert "--tasks" in fault(folder, str(made), **said, tasks=())
    assert "No task is left" in fault(folder, "graydef", data=str(made), tasks=())
    assert "Did you mean 'tiny'" in fault(folder, "pupil", "graydef", **said, preset="tinny")
    assert not folder.exists()


def test_sixteen_bits_are_predicted_in_their_type(folder: Path, tmp_path: Path) -> None:
    root = write_data(tmp_path / "deep", dtype="uint16")
    done = carry_out(folder, "graydef", data=str(root))
    kept = next((folder / "kept").glob("graydef-*/predictions"))
    assert read_image(kept / "e.png").dtype == np.uint16
    assert rows(done)["graydef"]["scores"]["mae"]["unit"] == "DN"
