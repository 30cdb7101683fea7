"""`spectra expand` as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spectra.cli.main import main
from spectra.data.images import read_image, write_image
from spectra.labels import coco
from spectra.labels.labels import Image, Labels
from tests.labels.made import places
from tests.translation import labelled
from tests.translation.images import image


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    labelled.pictures(tmp_path / "photos")
    for format in ("coco", "yolo", "voc"):
        labelled.files_of(format, tmp_path / format)
    return tmp_path


def spectra(*words: str) -> Result:
    return CliRunner().invoke(main, ["expand", "graydef", "photos", *words])


def test_the_outcome_is_told_with_a_table_of_the_classes(place: Path) -> None:
    result = spectra("--labels", "coco/labels.json", "--out", "out", "--map", "car=car,truck,bus", "--drop-others")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "3 images translated (rgb2ir) into 'out/images'.",
        "Labels of 3 boxes on 3 images written into 'out'.",
        "",
        "class    before  after",
        "car           1      3  with truck, bus",
        "truck         1      –  became car",
        "bus           1      –  became car",
        "bicycle       0      –  dropped",
        "person        1      –  dropped",
        "all           4      3",
    ]


def test_started_again_it_says_what_was_there(place: Path) -> None:
    spectra("--labels", "coco/labels.json", "--out", "out")
    result = spectra("--labels", "coco/labels.json", "--out", "out")
    assert "0 images translated (rgb2ir) into 'out/images'; 3 were there already." in result.stdout


def test_failures_are_listed_at_the_end_and_the_exit_code_is_1(place: Path) -> None:
    (place / "photos" / "a.png").write_bytes(b"")
    result = spectra("--labels", "coco/labels.json", "--out", "out")
    assert (result.exit_code, "1 failed." in result.stdout) == (1, True)
    assert result.stderr == "Failed: The image 'photos/a.png' cannot be read: it is empty (zero bytes).\n"
    assert "on 2 images" in result.stdout


def test_json_holds_the_outcome(place: Path) -> None:
    said = json.loads(spectra("--labels", "yolo/labels", "--out", "out", "--write", "coco", "--json").stdout)
    assert (said["task"], said["written"], said["images"], said["boxes"]["car"]) == ("rgb2ir", 3, 3, 1)


def test_every_option_arrives(place: Path) -> None:
    words = ["--set", "factor=1.5", "--preset", "rgb2ir", "--task", "rgb2nir", "--depth", "16", "--image-format", "tif"]
    more = ["--threads", "1", "--format", "voc", "--write", "yolo", "--voc-origin", "1", "--clip", "--no-georeference"]
    classes = ["--classes", "yolo/data.yaml"]
    assert spectra("--labels", "voc/labels", "--out", "o", *words, *more, *classes).exit_code == 0
    assert read_image(place / "o" / "images" / "a.tif").dtype == "uint16"
    said = json.loads((place / "o" / "provenance.json").read_text())
    assert (said["model"]["task"], said["model"]["settings"]["factor"]) == ("rgb2nir", 1.5)
    assert (said["format"], said["written_as"], said["clip"], said["first_pixel"]) == ("voc", "yolo", True, 1)
    assert said["model"]["georeference"] == "left out"
    assert (
        (place / "o" / "labels" / "a.txt").read_text().startswith("0 ")
    )  # by the list: `car` is not the first by letter


def test_a_map_can_be_a_file(place: Path) -> None:
    (place / "map.yaml").write_text("vehicle: [car, truck, bus]\n")
    assert coco_counts(place, "--map", "map.yaml")["vehicle"] == 3


def coco_counts(place: Path, *words: str) -> dict[str, int]:
    assert spectra("--labels", "coco/labels.json", "--out", "counted", *words).exit_code == 0
    return coco.read(place / "counted" / "labels.json").counts()


def test_parts_and_zero_based_files_are_read_where_that_is_said(place: Path) -> None:
    (place / "photos" / "c.tif").unlink()
    assert spectra("--labels", "voc/labels", "--out", "o").exit_code == 1
    assert spectra("--labels", "voc/labels", "--out", "o", "--partial").exit_code == 0
    result = spectra(
        "--labels", "voc/labels", "--out", "p", "--partial", "--voc-origin", "0", "--clip", "--write", "coco"
    )
    assert result.exit_code == 0
    car = next(it for it in places(coco.read(place / "p" / "labels.json")) if it[1] == "car")
    assert car[2:] == (3, 4, 9, 11)


def test_real_images_are_mixed_in_where_that_is_said(place: Path) -> None:
    words = ["--labels", "coco/labels.json", "--out", "o", "--mix", "coco/labels.json", "--mix-images", "photos"]
    assert "Labels of 8 boxes on 6 images" in spectra(*words).stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--labels", "none.json"], "There are no labels 'none.json'"),
        (["--labels", "coco/labels.json", "--map", "car"], "--map car: there is no such file"),
        (["--labels", "coco/labels.json", "--map", "a=cars"], "no class 'cars'. Did you mean 'car'"),
        (["--labels", "coco/labels.json", "--drop-others"], "All classes would be dropped"),
        (["--labels", "coco/labels.json", "--set", "factor"], "write PATH=VALUE"),
        (["--labels", "yolo/labels", "--mix", "coco/labels.json"], "add --write coco"),
        (["--labels", "coco/labels.json", "--device", "cuda:77"], "There is no device"),
    ],
)
def test_a_mistake_is_one_message_without_a_traceback(place: Path, words: list[str], message: str) -> None:
    result = spectra(*words, "--out", "out")
    assert (result.exit_code, result.stderr.startswith("Error: ")) == (1, True)
    assert message in result.stderr
    assert not (place / "out").exists()


def test_faults_of_labels_are_told_together(place: Path) -> None:
    (place / "yolo" / "labels" / "a.txt").write_text("9 .5 .5 .1 .1\n0 .5 .5 2 .1\n")
    result = spectra("--labels", "yolo/labels", "--out", "out")
    assert result.exit_code == 1
    assert result.stderr.splitlines() == [
        "Error: The labels have 2 faults:",
        "  'yolo/labels/a.txt':1: no class has the number '9': there are 5, counted from 0",
        "  'yolo/labels/a.txt':2: the box (-20, 9, 80, 2) (left, top, width, height) reaches out of its image, "
        "which is 40×20",
        "Nothing was written. Correct them, and give the same command again.",
    ]


def test_the_help_has_examples() -> None:
    told = CliRunner().invoke(main, ["expand", "--help"]).stdout
    assert "--map car=car,truck,bus --drop-others" in told
    assert "expand" in CliRunner().invoke(main, ["--help"]).stdout


@pytest.mark.slow
def test_the_real_command_stopped_in_the_middle_says_how_to_go_on(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    write_image(tmp_path / "in" / "000.png", image(0, size=(300, 300)))
    names = [f"{number:03}.png" for number in range(150)]
    for name in names[1:]:
        os.link(tmp_path / "in" / "000.png", tmp_path / "in" / name)
    coco.write(Labels([Image(n, it, 300, 300) for n, it in enumerate(names)], [], ("car",)), tmp_path / "labels.json")
    words = ["expand", "copy", "in", "--labels", "labels.json", "--out", "out"]
    running = subprocess.Popen(
        [sys.executable, "-m", "spectra", *words],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 60
    while not (tmp_path / "out" / "images" / "010.png").exists() and time.monotonic() < until:
        time.sleep(0.005)
    os.kill(running.pid, signal.SIGINT)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 128 + signal.SIGINT
    assert "the same command goes on with the rest" in said
    assert "Traceback" not in said
    assert not (tmp_path / "out" / "labels.json").exists()
