"""Methods on the same images, each in a process of its own, in a folder that keeps what was learned."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

from spectra.bench.contest import contest as contests
from spectra.bench.contest.bench import plan
from spectra.data.images import read_image, write_image
from spectra.translation.translate import translate
from tests.bench.contest.benches import carry_out, fault, image_scores, mean, options, rows, timeless
from tests.pair_folders import RECIPE, write_data, write_pairs, write_recipe
from tests.plugin_packages import PluginPackages


def test_who_fails_is_a_row_with_its_reason_and_the_rest_goes_on(
    pupils: PluginPackages, pairs: Path, folder: Path, tmp_path: Path
) -> None:
    said = {"data": str(pairs), "preset": "tiny", "memory": 1.5}
    bad = ("raises", "dies", "leaks", "wrong", "dizzy")
    done = carry_out(folder, "pupil", *bad, "graydef", **said)
    found = rows(done)
    reasons = {name: found[name]["error"] for name in bad}
    assert "RuntimeError: a plugin went wrong" in reasons["raises"]
    assert "SIGABRT" in reasons["dies"] and "the last words" in reasons["dies"]
    assert "more than 1.5 GiB of memory" in reasons["leaks"]
    assert "shape" in reasons["wrong"]
    assert "not finite" in reasons["dizzy"]
    assert all(found[name]["scores"] == {} for name in bad)
    alone = rows(carry_out(tmp_path / "alone", "pupil", "graydef", **said))
    for name in ("pupil", "graydef", "linear", "constant", "copy", "inverse"):
        assert found[name] == alone[name], name
    assert found["pupil"]["error"] is None and found["pupil"]["scores"]["psnr"]["n"] == 3


def test_the_same_command_again_does_nothing_anew_and_says_the_same(
    pupils: PluginPackages, pairs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out(folder, "pupil", "graydef", data=str(pairs), preset="tiny")
    first = timeless(folder)
    monkeypatch.setattr(contests, "attempt", lambda *words: pytest.fail("it was carried out again"))
    carry_out(folder, "pupil", "graydef", data=str(pairs), preset="tiny")
    assert timeless(folder) == first
    assert len(list((folder / "kept").glob("pupil-*"))) >= 1


def test_a_second_call_adds_only_what_is_new(
    pupils: PluginPackages, pairs: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    carry_out(folder, "graydef", data=str(pairs))
    asked = []
    true = contests.attempt

    def noted(request, *words):  # type: ignore[no-untyped-def]
        asked.append(request.name)
        return true(request, *words)

    monkeypatch.setattr(contests, "attempt", noted)
    both = carry_out(folder, "graydef", "pupil", data=str(pairs), preset="tiny")
    assert asked == ["pupil"]
    assert {"graydef", "pupil"} <= set(rows(both))
    assert not list(folder.glob("bench.old*")), "no row was lost"
    carry_out(folder, "pupil", data=str(pairs), preset="tiny")
    assert "graydef" in (folder / "bench.old1.json").read_text("utf-8"), "what this bench has not keeps a name"
    assert asked == ["pupil"]


def test_whatever_matters_is_learned_anew(pupils: PluginPackages, pairs: Path, folder: Path) -> None:
    """Settings, length, seed, data and code; what is the same is found again."""

    def kept() -> int:
        return len(list((folder / "kept").glob("pupil-*/done.json")))

    said = {"data": str(pairs), "preset": "tiny"}
    carry_out(folder, "pupil", **said)
    assert kept() == 1
    for number, changed in enumerate(({"sets": ("settings.width=2",)}, {"budget": "4"}, {"seed": 5}), start=2):
        carry_out(folder, "pupil", **said, **changed)
        assert kept() == number, changed
    shutil.rmtree(pairs / "train")
    write_pairs(pairs, "train", ("a", "b", "c", "d"), seed=99)
    carry_out(folder, "pupil", **said)
    assert kept() == 5
    carry_out(folder, "pupil", **said)
    assert kept() == 5


def test_finished_predictions_and_a_model_score_as_the_method_itself(
    pupils: PluginPackages, pairs: Path, folder: Path, tmp_path: Path
) -> None:
    """From a folder of the bench, of `spectra translate`, and of a stranger who writes another format."""
    first = carry_out(folder, "pupil", data=str(pairs), preset="tiny")
    kept = next((folder / "kept").glob("pupil-*/done.json")).parent
    translate(kept / "model", pairs / "test" / "rgb", tmp_path / "translated")
    for path in (kept / "predictions").glob("*.png"):
        (tmp_path / "strange").mkdir(exist_ok=True)
        write_image(tmp_path / "strange" / f"{path.stem}.npy", read_image(path))
    entrants = (str(kept), str(kept / "predictions"), str(tmp_path / "translated"), str(tmp_path / "strange"))
    both = carry_out(tmp_path / "second", *entrants, data=str(pairs))
    found = rows(both)
    assert [found[name]["kind"] for name in (kept.name, "predictions", "translated", "strange")] == [
        "model",
        "predictions",
        "predictions",
        "predictions",
    ]
    truth = image_scores(first, "pupil")
    for name in (kept.name, "predictions", "translated", "strange"):
        own = image_scores(both, name)
        assert own.keys() == truth.keys()
        for image, value in truth.items():
            assert math.isclose(own[image], value, rel_tol=1e-6), (name, image)


def test_predictions_are_matched_by_name_and_must_be_complete(pairs: Path, folder: Path, tmp_path: Path) -> None:
    made = tmp_path / "made"
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


def test_floors_equal_an_independent_computation(pairs: Path, folder: Path) -> None:
    done = carry_out(folder, "graydef", data=str(pairs))

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


def test_every_method_takes_the_steps_of_the_budget(pupils: PluginPackages, pairs: Path, folder: Path) -> None:
    said = {"data": str(pairs), "preset": "tiny"}
    done = carry_out(folder, "pupil", "pupil@brief", "graydef", budget="9", **said)
    found = rows(done)
    assert (found["pupil"]["steps"], found["pupil@brief"]["steps"], found["graydef"]["steps"]) == (9, 9, None)
    logs = {
        path.parents[1].name.partition("-")[0]: [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        for path in (folder / "kept").glob("*/training/log.jsonl")
    }
    shares = {
        name: {line["stage"]: line["steps"] for line in log if line["kind"] == "step"} for name, log in logs.items()
    }
    assert shares["pupil"] == {"early": 6, "late": 3}
    assert shares["pupil@brief".replace("@", "_")] == {"early": 5, "late": 4} or shares["pupil_brief"] == {
        "early": 4,
        "late": 5,
    }
    assert json.loads(done.text)["protocol"]["budget"] == "9 steps"


def test_a_time_is_as_many_steps_as_fit_and_stays_so(pupils: PluginPackages, pairs: Path, folder: Path) -> None:
    done = carry_out(folder, "pupil", data=str(pairs), preset="tiny", budget="1s")
    steps = rows(done)["pupil"]["steps"]
    noted = json.loads(next((folder / "kept").glob("pupil-*.pace.json")).read_text("utf-8"))
    assert noted["steps"] == steps > 2
    assert math.isclose(
        steps, 1 / (noted["seconds_of_a_step"][0] * 2 / 3 + noted["seconds_of_a_step"][1] / 3), rel_tol=0.5
    )
    shutil.rmtree(next((folder / "kept").glob("pupil-*/")))
    again = carry_out(folder, "pupil", data=str(pairs), preset="tiny", budget="1s")
    assert rows(again)["pupil"] == rows(done)["pupil"], "it goes on with the steps that were noted"


def test_seeds_are_trainings_of_what_learns(pupils: PluginPackages, pairs: Path, folder: Path, tmp_path: Path) -> None:
    done = carry_out(folder, "pupil", "graydef", data=str(pairs), preset="tiny", seeds=2, seed=7)
    found = rows(done)
    assert (found["pupil"]["seeds"], found["graydef"]["seeds"]) == ([7, 8], [])
    assert found["pupil"]["scores"]["psnr"]["seed_sd"] > 0 and found["graydef"]["scores"]["psnr"]["seed_sd"] is None
    one, two = (carry_out(tmp_path / str(seed), "pupil", data=str(pairs), preset="tiny", seed=seed) for seed in (7, 8))
    assert math.isclose(mean(done, "pupil"), (mean(one, "pupil") + mean(two, "pupil")) / 2, rel_tol=1e-12)
    assert mean(one, "pupil") != mean(two, "pupil")


def test_without_tasks_all_home_tasks_are_run_that_the_data_shows(pupils: PluginPackages, pairs: Path) -> None:
    found = plan(options("pupil", "elsewhere", tasks=(), preset="tiny"), "nowhere")
    assert [(it.task, [trial.method for trial in it.trials]) for it in found.tasks] == [
        ("rgb2ir", ["pupil"]),
        ("sar2eo", ["pupil", "elsewhere"]),
    ]
    assert any("elsewhere does not enter rgb2ir" in note for note in found.notes)
    real = plan(options("pupil", "elsewhere", tasks=(), preset="tiny", data=str(pairs)), "nowhere")
    assert [it.task for it in real.tasks] == ["rgb2ir"]
    assert any("sar2eo is left out" in note for note in real.notes)


def test_a_recipe_enters_with_all_rows_and_says_what_all_are_judged_by(
    pairs: Path, folder: Path, tmp_path: Path
) -> None:
    text = "task: rgb2ir\ntranslator: graydef\nmatrix: {settings.factor: [1.1, 1.3]}\n"
    recipe = write_recipe(tmp_path, f"{text}evaluate: {{metrics: [mae], floors: [constant]}}\n")
    done = carry_out(folder, str(recipe), "graydef", data=str(pairs), metrics=())
    found = rows(done)
    assert (
        list(found) == ["small settings.factor=1.1", "small settings.factor=1.3", "graydef", "copy"] or len(found) == 4
    )
    assert all(list(row["scores"]) == ["mae"] for row in found.values())


def test_a_recipe_that_is_judged_on_other_images_is_refused_by_name(pairs: Path, folder: Path, tmp_path: Path) -> None:
    one = write_recipe(tmp_path, f"{RECIPE}data: {{scenes: {{train: 4, test: 2, size: 32}}}}\n", "one.yaml")
    other = write_recipe(tmp_path, f"{RECIPE}data: {{scenes: {{train: 4, test: 3, size: 32}}}}\n", "other.yaml")
    found = rows(carry_out(folder, str(one), str(other)))
    assert found["one"]["error"] is None
    assert "judged on other images" in found["other"]["error"]


def test_groups_reach_intervals_and_tests(folder: Path, tmp_path: Path) -> None:
    """Frames of one sequence are no independent images: with them apart the interval would be narrower."""
    root = tmp_path / "grouped"
    write_pairs(root, "train", ("p/a", "p/b", "q/a"))
    write_pairs(root, "test", tuple(f"{group}/{name}" for group in "rstuv" for name in "abcd"))
    done = carry_out(folder, "graydef", data=str(root))
    said = json.loads(done.text)["pairs"]
    assert {pair["clusters"] for pair in said} == {5} and {pair["n"] for pair in said} == {20}


def test_a_folder_that_is_no_bench_is_left_alone(folder: Path, pairs: Path) -> None:
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    assert "is not a bench" in fault(folder, "graydef", data=str(pairs))
    assert (folder / "thesis.txt").read_text() == "years of work"


def test_nobody_and_nothing_are_told(folder: Path, pairs: Path, tmp_path: Path) -> None:
    assert "did you mean" in fault(folder, "graydeff", data=str(pairs)).lower()
    made = tmp_path / "made"
    made.mkdir()
    assert "--tasks" in fault(folder, str(made), data=str(pairs), tasks=())
    assert "No task is left" in fault(folder, "graydef", data=str(made), tasks=())
    assert not folder.exists()


def test_sixteen_bits_and_floats_are_predicted_in_their_type(folder: Path, tmp_path: Path) -> None:
    root = write_data(tmp_path / "deep", dtype="uint16")
    done = carry_out(folder, "graydef", data=str(root))
    kept = next((folder / "kept").glob("graydef-*/predictions"))
    assert read_image(kept / "e.png").dtype == np.uint16
    assert rows(done)["graydef"]["scores"]["mae"]["unit"] == "DN"
