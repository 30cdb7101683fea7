"""`spectra translate` as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from spectra.cli.main import main
from spectra.data.images import read_image, write_image
from tests.geotiffs import geotiff


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "photos" / "sub").mkdir(parents=True)
    for seed, name in enumerate(["a.png", "sub/b c.png", "-d.png"]):
        image = np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8)
        write_image(tmp_path / "photos" / name, image)
    return tmp_path


def spectra(*words: str) -> Result:
    return CliRunner().invoke(main, ["translate", *words])


def test_a_folder_is_translated_and_the_outcome_told(place: Path) -> None:
    result = spectra("graydef", "photos", "--out", "infrared")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "3 images translated (rgb2ir) into 'infrared'.\n"
    assert read_image(place / "infrared" / "sub" / "b c.png").shape == (8, 10, 1)


def test_started_again_it_says_what_was_there(place: Path) -> None:
    spectra("graydef", "photos", "--out", "infrared")
    assert "0 images translated (rgb2ir) into 'infrared'; 3 were there already." in (
        spectra("graydef", "photos", "--out", "infrared").stdout
    )


def test_failures_are_listed_at_the_end_and_the_exit_code_is_1(place: Path) -> None:
    (place / "photos" / "bad\n.png").write_bytes(b"")
    result = spectra("graydef", "photos", "--out", "infrared")
    assert result.exit_code == 1
    assert "3 images translated (rgb2ir) into 'infrared'; 1 failed." in result.stdout
    assert result.stderr == "Failed: The image 'photos/bad\\n.png' cannot be read: it is empty (zero bytes).\n"


def test_json_holds_the_outcome(place: Path) -> None:
    (place / "photos" / "bad.png").write_bytes(b"")
    said = json.loads(spectra("graydef", "photos", "--out", "infrared", "--json", "--depth", "float").stdout)
    assert (said["task"], said["out"], said["written"], said["skipped"]) == ("rgb2ir", "infrared", 3, 0)
    assert [failure["source"] for failure in said["failed"]] == ["photos/bad.png"]
    assert "PNG has no float32" in said["notes"][0]


def test_settings_preset_task_depth_and_format_arrive(place: Path) -> None:
    words = ["--set", "factor=1.5", "--preset", "rgb2ir", "--task", "rgb2nir", "--depth", "16", "--format", "tif"]
    assert spectra("graydef", "photos/a.png", "--out", "o", "--threads", "1", *words).exit_code == 0
    assert read_image(place / "o" / "a.tif").dtype == np.uint16
    said = json.loads((place / "o" / "spectra.json").read_text())
    assert (said["task"], said["settings"]["factor"], said["depth"]) == ("rgb2nir", 1.5, "uint16")


def test_a_quoted_pattern_and_a_leading_dash(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spectra("copy", "photos/**/b*.png", "--out", "o").exit_code == 0
    assert (place / "o" / "sub" / "b c.png").is_file()
    monkeypatch.chdir(place / "photos")
    assert spectra("copy", "--out", "../p", "--", "-d.png").exit_code == 0
    assert (place / "p" / "-d.png").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["graydeff", "photos"], "Did you mean 'graydef'"),
        (["runs/none", "photos"], "There is no model folder 'runs/none'"),
        (["constant", "photos"], "'constant' is not trained"),
        (["graydef", "nothing"], "There is no file or folder 'nothing'"),
        (["graydef", "photos", "--set", "factor"], "write PATH=VALUE"),
        (["graydef", "photos", "--set", "train.lr=1"], "a translator's own values"),
        (["graydef", "photos", "--set", "factor=-1"], "factor"),
        (["graydef", "photos", "--device", "cuda:77"], "There is no device"),
    ],
)
def test_a_mistake_is_one_message_without_a_traceback(place: Path, words: list[str], message: str) -> None:
    result = spectra(*words, "--out", "out")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.startswith("Error: ")
    assert not (place / "out").exists()


def test_a_georeference_can_be_left_out(place: Path) -> None:
    geotiff(place / "a.tif", np.zeros((4, 5, 3), np.uint8))
    kept = spectra("graydef", "a.tif", "--out", "kept", "--format", "png")
    assert kept.exit_code == 1 and "--no-georeference" in kept.stderr
    left = spectra("graydef", "a.tif", "--out", "left", "--format", "png", "--no-georeference")
    assert (left.exit_code, "left out as asked" in left.stdout) == (0, True)


def test_the_help_has_examples() -> None:
    assert "spectra translate graydef 'photos/**/*.png'" in spectra("--help").stdout


@pytest.mark.parametrize("number", [pytest.param(signal.SIGTERM, marks=pytest.mark.slow), signal.SIGINT])
def test_the_real_command_stopped_in_the_middle_says_how_to_go_on(place: Path, number: int) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    write_image(place / "photos" / "000.png", noise)
    for copied in range(1, 300):
        os.link(place / "photos" / "000.png", place / "photos" / f"{copied:03}.png")
    command = [sys.executable, "-m", "spectra", "translate", "copy", "photos", "--out", "out"]
    running = subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not (place / "out" / "020.png").exists() and time.monotonic() < until:
        time.sleep(0.005)
    os.kill(running.pid, number)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 128 + number
    assert "the same command goes on with the rest" in said
    assert "Traceback" not in said
    there = [path for path in (place / "out").rglob("*") if path.suffix == ".png"]
    assert 20 < len(there) < 303
    assert all(np.array_equal(read_image(path), noise) for path in there if path.stem.isdigit())
    assert spectra("copy", "photos", "--out", "out").exit_code == 0
    assert len([path for path in (place / "out").rglob("*") if path.suffix == ".png"]) == 303
