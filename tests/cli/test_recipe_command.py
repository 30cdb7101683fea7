"""`spectra recipe check` and `spectra recipe schema`."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from spectra.cli.main import main
from tests.pair_folders import RECIPE, write_recipe


def spectra(*words: object) -> Result:
    return CliRunner().invoke(main, ["recipe", *map(str, words)])


def test_recipes_without_fault_are_fine_and_rows_are_counted(tmp_path: Path) -> None:
    one = write_recipe(tmp_path, RECIPE, "one.yaml")
    many = write_recipe(tmp_path, f"{RECIPE}matrix: {{seed: [1, 2, 3]}}\n", "many.yaml")
    done = spectra("check", one, many)
    assert done.exit_code == 0 and done.stdout.splitlines() == [f"{one}: fine", f"{many}: fine, 3 rows"]


def test_faults_of_all_files_are_told_and_the_others_still_pass(tmp_path: Path) -> None:
    bad = write_recipe(tmp_path, f"{RECIPE}trian: 3\n", "bad.yaml")
    worse = write_recipe(tmp_path, "task: [", "worse.yaml")
    good = write_recipe(tmp_path)
    done = spectra("check", bad, good, worse)
    assert done.exit_code == 1 and done.stdout == f"{good}: fine\n"
    assert f"{bad}:4:1: " in done.stderr and "Did you mean 'train'?" in done.stderr and str(worse) in done.stderr
    assert "Traceback" not in done.output


def test_show_prints_what_would_be_carried_out(tmp_path: Path) -> None:
    done = spectra("check", write_recipe(tmp_path), "--show", "--set", "train.lr=1e-4", "--preset", "affine")
    assert done.exit_code == 0 and "lr: 0.0001" in done.stdout and "variant: affine" in done.stdout
    again = spectra("check", write_recipe(tmp_path, done.stdout, "again.yaml"), "--show")
    assert again.stdout.partition("name:")[2] == done.stdout.partition("name:")[2]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    done = spectra("check", tmp_path / "none.yaml")
    assert done.exit_code == 1 and "none.yaml" in done.stderr


def test_the_schema_is_json_that_an_editor_reads() -> None:
    done = spectra("schema")
    said = json.loads(done.stdout)
    assert done.exit_code == 0 and said["$schema"].endswith("2020-12/schema") and "translator" in said["properties"]
