"""The folder of a run that is there already: a finished run is never carried out over itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from spectra.bench.run import run
from tests.bench.runs import fault
from tests.pair_folders import tree, write_pairs


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
