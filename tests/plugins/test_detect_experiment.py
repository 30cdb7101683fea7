"""The whole experiment, in seconds: from the scenes to the table, by the command and by Python."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import pytest
from click.testing import CliRunner

pytest.importorskip("torchvision")
pytest.importorskip("pycocotools")

import spectra_detect
from spectra import SpectraError
from spectra_detect import lesson as lessons
from spectra_detect import needs
from spectra_detect.command import detect
from spectra_detect.experiment import run
from spectra_detect.settings import Settings

RECIPE = Path(__file__).parents[2] / "recipes" / "detection" / "pix2next_table7.yaml"
SMALLEST = (
    "data.scenes={size: 32, labelled: 4, few: 2, test: 4, pairs: 2}",
    "detector={size: 32, width: 8, neck: 16, convolutions: 1}",
    "learning={steps: 2, tune_steps: 2, batch_size: 2}",
    "labels.smallest=3",
    "evaluation={resamples: 20, pictures: 2}",
)


def smallest(*sets: str, **said: Any) -> Settings:
    return spectra_detect.load(RECIPE, preset="tiny", sets=[*SMALLEST, *sets], **said)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("whole") / "out"
    run(smallest(), out)
    return out


def copied(done: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(done, tmp_path / "copy"))


def results_of(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return content


def test_it_ends_with_numbers_for_all_arms_and_seeds(done: Path) -> None:
    found = results_of(done)
    assert list(found["arms"]) == ["source", "real", "grown"]
    assert list(found["differences"]) == ["real - source", "grown - source", "grown - real"]
    for scores in [*found["arms"].values(), found["at_home"]]:
        assert set(scores) == {"map", "map_50", "map_75", *(f"class:{name}" for name in found["classes"])}
        assert len(scores["map"]["seeds"]) == 2 and 0 <= scores["map"]["mean"] <= 1
    one, other = (found["arms"][name]["map"]["mean"] for name in ("grown", "real"))
    assert found["differences"]["grown - real"]["map"]["mean"] == pytest.approx(one - other)
    assert [[row[arm]["steps"] for arm in ("real", "grown")] for row in found["learned"]] == [[2, 2], [2, 2]]


def test_the_table_says_what_it_rests_on(done: Path) -> None:
    table = (done / "table.md").read_text(encoding="utf-8")
    for told in (
        "Mean over 2 seeds, with 95% intervals from 20 draws of the test scenes",
        "| grown − real |",
        "take 2 steps each, of 2 images",
        "Generator: linear, the same for all seeds",
        "It learned from 2 places without labels, none of which is a test place",
        "car = car + truck + bus",
        "it sees images of one channel three times",
    ):
        assert told in table
    rows = [line.count("|") for line in table.splitlines() if line.startswith("|")]
    assert len(rows) > 15 and min(rows) > 4


def test_pictures_show_truth_and_every_arm_side_by_side(done: Path) -> None:
    pictures = sorted((done / "pictures").iterdir())
    assert [path.name for path in pictures] == ["street_5000000.png", "street_5000001.png"]
    assert cv2.imread(str(pictures[0])).shape == (320 + 22, 4 * 320 + 3 * 4, 3)


def test_the_generated_images_are_in_the_target_modality_with_the_labels_of_their_sources(done: Path) -> None:
    from spectra_detect.images import LabelledImages

    said = smallest().labels
    made, source = LabelledImages(done / "generated", said), LabelledImages(done / "data" / "labelled", said)
    assert sorted(made.names) == sorted(source.names)
    assert made.labels.counts() == source.labels.counts()
    shown = cv2.imread(str(done / "generated" / "images" / made.images[0].file), cv2.IMREAD_UNCHANGED)
    assert shown.shape == (32, 32), "one channel"


def test_a_second_call_does_nothing_again(done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = copied(done, tmp_path)
    monkeypatch.setattr(lessons, "learn", lambda *_: pytest.fail("it learned again"))
    monkeypatch.setattr(lessons, "detect", lambda *_: pytest.fail("it looked again"))
    before = (folder / "results.json").read_bytes()
    run(smallest(), folder)
    assert (folder / "results.json").read_bytes() == before


def test_what_is_missing_is_made_again_with_the_same_bits(done: Path, tmp_path: Path) -> None:
    folder = copied(done, tmp_path)
    shutil.rmtree(folder / "seed1")
    shutil.rmtree(folder / "data" / "few")
    shutil.rmtree(folder / "data")
    (folder / "results.json").unlink()
    run(smallest(), folder)
    for arm in ("source", "real", "grown"):
        path = Path("seed1") / arm / "weights.safetensors"
        assert (folder / path).read_bytes() == (done / path).read_bytes()
    assert without_times(results_of(folder)) == without_times(results_of(done))


def without_times(results: Any) -> Any:
    if isinstance(results, Mapping):
        return {key: without_times(value) for key, value in results.items() if key != "seconds"}
    return [without_times(one) for one in results] if isinstance(results, list) else results


def test_seeds_can_be_added_and_judged_anew(done: Path, tmp_path: Path) -> None:
    folder = copied(done, tmp_path)
    more = run(smallest("evaluation.resamples=30", seeds=3), folder)
    old = results_of(done)
    assert [seed["value"] for seed in more["arms"]["grown"]["map"]["seeds"]][:2] == [
        seed["value"] for seed in old["arms"]["grown"]["map"]["seeds"]
    ]
    assert len(more["learned"]) == 3


@pytest.mark.parametrize(
    "said", ["learning.rate=0.1", "labels.smallest=4", "generator.translator=constant", "task=rgb2lwir"]
)
def test_another_experiment_in_the_same_folder_is_refused(done: Path, tmp_path: Path, said: str) -> None:
    with pytest.raises(SpectraError, match="holds another experiment, or this one with other settings"):
        run(smallest(said), copied(done, tmp_path))


def test_generated_boxes_that_were_changed_are_found(done: Path, tmp_path: Path) -> None:
    folder = copied(done, tmp_path)
    path = folder / "generated" / "labels.json"
    content = json.loads(path.read_text())
    content["annotations"][0]["bbox"][2] /= 2
    path.write_text(json.dumps(content))
    with pytest.raises(SpectraError, match="has other boxes than the labelled image"):
        run(smallest(), folder)


def test_a_generated_image_that_was_changed_is_found(done: Path, tmp_path: Path) -> None:
    folder = copied(done, tmp_path)
    path = next((folder / "generated" / "images").glob("*.png"))
    cv2.imwrite(str(path), 255 - cv2.imread(str(path), cv2.IMREAD_UNCHANGED))
    with pytest.raises(SpectraError, match="has changed since the images were made"):
        run(smallest(), folder)


def test_real_data_and_a_ready_generator(done: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(done / "data", tmp_path / "mine"))
    shutil.rmtree(root / "test_source")
    said = smallest("generator.model=graydef", "task=rgb2ir", "seeds=1", data=root)
    found = run(said, tmp_path / "out")
    assert "at_home" not in found and not (tmp_path / "out" / "generator.yaml").exists()
    assert any("What it learned from is not known here" in note for note in found["notes"])


def test_the_generator_learns_from_the_pairs_of_real_data(done: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(done / "data", tmp_path / "mine"))
    for side, split in (("rgb", "labelled"), ("nir", "generated")):
        source = done / "generated" if split == "generated" else done / "data" / split
        for number, path in enumerate(sorted((source / "images").glob("*.png"))):
            place = root / "pairs" / ("train" if number else "test") / side
            place.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place / path.name)
    found = run(smallest("seeds=1", data=root), tmp_path / "out")
    assert "It learned from 4 places without labels" in "\n".join(found["notes"])
    assert str(root / "pairs") in (tmp_path / "out" / "generator.yaml").read_text()


@pytest.mark.parametrize(
    "sets", [["generator.sets=[train.step=3]"], ["generator.translator=nobody"], ["generator.model=nobody"]]
)
def test_a_generator_that_is_wrong_is_told_before_anything_is_drawn(tmp_path: Path, sets: list[str]) -> None:
    with pytest.raises(SpectraError):
        run(smallest(*sets), tmp_path / "out")
    assert not (tmp_path / "out" / "data").exists()


@pytest.mark.parametrize("said", ["data.scenes.train=9", "data={root: mine}", "data.root=mine", "task=rgb2lwir"])
def test_the_generator_learns_from_nothing_else(tmp_path: Path, said: str) -> None:
    with pytest.raises(SpectraError, match=r"generator.sets: .* task and data are those of the experiment"):
        run(smallest("generator.sets=['" + said + "']"), tmp_path / "out")


def test_after_a_mistake_the_same_folder_will_do(done: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(SpectraError):
        run(smallest("generator.sets=[train.step=3]"), out)
    (out / "generator.yaml").unlink()
    found = run(smallest("generator.model=graydef", "task=rgb2ir", "seeds=1"), out)
    assert found["task"] == "rgb2ir"


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / ".0123456789abcdef.txt"
    other.write_text("mine")
    with pytest.raises(SpectraError, match=r"holds '.0123456789abcdef.txt', which is no experiment's"):
        run(smallest(), tmp_path)
    assert other.exists()


def test_without_its_packages_it_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(needs, "find_spec", lambda name: None)
    with pytest.raises(
        SpectraError, match=r'needs torchvision and pycocotools: pip install "spectra-translate\[detect\]"'
    ):
        run(smallest(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_prints_the_table(done: Path, tmp_path: Path) -> None:
    folder = copied(done, tmp_path)
    asked = ["run", str(RECIPE), "--preset", "tiny", "--out", str(folder), *(f"--set={text}" for text in SMALLEST)]
    told = CliRunner().invoke(detect, asked)
    assert told.exit_code == 0 and "| grown − real |" in told.output and str(folder / "table.md") in told.output
    as_json = CliRunner().invoke(detect, [*asked, "--json"])
    assert json.loads(as_json.stdout) == results_of(folder)


def test_two_processes_do_not_work_in_one_folder(done: Path, tmp_path: Path) -> None:
    from spectra_detect.files import alone

    folder = copied(done, tmp_path)
    with alone(folder), pytest.raises(SpectraError, match="Another process works in"):
        run(smallest(), folder)


@pytest.mark.parametrize("number", [signal.SIGKILL, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_stopped_call_goes_on(done: Path, tmp_path: Path, number: signal.Signals) -> None:
    """Stopped while the second seed learns: nothing half-written is left over, and the end is the same."""
    out = tmp_path / "out"
    code = (
        "import sys, time, spectra_detect, spectra_detect.lesson as lessons\n"
        "from pathlib import Path\n"
        "from spectra_detect.experiment import run\n"
        "learn = lessons.learn\n"
        "def slow(*said):\n"
        "    if (Path(sys.argv[1]) / 'seed0' / 'grown' / 'learned.json').exists():\n"
        "        Path(sys.argv[1] + '.waits').touch(); time.sleep(60)\n"
        "    return learn(*said)\n"
        "lessons.learn = slow\n"
        f"run(spectra_detect.load({str(RECIPE)!r}, preset='tiny', sets={list(SMALLEST)!r}), sys.argv[1])\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen([sys.executable, "-c", code, str(out)], env=environment)
    try:
        limit = time.monotonic() + 120
        while not Path(f"{out}.waits").exists() and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.1)
        process.send_signal(number)
        assert process.wait(30) == -number
    finally:
        process.kill()
        process.wait()
    assert not (out / "results.json").exists() and (out / "seed0" / "grown" / "learned.json").exists()
    run(smallest(), out)
    assert without_times(results_of(out)) == without_times(results_of(done))
