"""Who enters, by the words of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.bench.contest.entrants import Entrant, entrants
from spectra.errors import SpectraError
from spectra.model import load
from tests.pair_folders import write_recipe
from tests.plugin_packages import PluginPackages


def test_names_are_translators_with_presets_of_their_own(pupils: PluginPackages) -> None:
    assert entrants(["pupil", "pupil@brief", "graydef"], "tiny") == [
        Entrant("pupil", "translator", "pupil", "tiny"),
        Entrant("pupil@brief", "translator", "pupil", "brief"),
        Entrant("graydef", "translator", "graydef", None),
    ]


def test_paths_are_recipes_models_and_predictions(tmp_path: Path) -> None:
    file = write_recipe(tmp_path)
    model = load("copy", task="gray2gray")
    model.save(tmp_path / "run" / "model")
    model.save(tmp_path / "many" / "models" / "one")
    model.save(tmp_path / "many" / "models" / "two")
    (tmp_path / "made").mkdir()
    found = entrants([str(file), *(str(tmp_path / name) for name in ("run", "many", "made"))])
    assert [(one.name, one.kind) for one in found] == [
        ("small", "recipe"),
        ("run", "model"),
        ("many/one", "model"),
        ("many/two", "model"),
        ("made", "predictions"),
    ]


def test_two_of_one_name_have_rows_of_their_own() -> None:
    assert [one.name for one in entrants(["copy", "copy"])] == ["copy", "copy (2)"]


def test_a_folder_of_the_name_of_a_translator_does_not_hide_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "copy").mkdir()
    monkeypatch.chdir(tmp_path)
    assert entrants(["copy"])[0].kind == "translator"
    assert entrants(["./copy"])[0].kind == "predictions"


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("grydef", "Did you mean 'graydef'"),
        ("graydef@nowhere", "preset of 'graydef'"),
        ("absent.yaml", "There is no 'absent.yaml'"),
        ("some/where", "There is no 'some/where'"),
        (" ", "Nobody enters"),
    ],
)
def test_a_word_that_means_nothing_is_told(word: str, told: str) -> None:
    with pytest.raises(SpectraError, match=told):
        entrants([word])
