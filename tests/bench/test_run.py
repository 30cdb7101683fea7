"""A run: everything in its folder, the same bits each time, nothing ever written over or half written."""

from __future__ import annotations

import csv
import errno
import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml

import spectra
from spectra.bench import run as running
from spectra.bench.run import Run, plan, run
from spectra.data.images import read_image
from spectra.errors import DataError, SpectraError
from tests.pair_folders import RECIPE, tree, write_data, write_pairs, write_recipe
from tests.plugin_packages import PluginPackages

SCORE = {"mean", "low", "high", "n", "unit", "better", "signature", "reason"}

LEARNER = """
import numpy as np
import torch
from torch import nn
from spectra import Config, Loss, Player, Stage, Translator, Update
from pydantic import Field

class Settings(Config):
    width: int = Field(4, gt=0)

class Learn(Stage):
    name = "first"
    def __init__(self, net, name="first"):
        super().__init__()
        self.name, self.net, self.players = name, net, {"generator": Player(net)}
        self.sizes = []
    def step(self, batch):
        source, target = batch.pairs
        with open(LOG, "a") as log:
            log.write(f"{self.name} {tuple(source.shape)}\\n")
        fake = self.net(source)
        yield Update("generator", flat=lambda: fake.diff(dim=-1).abs().mean(), **self.pairwise(fake, target))

class Learner(Translator):
    api_version = 1
    Settings = Settings
    home_tasks = ("rgb2ir",)
    presets = {
        "tiny": {"settings": {"width": 2}, "train": {"steps": 3}},
        "heavy": {"losses": {"twice": 10}, "train": {"betas": (0.9, 0.99)}},
    }
    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.net = nn.Sequential(nn.Conv2d(3, settings.width, 1), nn.Tanh(), nn.Conv2d(settings.width, 1, 1))
    def forward(self, source):
        return self.net(source)
    def stages(self):
        return [Learn(self.net), Learn(self.net, "second")]

class Ready(Learner):
    api_version = 1
    ready = True

class Eights(Learner):
    api_version = 1
    multiple = 8

class Curious(Learner):
    api_version = 1
    def diagnostics(self):
        return {
            "tensor": torch.tensor(0.5), "count": np.int64(3), "single": np.float32(0.25), "flag": np.bool_(True),
            "many": torch.ones(2), "deep": {"nan": [float("nan"), (np.float64("inf"),)]}, 1: Settings(width=7),
        }

class Shared(Stage):
    def __init__(self, net):
        super().__init__()
        self.net, self.players = net, {"generator": Player(net)}
    def step(self, batch):
        source, target = batch.pairs
        yield Update("generator", **self.pairwise(self.net(source), target))

class LossesAlone(Learner):
    api_version = 1
    def stages(self):
        return [Shared(self.net)]

class Twice(Loss):
    api_version = 1
    def forward(self, prediction, target):
        return 2 * (prediction - target).abs().mean()
"""
LEARNED = """
task: rgb2ir
translator: learner
train: {steps: 4, batch_size: 2, lr: 1e-2}
losses: {twice: 1}
evaluate: {metrics: [mae], floors: [constant], samples: 1}
"""


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write_data(tmp_path / "pairs")


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    return write_recipe(tmp_path)


@pytest.fixture
def log(plugin_packages: PluginPackages, tmp_path: Path) -> Path:
    """A translator that learns by gradient, a loss, and what the steps saw."""
    path = tmp_path / "steps.log"
    translators = ("Learner", "Ready", "Eights", "Curious", "LossesAlone")
    entries = {
        "translators": {name.lower(): f"learnt:{name}" for name in translators},
        "losses": {"twice": "learnt:Twice"},
    }
    plugin_packages.add("learnt", entries, f"LOG = {str(path)!r}\n{LEARNER}")
    return path


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bits(folder: Path) -> dict[str, bytes | None]:
    """What must be the same each time: all but when and with what command."""
    return {name: held for name, held in tree(folder).items() if name not in ("environment.json", "report.html")}


def fault(*arguments: Any, **options: Any) -> str:
    with pytest.raises(SpectraError) as caught:
        run(*arguments, **options)
    return str(caught.value)


def test_the_folder_holds_everything(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out")
    assert isinstance(done, Run) and not done.done_before
    found = set(tree(done.folder))
    assert found == {
        "recipe.yaml", "environment.json", "metrics.json", "scores.csv", "report.html",
        "model", "model/model.json", "model/weights.safetensors",
        "samples", "samples/0000_graydef.png", "samples/0001_graydef.png", "samples/0002_graydef.png",
    }  # fmt: skip
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "pairs", "small.yaml"]


def test_metrics_have_their_form_and_the_floors_are_among_the_methods(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    metrics = json.loads((run(recipe, data=pairs, out=tmp_path / "out").folder / "metrics.json").read_text("utf-8"))
    assert metrics["task"] == "rgb2ir" and metrics["data"]["origin"] == "pairs (4 train, 3 test pairs)"
    assert list(metrics["methods"]) == ["graydef", "copy", "inverse", "constant", "linear"]
    for name, said in metrics["methods"].items():
        assert said["floor"] is (name != "graydef")
        assert list(said["scores"]) == ["psnr", "ssim", "rmse", "mae"]
        for score in said["scores"].values():
            assert set(score) == SCORE
            assert score["low"] <= score["mean"] <= score["high"] and score["n"] == 3
            assert score["better"] in ("higher", "lower") and "|" in score["signature"]


def test_scores_are_one_row_an_image_and_method_and_their_means_are_the_metrics(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out")
    found = rows(done.folder)
    assert [(row["method"], row["image"]) for row in found] == [
        (method, image) for method in done.methods for image in ("e", "f", "g")
    ]
    for method, said in done.methods.items():
        for metric, score in said["scores"].items():
            own = [float(row[metric]) for row in found if row["method"] == method]
            assert sum(own) / 3 == pytest.approx(score["mean"], rel=1e-12)


def test_the_model_loads_and_the_files_it_writes_score_as_the_run_says(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out")
    assert spectra.load(done.folder).trained
    spectra.translate(done.folder, pairs / "test" / "rgb", tmp_path / "images")
    for row in rows(done.folder)[:3]:
        wrote = read_image(next((tmp_path / "images").rglob(f"{row['image']}.png"))).astype(float)
        error = abs(wrote - read_image(pairs / "test" / "ir" / f"{row['image']}.png")).mean()
        assert float(row["mae"]) == pytest.approx(error, rel=1e-6)


def test_the_resolved_recipe_gives_the_same_bits_again(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    first = run(recipe, data=pairs, out=tmp_path / "one", sets=["evaluate.samples=1"])
    second = run(first.folder / "recipe.yaml", out=tmp_path / "two")
    for name in ("metrics.json", "scores.csv", "model/model.json", "model/weights.safetensors"):
        assert (first.folder / name).read_bytes() == (second.folder / name).read_bytes(), name
    assert json.loads((first.folder / "model/model.json").read_text("utf-8"))["preset"] == "fit"


def test_a_recipe_of_relative_data_can_be_run_from_anywhere(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = run(write_recipe(tmp_path, f"{RECIPE}data: {{root: pairs}}\n"), out=tmp_path / "one")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    again = run(first.folder / "recipe.yaml", out="two")
    assert (again.folder / "scores.csv").read_bytes() == (first.folder / "scores.csv").read_bytes()


def test_the_environment_says_with_what(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    said = json.loads((run(recipe, data=pairs, out=tmp_path / "out").folder / "environment.json").read_text("utf-8"))
    assert said["versions"]["torch"] == torch.__version__.partition("+")[0] or said["versions"]["torch"]
    assert said["hardware"]["device"] == "cpu" and said["git"] is None
    assert len(said["data"]["train"]) == len(said["data"]["test"]) == 64
    assert said["data"]["train"] != said["data"]["test"]


def test_without_data_it_runs_on_scenes_and_says_so(recipe: Path, tmp_path: Path) -> None:
    sets = [f"data.scenes.{key}={value}" for key, value in (("train", 2), ("test", 2), ("size", 32))]
    done = run(recipe, out=tmp_path / "out", sets=[*sets, "evaluate.samples=0"])
    assert done.metrics["data"]["scenes"] is True and "built-in" in done.metrics["data"]["origin"]
    assert "built-in scenes" in (done.folder / "report.html").read_text("utf-8")


# A finished run is never carried out over itself.


def test_a_finished_run_is_not_carried_out_again(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    first = run(recipe, data=pairs, out=tmp_path / "out")
    before = tree(tmp_path)
    again = run(recipe, data=pairs, out=tmp_path / "out")
    assert again.done_before and again.metrics == first.metrics
    assert tree(tmp_path) == before
    assert run(first.folder / "recipe.yaml", out=tmp_path / "out").done_before


@pytest.mark.parametrize("changed", [{"seed": 1}, {"sets": ["evaluate.samples=1"]}, {"preset": "affine"}])
def test_other_settings_in_the_folder_of_a_run_are_refused(
    recipe: Path, pairs: Path, tmp_path: Path, changed: dict[str, Any]
) -> None:
    run(recipe, data=pairs, out=tmp_path / "out")
    before = tree(tmp_path)
    told = fault(recipe, data=pairs, out=tmp_path / "out", **changed)
    assert "another recipe or other settings" in told and "--fresh" in told
    assert tree(tmp_path) == before


def test_other_data_in_the_folder_of_a_run_is_refused(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    run(recipe, data=pairs, out=tmp_path / "out")
    write_pairs(pairs, "train", ("new",))
    assert "the data has changed" in fault(recipe, data=pairs, out=tmp_path / "out")


def test_fresh_sets_every_old_run_aside_and_loses_none(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    first = run(recipe, data=pairs, out=tmp_path / "out")
    before = tree(first.folder)
    for seed in (1, 2):
        run(recipe, data=pairs, out=tmp_path / "out", seed=seed, fresh=True)
    assert tree(tmp_path / "out.old1") == before
    seeds = [yaml.safe_load((tmp_path / name / "recipe.yaml").read_text())["seed"] for name in ("out.old2", "out")]
    assert seeds == [1, 2]


def test_a_foreign_folder_is_not_touched_not_even_when_fresh(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "thesis.txt").write_text("mine")
    before = tree(tmp_path)
    for fresh in (False, True):
        assert "is not a run" in fault(recipe, data=pairs, out=tmp_path / "out", fresh=fresh)
    assert "is a file" in fault(recipe, data=pairs, out=tmp_path / "out" / "thesis.txt")
    assert tree(tmp_path) == before


def test_an_empty_folder_may_become_a_run_and_so_may_what_a_link_points_to(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    run(recipe, data=pairs, out=tmp_path / "link")
    assert (tmp_path / "link").is_symlink() and (tmp_path / "empty" / "metrics.json").is_file()
    assert run(recipe, data=pairs, out=tmp_path / "empty").done_before


def test_a_damaged_run_is_told_and_left_alone(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    run(recipe, data=pairs, out=tmp_path / "out")
    (tmp_path / "out" / "environment.json").write_text("{")
    before = tree(tmp_path)
    assert "is damaged" in fault(recipe, data=pairs, out=tmp_path / "out")
    assert tree(tmp_path) == before


# Nothing is half written.


@pytest.fixture
def old_run(recipe: Path, pairs: Path, tmp_path: Path) -> Iterator[Path]:
    """A finished run that must be intact afterwards, and no other trace."""
    run(recipe, data=pairs, out=tmp_path / "out")
    before = tree(tmp_path)
    yield tmp_path / "out"
    assert tree(tmp_path) == before


@pytest.mark.parametrize("moment", ["write_text", "write_samples", "write_report", "environment", "evaluate"])
def test_a_full_disk_leaves_the_old_run_and_no_trace(
    recipe: Path, pairs: Path, old_run: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(running, moment, full)
    told = fault(recipe, data=pairs, out=old_run, fresh=True)
    assert "Cannot write the run" in told and "No space left" in told and str(old_run) in told


@pytest.mark.parametrize("limit", [300, 2000, 9000])
def test_a_limit_of_the_system_on_files_is_told(recipe: Path, pairs: Path, old_run: Path, limit: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        told = fault(recipe, data=pairs, out=old_run, fresh=True, seed=1)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert "File too large" in told and str(old_run) in told and ".unfinished." not in told


def test_a_rename_that_fails_puts_the_old_run_back(
    recipe: Path, pairs: Path, old_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def refused(self: Path, target: Path) -> Path:
        if ".unfinished." in self.name:
            raise OSError(errno.EROFS, "Read-only file system", str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    assert "Read-only" in fault(recipe, data=pairs, out=old_run, fresh=True)


def test_a_folder_that_cannot_be_written_is_told_before_any_work(
    recipe: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: Any) -> None:
        raise AssertionError("work was done")

    monkeypatch.setattr(running, "prepare", never)
    (tmp_path / "file").write_text("")
    assert "Cannot write the run" in fault(recipe, data=pairs, out=tmp_path / "file" / "out")
    if os.geteuid():
        (tmp_path / "locked").mkdir(mode=0o500)
        assert "Permission denied" in fault(recipe, data=pairs, out=tmp_path / "locked" / "out")
    assert "Cannot write the run" in fault(recipe, data=pairs, out=Path("/proc/none/out"))


def test_a_fault_of_the_work_itself_is_told_as_it_is_and_leaves_no_trace(
    recipe: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def elsewhere(*_: Any) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file", "/somewhere/weights")

    monkeypatch.setattr(running, "prepare", elsewhere)
    before = tree(tmp_path)
    with pytest.raises(FileNotFoundError):
        run(recipe, data=pairs, out=tmp_path / "out")
    assert tree(tmp_path) == before


def test_a_truncated_test_image_ends_the_run_by_its_name_before_anything_is_learnt(
    recipe: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = write_data(tmp_path / "pairs", size=(64, 64))
    path = pairs / "test" / "ir" / "f.png"
    path.write_bytes(path.read_bytes()[:-300])
    monkeypatch.setattr(running, "prepare", lambda *_: pytest.fail("it learns before the test images are looked at"))
    before = tree(tmp_path)
    with pytest.raises(DataError, match=r"f\.png"):
        run(recipe, data=pairs, out=tmp_path / "out")
    assert tree(tmp_path) == before


KILLER = """
import os, signal, sys
from pathlib import Path
from spectra.bench import run as running
from spectra.cli.main import main

recipe, data, root = sys.argv[1:4]
for moment in sys.argv[4:]:
    where, kind = moment.split(":")
    child = os.fork()
    if not child:
        true = getattr(running, where)
        def dying(*given, **named):
            found = true(*given, **named)
            os.kill(os.getpid(), getattr(signal, kind))
            return found
        setattr(running, where, dying)
        try:
            main(["run", recipe, "--data", data, "--out", f"{root}/killed/{where}-{kind}"], prog_name="spectra")
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else 1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    print(moment, os.waitstatus_to_exitcode(status), flush=True)
"""


def test_a_run_killed_at_any_moment_leaves_nothing_that_looks_finished_and_works_again(
    recipe: Path, pairs: Path, tmp_path: Path
) -> None:
    moments = ("open_data", "prepare", "floors", "evaluate", "write_samples", "environment", "write_report")
    words = [f"{moment}:{kind}" for moment in moments for kind in ("SIGKILL", "SIGTERM")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", KILLER, str(recipe), str(pairs), str(tmp_path), *words]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=True)
    ends = dict(line.split() for line in told.stdout.splitlines() if ":SIG" in line)
    assert ends == {word: "-9" if word.endswith("KILL") else str(128 + signal.SIGTERM) for word in words}, told.stderr
    left = [path.name for path in (tmp_path / "killed").iterdir() if path.suffix != ".lock"]
    assert all("KILL.unfinished." in name and name.startswith(".") for name in left)  # SIGTERM cleans up at once
    assert len(left) == len(moments) - 1  # before open_data has ended nothing is written
    whole = run(recipe, data=pairs, out=tmp_path / "whole")
    for moment in moments:
        again = run(recipe, data=pairs, out=tmp_path / "killed" / f"{moment}-SIGKILL")
        assert not again.done_before and bits(again.folder) == bits(whole.folder)
    assert not [path for path in (tmp_path / "killed").iterdir() if path.name.startswith(".")]


def test_a_run_that_goes_on_is_not_disturbed_by_a_second(
    recipe: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = running.write_samples
    told: list[str] = []

    def meanwhile(*given: Any, **named: Any) -> None:
        monkeypatch.setattr(running, "write_samples", true)
        told.append(fault(recipe, data=pairs, out=tmp_path / "out"))
        run(recipe, data=pairs, out=tmp_path / "other")
        true(*given, **named)

    monkeypatch.setattr(running, "write_samples", meanwhile)
    run(recipe, data=pairs, out=tmp_path / "out")
    assert "being carried out by another process" in told[0]
    assert bits(tmp_path / "out") == bits(tmp_path / "other")


# What the recipe says reaches the work.


def test_the_same_seed_gives_the_same_bits_and_another_another_model(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED)
    found = [
        bits(run(recipe, data=pairs, out=tmp_path / f"out{place}", seed=seed).folder)
        for place, seed in enumerate((3, 3, 4))
    ]
    assert found[0] == found[1]
    assert found[0]["model/weights.safetensors"] != found[2]["model/weights.safetensors"]


def test_batch_size_crop_steps_and_stages_reach_the_steps(log: Path, pairs: Path, tmp_path: Path) -> None:
    sets = ["train.batch_size=3", "train.crop=8", "train.stages.second.steps=2"]
    run(write_recipe(tmp_path, LEARNED), data=pairs, out=tmp_path / "out", sets=sets)
    assert log.read_text().splitlines() == ["first (3, 3, 8, 8)"] * 4 + ["second (3, 3, 8, 8)"] * 2


def weights_of(folder: Path) -> torch.Tensor:
    return torch.cat([tensor.flatten() for tensor in spectra.load(folder).translator.state_dict().values()])


@pytest.mark.parametrize(
    "changed",
    [["losses.twice=0"], ["weights.generator.flat=5"], ["train.lr=1e-3"], ["settings.width=5"], ["train.steps=5"]],
)
def test_losses_weights_rates_and_settings_change_what_is_learned(
    log: Path, pairs: Path, tmp_path: Path, changed: list[str]
) -> None:
    recipe = write_recipe(tmp_path, LEARNED)
    first = weights_of(run(recipe, data=pairs, out=tmp_path / "one").folder)
    second = weights_of(run(recipe, data=pairs, out=tmp_path / "two", sets=changed).folder)
    assert first.shape != second.shape or not torch.equal(first, second)


def test_a_preset_reaches_the_model_and_set_wins_over_it(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED)
    run(recipe, data=pairs, out=tmp_path / "tiny", preset="tiny")
    assert len(log.read_text().splitlines()) == 2 * 3
    said = json.loads((tmp_path / "tiny" / "model" / "model.json").read_text())
    assert (said["preset"], said["settings"]) == ("tiny", {"width": 2})
    run(recipe, data=pairs, out=tmp_path / "own", preset="tiny", sets=["settings.width=3"])
    said = json.loads((tmp_path / "own" / "model" / "model.json").read_text())
    assert (said["preset"], said["settings"]) == (None, {"width": 3})


def test_a_preset_of_losses_and_rates_is_recorded_and_so_it_is_when_the_resolved_recipe_is_run(
    log: Path, pairs: Path, tmp_path: Path
) -> None:
    first = run(write_recipe(tmp_path, LEARNED), data=pairs, out=tmp_path / "one", preset="heavy")
    again = run(first.folder / "recipe.yaml", out=tmp_path / "two")
    assert first.methods["learner"]["preset"] == "heavy" and again.metrics == first.metrics
    assert (again.folder / "model/model.json").read_bytes() == (first.folder / "model/model.json").read_bytes()


@pytest.mark.parametrize("named", ["learnt:twice", "odd:twice"])
def test_two_losses_of_one_name_both_count(
    log: Path, plugin_packages: PluginPackages, pairs: Path, tmp_path: Path, named: str
) -> None:
    code = (
        "from spectra import Loss\n"
        "class Squared(Loss):\n"
        "    api_version = 1\n"
        "    def forward(self, prediction, target):\n"
        "        return (prediction - target).square().mean()\n"
    )
    plugin_packages.add("odd", {"losses": {"twice": "odd:Squared"}}, code)
    recipe = write_recipe(tmp_path, LEARNED.replace("{twice: 1}", '{"learnt:twice": 1, "odd:twice": 1}'))
    both = weights_of(run(recipe, data=pairs, out=tmp_path / "both").folder)
    for weight in ("losses", "weights.generator"):
        one = run(recipe, data=pairs, out=tmp_path / weight, sets=[f"{weight}.{named}=0"]).folder
        assert not torch.equal(both, weights_of(one))


def test_a_ready_translator_that_has_stages_is_trained(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED.replace("learner", "ready"))
    done = run(recipe, data=pairs, out=tmp_path / "out")
    assert len(log.read_text().splitlines()) == 2 * 4
    assert done.methods["ready"]["notes"] == []


@pytest.mark.parametrize(("name", "trained"), [("learner", False), ("ready", True)])
def test_a_training_of_no_steps_is_noted_and_gives_no_trained_model(
    log: Path, pairs: Path, tmp_path: Path, name: str, trained: bool
) -> None:
    recipe = write_recipe(tmp_path, LEARNED.replace("learner", name))
    done = run(recipe, data=pairs, out=tmp_path / "out", sets=["train.steps=0"])
    assert not log.exists()
    said = json.loads((done.folder / "model" / "model.json").read_text("utf-8"))
    assert said["trained"] is spectra.load(done.folder).trained is trained
    assert done.methods[name]["notes"] == said["notes"]
    assert "took no step of training" in said["notes"][0]


def test_a_translator_that_is_given_nothing_to_learn_from_is_refused(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: lossesalone\ntrain: {steps: 2}\n")
    assert "stage 'train' has nothing to learn from" in fault(recipe, data=pairs, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert run(recipe, data=pairs, out=tmp_path / "out", sets=["losses.twice=1"]).methods["lossesalone"]


def test_the_multiple_of_a_translator_holds_for_its_training(log: Path, pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, LEARNED.replace("learner", "eights"))
    assert "sides divide by 8" in fault(recipe, data=pairs, out=tmp_path / "out")
    assert "`train.crop: 12`" in fault(recipe, data=pairs, out=tmp_path / "out", sets=["train.crop=12"])
    assert not log.exists()
    assert run(recipe, data=pairs, out=tmp_path / "out", sets=["train.crop=8"]).methods["eights"]["notes"] == []


def test_whatever_a_translator_found_out_is_stored_as_numbers_and_text(log: Path, pairs: Path, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, LEARNED.replace("learner", "curious")), data=pairs, out=tmp_path / "out")
    expected = {
        "tensor": 0.5, "count": 3, "single": 0.25, "flag": True, "many": [1.0, 1.0],
        "deep": {"nan": ["nan", ["inf"]]}, "1": "Settings(width=7)",
    }  # fmt: skip
    for file in ("metrics.json", "model/model.json"):
        said = json.loads((done.folder / file).read_text("utf-8"))
        assert (said["methods"]["curious"] if "methods" in said else said)["diagnostics"] == expected


def test_training_images_of_differing_size_are_refused_before_the_first_step(
    log: Path, pairs: Path, tmp_path: Path
) -> None:
    write_pairs(pairs, "train", ("odd",), size=(20, 12))
    told = fault(write_recipe(tmp_path, LEARNED), data=pairs, out=tmp_path / "out")
    assert "Set `train.crop`, or `train.batch_size: 1`" in told and not log.exists()
    assert not (tmp_path / "out").exists()


def test_losses_that_a_closed_form_does_not_use_are_told(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    done = run(recipe, data=pairs, out=tmp_path / "out", sets=["losses.l1=1"])
    assert "the losses of the recipe were not used" in done.methods["graydef"]["notes"][0]
    assert "were not used" in (done.folder / "report.html").read_text("utf-8")


def test_what_a_method_without_stages_does_not_use_is_told_and_its_floors_are_not_blamed(
    pairs: Path, tmp_path: Path
) -> None:
    sets = ["losses.l1=1", "weights.generator.cycle=2", "train.steps=5"]
    text = "task: rgb2ir\ntranslator: copy\nevaluate: {floors: [inverse, linear]}\n"
    done = run(write_recipe(tmp_path, text), data=pairs, out=tmp_path / "out", sets=sets)
    assert {name: said["notes"] for name, said in done.methods.items()} == {
        "copy": ["copy does not learn by gradient: the losses, weights, train of the recipe were not used."],
        "inverse": [],
        "linear": [],
    }


def test_a_matrix_makes_a_row_and_a_model_of_each(pairs: Path, tmp_path: Path) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: graydef\nmatrix: {settings.factor: [1.0, 1.2, fit]}\n")
    done = run(recipe, data=pairs, out=tmp_path / "out", sets=["evaluate.samples=1"])
    names = ["graydef factor=1.0", "graydef factor=1.2", "graydef factor=fit"]
    assert list(done.methods)[:3] == names
    for name in names:
        model = spectra.load(done.folder / "models" / name.partition(" ")[2])
        assert model.translator.settings.factor == (float(name[-3:]) if name[-3:] != "fit" else "fit")
    assert len(list((done.folder / "samples").iterdir())) == 3
    maes = {name: done.methods[name]["scores"]["mae"]["mean"] for name in names}
    assert maes["graydef factor=1.2"] < maes["graydef factor=1.0"]


def test_a_method_that_is_a_floor_too_stands_in_the_table_once(pairs: Path, tmp_path: Path) -> None:
    done = run(write_recipe(tmp_path, "task: rgb2ir\ntranslator: linear\n"), data=pairs, out=tmp_path / "out")
    assert list(done.methods) == ["linear", "copy", "inverse", "constant"]
    assert done.methods["linear"]["floor"] is False
    assert [row["method"] for row in rows(done.folder)].count("linear") == 3


def test_a_floor_of_the_same_name_in_other_settings_keeps_a_row(pairs: Path, tmp_path: Path) -> None:
    text = "task: rgb2ir\ntranslator: graydef\nsettings: {factor: 1.1}\nevaluate: {floors: [graydef]}\n"
    done = run(write_recipe(tmp_path, text), data=pairs, out=tmp_path / "out")
    assert list(done.methods) == ["graydef", "graydef (as floor)"]


def test_rows_that_would_bear_the_same_name_are_refused(
    pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = write_recipe(tmp_path, "task: rgb2ir\ntranslator: graydef\nmatrix: {seed: [1, 2]}\n")
    planned = plan(recipe, data=pairs)
    with pytest.raises(SpectraError, match="same name: 'graydef seed=1'"):
        running.refuse_twins((planned.recipes[0], planned.recipes[0]))


def test_a_floor_that_cannot_do_the_task_is_left_out_and_named(log: Path, pairs: Path, tmp_path: Path) -> None:
    for split in ("train", "test"):
        (pairs / split / "rgb").rename(pairs / split / "hidden")
        (pairs / split / "ir").rename(pairs / split / "nir")
        (pairs / split / "hidden").rename(pairs / split / "rgb")
    text = "task: nir2rgb\ntranslator: linear\nevaluate: {floors: [copy, graydef]}\n"
    done = run(write_recipe(tmp_path, text), data=pairs, out=tmp_path / "out")
    assert list(done.methods) == ["linear", "copy"]
    assert done.metrics["notes"] == ["The floor 'graydef' does not support nir2rgb."]


def test_a_resize_stands_in_every_signature(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    plain = run(recipe, data=pairs, out=tmp_path / "one")
    small = run(recipe, data=pairs, out=tmp_path / "two", sets=["evaluate.resize=[12, 8]"])
    for name, said in small.methods.items():
        for metric, score in said["scores"].items():
            before = plain.methods[name]["scores"][metric]
            assert score["signature"] == before["signature"] + "|resize:12x8-bilinear-antialias"
            assert score["mean"] != before["mean"]
    with_sides = read_image(next((tmp_path / "two" / "samples").iterdir()))
    assert with_sides.shape == (12, 4 * 8 + 3 * 4, 3)


def test_a_wrong_device_and_a_wrong_root_are_named_before_anything(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    assert "no device 'cuda:77'" in fault(recipe, data=pairs, out=tmp_path / "out", device="cuda:77")
    assert "nowhere" in fault(recipe, data=tmp_path / "nowhere", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_metric_that_gives_no_number_is_told_in_valid_json(
    plugin_packages: PluginPackages, pairs: Path, tmp_path: Path
) -> None:
    code = (
        "from spectra import Metric, Score\n"
        "class Odd(Metric):\n"
        "    api_version = 1\n"
        "    unit = ''\n"
        "    signature = 'odd|v:1'\n"
        "    def update(self, item): return None\n"
        "    def result(self): return Score(float('nan'), None, None, 1, '', 'higher', self.signature)\n"
    )
    plugin_packages.add("oddity", {"metrics": {"odd": "oddity:Odd"}}, code)
    recipe = write_recipe(tmp_path, f"{RECIPE}evaluate: {{metrics: [odd, mae]}}\n")
    done = run(recipe, data=pairs, out=tmp_path / "out")
    text = (done.folder / "metrics.json").read_text("utf-8")
    assert "NaN" not in text
    assert json.loads(text)["methods"]["graydef"]["scores"]["odd"]["reason"] == "the value is nan"
    assert rows(done.folder)[0]["odd"] == ""
    assert "not scored: the value is nan" in (done.folder / "report.html").read_text("utf-8")


def test_a_plan_writes_nothing(recipe: Path, pairs: Path, tmp_path: Path) -> None:
    before = tree(tmp_path)
    planned = plan(recipe, data=pairs, out=tmp_path / "runs" / "out")
    assert planned.described()["methods"] == ["graydef"] and not planned.described()["finished"]
    assert "Nothing was done" in str(planned)
    assert tree(tmp_path) == before
