"""The YAML of a detection experiment: strict, with the place of every fault."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from spectra import RecipeError, SpectraError
from spectra_detect.command import detect
from spectra_detect.recipe import load

OURS = Path(__file__).parents[2] / "recipes" / "detection"
FILES = sorted(OURS.glob("*.yaml"))


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_ours_are_valid_and_their_first_line_runs_them(file: Path) -> None:
    assert load(file).name == file.stem and load(file, preset="tiny").seeds == 2
    assert file.read_text(encoding="utf-8").splitlines()[0] == f"# spectra detect run recipes/detection/{file.name}"


def test_faults_come_together_each_with_its_place(tmp_path: Path) -> None:
    path = written(tmp_path, "task: rgb2nir\nseeds: two\nlearning:\n  step: 5\n  rate: -1\n")
    with pytest.raises(RecipeError) as caught:
        load(path)
    told = str(caught.value)
    assert (
        "mine.yaml:2:1: seeds:" in told and "mine.yaml:4:3: learning.step: there is no such key. Did you mean" in told
    )
    assert "mine.yaml:5:3: learning.rate:" in told


def test_a_label_belongs_to_one_class(tmp_path: Path) -> None:
    path = written(tmp_path, "labels:\n  classes:\n    car: [car, van]\n    truck: [van]\n")
    with pytest.raises(RecipeError, match=r"mine.yaml:1:1: labels: .*van to several"):
        load(path)


def test_what_wins(tmp_path: Path) -> None:
    path = written(tmp_path, "seeds: 5\nlearning: {steps: 7, rate: 0.01}\n")
    assert (load(path).seeds, load(path).learning.steps) == (5, 7)
    tiny = load(path, preset="tiny")
    assert (tiny.seeds, tiny.learning.steps, tiny.learning.rate) == (2, 4, 0.01)
    said = load(path, preset="tiny", sets=["learning.steps=9", "labels.smallest=3"], seeds=4, data="mine")
    assert (said.seeds, said.learning.steps, said.labels.smallest, said.data.root) == (4, 9, 3, "mine")


def test_a_file_may_extend_another(tmp_path: Path) -> None:
    written(tmp_path, "seeds: 5\nlearning: {steps: 7}\n")
    (tmp_path / "more.yaml").write_text("extends: mine.yaml\nlearning: {steps: 8}\n")
    more = load(tmp_path / "more.yaml")
    assert (more.name, more.seeds, more.learning.steps) == ("more", 5, 8)


def test_a_generator_beside_the_file_is_found_from_anywhere(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    path = written(tmp_path, "generator: {model: model}\n")
    assert load(path).generator.model == str(tmp_path / "model")
    assert load(written(tmp_path, "generator: {model: graydef}\n")).generator.model == "graydef"


def test_an_unknown_preset_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match=r"'huge'. Known: tiny"):
        load(written(tmp_path, "seeds: 1\n"), preset="huge")


def test_the_help_names_every_option() -> None:
    told = CliRunner().invoke(detect, ["run", "--help"]).output
    assert all(option in told for option in ("--data", "--seeds", "--out", "--preset", "--set", "--device", "--json"))
