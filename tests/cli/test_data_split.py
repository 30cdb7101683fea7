"""`spectra data split`: from a folder to a file of its split."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spectra.cli.data_split import split
from spectra.data.sets.splits import read_split
from spectra.errors import DataError
from tests.pair_folders import tree, write_data, write_pairs


def run(*words: object) -> Result:
    return CliRunner().invoke(split, [str(word) for word in words], catch_exceptions=False)


def test_a_split_is_written_and_told(tmp_path: Path) -> None:
    root, out = write_data(tmp_path / "pairs"), tmp_path / "split.json"
    before = tree(root)
    done = run(root, "--test", 0.3, "--val", 0.15, "--out", out)
    assert (
        done.exit_code == 0
        and "train 4, test 2, val 1" in done.output
        and f"data.split: {{file: {out}}}" in done.output
    )
    assert {name: len(part) for name, part in read_split(out).parts.items()} == {"train": 4, "test": 2, "val": 1}
    assert tree(root) == before


def test_folds_by_name_as_json(tmp_path: Path) -> None:
    root, out = tmp_path / "pairs", tmp_path / "folds.json"
    write_pairs(root, "train", ("one/a", "one/b", "one/c", "two/d"))
    done = run(root, "--folds", 3, "--by", "name", "--seed", 4, "--json", "--out", out)
    assert json.loads(done.output) == json.loads(out.read_text(encoding="utf-8"))
    assert [len(fold) for fold in read_split(out).folds] == [2, 1, 1]
    with pytest.raises(DataError, match="2 groups cannot fill 3 folds"):
        run(root, "--folds", 3, "--out", tmp_path / "other.json")


def test_a_fifth_is_for_the_test_where_nothing_is_said(tmp_path: Path) -> None:
    write_pairs(tmp_path / "pairs", "train", tuple("abcdefghij"))
    run(tmp_path / "pairs", "--out", tmp_path / "split.json")
    assert {name: len(part) for name, part in read_split(tmp_path / "split.json").parts.items()} == {
        "train": 8,
        "test": 2,
    }


def test_folds_and_shares_together_are_refused(tmp_path: Path) -> None:
    done = run(tmp_path, "--folds", 3, "--test", 0.2, "--out", tmp_path / "split.json")
    assert done.exit_code == 2 and "takes the place of" in done.output


def test_a_file_that_is_there_is_found_before_the_data_is_read(tmp_path: Path) -> None:
    (tmp_path / "split.json").write_text("mine")
    with pytest.raises(DataError, match="exists already"):
        run(tmp_path / "nowhere", "--out", tmp_path / "split.json")
