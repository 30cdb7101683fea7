"""`spectra report`: pages and tables again, from the files of benches and runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from spectra.bench.results import ImageScores, result_of, written
from spectra.bench.run import run
from spectra.cli.report import report
from tests.bench.made_results import small
from tests.pair_folders import write_data, write_recipe

MADE = ("bench.csv", "report.html", "table.md", "table.tex")


def told(*folders: Path) -> Result:
    return CliRunner().invoke(report, [str(folder) for folder in folders])


def held(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    folder = tmp_path / "bench"
    folder.mkdir()
    written(folder, result_of(small()), [ImageScores("rgb2nir", "copy", None, "a", "a", {"psnr": 9.5})])
    return folder


@pytest.fixture(scope="module")
def made_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    recipe = write_recipe(folder, "task: rgb2ir\ntranslator: graydef\n")
    return run(recipe, data=write_data(folder / "pairs", size=(16, 12)), out=folder / "out").folder


@pytest.fixture
def ran(made_run: Path, tmp_path: Path) -> Path:
    return shutil.copytree(made_run, tmp_path / "run")


def test_a_bench_gets_its_tables_and_its_page_again(bench: Path) -> None:
    assert told(bench).exit_code == 0
    before = held(bench)
    assert set(MADE) < set(before)
    for name in MADE:
        (bench / name).unlink()
    result = told(bench)
    assert result.exit_code == 0 and result.output == f"Report: {bench / 'report.html'}\n"
    assert held(bench) == before


def test_numbers_come_from_the_data_alone(bench: Path) -> None:
    data = held(bench)
    for name in ("table.md", "table.tex"):
        text = (bench / name).read_text(encoding="utf-8")
        (bench / name).write_text(text.replace("21.46", "99.99"), encoding="utf-8")
    assert told(bench).exit_code == 0
    assert {name: held(bench)[name] for name in data} == data


def test_a_run_gets_its_page_again(ran: Path) -> None:
    before = held(ran)
    (ran / "report.html").unlink()
    result = told(ran)
    assert result.exit_code == 0 and result.output == f"Report: {ran / 'report.html'}\n"
    assert held(ran) == before


def test_several_are_reported_and_one_that_fails_stops_no_other(bench: Path, ran: Path, tmp_path: Path) -> None:
    damaged = shutil.copytree(bench, tmp_path / "damaged")
    (damaged / "bench.json").write_text((bench / "bench.json").read_text(encoding="utf-8")[:-100], encoding="utf-8")
    before = held(damaged)
    result = told(tmp_path / "none", bench, damaged, ran, bench)
    assert result.exit_code == 1
    assert result.stdout == f"Report: {bench / 'report.html'}\nReport: {ran / 'report.html'}\n"
    assert [line.split(":")[0] for line in result.stderr.splitlines()] == ["Failed", "Failed"]
    assert "does not exist" in result.stderr and "bench.json' is damaged" in result.stderr
    assert held(damaged) == before


@pytest.mark.parametrize("name", ["table.md", "report.html", "bench.csv"])
def test_a_file_of_somebody_else_is_never_written_over(bench: Path, name: str) -> None:
    (bench / name).write_text("<p>my own page</p>", encoding="utf-8")
    before = held(bench)
    result = told(bench)
    assert result.exit_code == 1 and "was not made by Spectra" in result.stderr and name in result.stderr
    assert held(bench) == before


def test_a_page_of_somebody_else_in_a_run_is_never_written_over(ran: Path) -> None:
    (ran / "report.html").write_text("<!doctype html><title>mine</title>", encoding="utf-8")
    before = held(ran)
    assert told(ran).exit_code == 1 and held(ran) == before
    (ran / "report.html").unlink()
    (ran / "report.html").symlink_to(ran / "metrics.json")
    result = told(ran)
    assert result.exit_code == 1 and "no plain file" in result.stderr
    assert (ran / "metrics.json").read_bytes() == before["metrics.json"]


@pytest.mark.parametrize("damage", ["[]", "{}", "{", '{"methods": {"a": 1}}', '{"methods": {}}', "\x00"])
def test_a_damaged_run_is_told_without_a_traceback(ran: Path, damage: str) -> None:
    (ran / "metrics.json").write_text(damage, encoding="utf-8")
    before = held(ran)
    result = told(ran)
    assert result.exit_code == 1 and isinstance(result.exception, SystemExit)
    assert result.stderr.startswith(f"Failed: {str(ran)!r} is damaged: ") and held(ran) == before


def test_a_file_that_a_run_lacks_is_named(ran: Path) -> None:
    (ran / "environment.json").unlink()
    assert "environment.json" in told(ran).stderr


def test_damaged_scores_of_a_bench_are_told(bench: Path) -> None:
    (bench / "scores.csv").write_text("task,method,seed,image,group,psnr\nrgb2nir,copy,,a,a,x\n", encoding="utf-8")
    result = told(bench)
    assert result.exit_code == 1 and "damaged" in result.stderr


def test_a_folder_of_runs_says_which_they_are(bench: Path, tmp_path: Path) -> None:
    result = told(tmp_path)
    assert result.exit_code == 1 and f"spectra report {bench}" in result.stderr
    (tmp_path / "empty").mkdir()
    assert "neither a bench nor a finished run" in told(tmp_path / "empty").stderr
    assert "is a file" in told(bench / "bench.json").stderr


def test_a_disk_that_is_full_is_told_and_the_others_go_on(
    bench: Path, ran: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(folder: Path, *rest: object) -> None:
        raise OSError(28, "No space left on device", str(folder / "table.md"))

    monkeypatch.setattr("spectra.bench.results.again.write_tables", full)
    result = told(bench, ran)
    assert result.exit_code == 1 and "No space left on device" in result.stderr
    assert result.stdout == f"Report: {ran / 'report.html'}\n"


def test_no_folder_is_a_mistake_of_use_and_the_help_has_examples() -> None:
    assert told().exit_code == 2
    text = CliRunner().invoke(report, ["--help"]).output
    assert "spectra report runs/pbvs_rgb2ir" in text and "DIR..." in text


def test_the_page_shows_the_numbers_of_the_data(bench: Path) -> None:
    said = json.loads((bench / "bench.json").read_text(encoding="utf-8"))
    said["rows"][0]["method"] = "renamed"
    said["pairs"] = []
    (bench / "bench.json").write_text(json.dumps(said), encoding="utf-8")
    assert told(bench).exit_code == 0
    for name in MADE:
        assert "renamed" in (bench / name).read_text(encoding="utf-8"), name
