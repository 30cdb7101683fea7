"""The cost of model folders, each measured in a process of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from spectra.bench.cost import measure as module
from spectra.bench.cost.cost import Cost
from spectra.bench.cost.measure import measure, read
from spectra.bench.cost.process import Outcome
from spectra.errors import SpectraError
from tests.bench.cost.conftest import FolderOf

FIGURES = {"parameters", "gflop", "latency_ms", "latency_p95_ms", "images_per_s", "peak_mb"}
QUICK = 0.05


def test_all_figures_of_a_model_are_found(folder_of: FolderOf) -> None:
    cost = measure(folder_of("plain"), (20, 24), "cpu", seconds=QUICK, train_s=12.5)
    said = cost.described()
    assert said.keys() == {*FIGURES, "train_s", "device", "size", "note"}
    assert (cost.parameters, cost.gflop) == (28, pytest.approx(2 * 20 * 24 * 27 / 1e9))
    assert (said["device"], said["size"], said["train_s"]) == ("cpu", [20, 24], 12.5)
    assert cost.latency_ms and cost.latency_p95_ms and 0 < cost.latency_ms <= cost.latency_p95_ms
    assert cost.images_per_s and cost.images_per_s > 0
    assert "not measured" not in cost.note
    for words in ("batch 1,", "threads: ", "batch 8,", "2 FLOP per multiply-add", "7 numbers", "growth of the process"):
        assert words in cost.note


def test_an_abort_harms_nothing(folder_of: FolderOf) -> None:
    cost = measure(folder_of("aborting"), (20, 24), "cpu", seconds=QUICK)
    assert cost.parameters == 28, "what was found before the crash stays"
    assert all(getattr(cost, name) is None for name in FIGURES - {"parameters"})
    assert cost.note.startswith("not measured further: the process crashed with SIGABRT")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("raising", "not measured further: ValueError: the moon is full", marks=pytest.mark.slow),
        pytest.param("exiting", "not measured further: the process ended with exit code 3", marks=pytest.mark.slow),
        pytest.param("leaky", "not measured further: memory does not suffice: ", marks=pytest.mark.slow),
        pytest.param("narrow", "not measured further: ValueError: one image at a time", marks=pytest.mark.slow),
    ],
)
def test_a_model_that_fails_says_why(name: str, words: str, folder_of: FolderOf) -> None:
    cost = measure(folder_of(name), (20, 24), "cpu", seconds=QUICK, limit_mb=500)
    assert cost.note.startswith(words)
    assert cost.images_per_s is None


@pytest.mark.slow
def test_a_model_that_hangs_is_ended(folder_of: FolderOf) -> None:
    cost = measure(folder_of("hanging"), (20, 24), "cpu", timeout=30)
    assert cost.parameters == 28 and cost.latency_ms is None
    assert cost.note.startswith("not measured further: it hangs: no end within 30 s")


@pytest.mark.slow
def test_plugins_that_are_switched_off_stay_so(folder_of: FolderOf, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = folder_of("plain")
    monkeypatch.setenv("SPECTRA_PLUGINS", "none")
    assert "which is not installed (or is switched off)" in measure(folder, (20, 24), "cpu").note
    monkeypatch.setenv("SPECTRA_PLUGINS", "dear")
    assert measure(folder, (20, 24), "cpu", seconds=QUICK).images_per_s


@pytest.mark.slow
def test_a_run_without_a_model_and_a_device_that_is_not_there_are_told(tmp_path: Path, folder_of: FolderOf) -> None:
    cost = measure(tmp_path / "nowhere", (20, 24), "cpu")
    assert cost.parameters is None and cost.note.startswith("not measured: ModelError: There is no model folder")
    assert "There is no device 'cuda:99' here" in measure(folder_of("plain"), (20, 24), "cuda:99").note


@pytest.mark.parametrize("wrong", [{"size": (0, 24)}, {"seconds": 0.0}, {"timeout": float("inf")}, {"limit_mb": -1.0}])
def test_a_request_that_makes_no_sense_is_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    said = {"model_folder": tmp_path, "size": (20, 24), "device": "cpu", **wrong}
    with pytest.raises(SpectraError, match="The cost cannot be measured so: "):
        measure(**said)  # type: ignore[arg-type]


def test_a_process_that_cannot_be_started_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COMMAND", (str(tmp_path / "no_python"),))
    assert "the process could not be started" in measure(tmp_path, (20, 24), "cpu").note


def test_the_process_has_as_many_threads_as_this_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It answers here with what it was asked."""
    import torch

    program = "import json, pathlib, sys; told = json.loads(pathlib.Path(sys.argv[1]).read_text());"
    answer = "pathlib.Path(sys.argv[2]).write_text(json.dumps({'parameters': told['threads'], 'done': True}) + '\\n')"
    monkeypatch.setattr(module, "COMMAND", (sys.executable, "-c", program + answer))
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert measure(tmp_path, (20, 24), "cpu").parameters == 3
    finally:
        torch.set_num_threads(before)


def test_figures_are_read_from_the_lines_of_an_answer() -> None:
    lines = ('{"parameters": 3, "notes": ["a"]}', '{"gflop": 0.5, "notes": ["b", "c"]}', '{"done": true}')
    assert read(Outcome(lines, "")) == ({"parameters": 3, "gflop": 0.5}, ["a", "b", "c"])


def test_an_answer_that_was_cut_short_keeps_what_it_has() -> None:
    found, notes = read(Outcome(('{"parameters": 3}',), "it hangs: no end within 2 s"))
    assert found == {"parameters": 3} and notes == ["not measured further: it hangs: no end within 2 s"]


def test_an_end_that_nobody_can_explain_is_told() -> None:
    assert read(Outcome((), "")) == ({}, ["not measured: the process ended before its answer did"])


@pytest.mark.parametrize(
    "line",
    [
        "what",
        "[1]",
        '{"parameters": "3"}',
        '{"parameters": -1}',
        '{"parameters": 1.5}',
        '{"gflop": NaN}',
        '{"gflop": Infinity}',
        '{"latency": 3}',
        '{"latency_ms": true}',
        '{"notes": "words"}',
    ],
)
def test_an_answer_in_other_words_counts_for_nothing(line: str) -> None:
    found, (note,) = read(Outcome(('{"parameters": 3}', line, '{"done": true}'), ""))
    assert found == {} and note.startswith("not measured: its answer cannot be read: ")


def test_a_cost_is_described_as_the_bench_holds_it() -> None:
    cost = Cost(device="cuda", size=(3, 4), parameters=5, note="why")
    empty = dict.fromkeys(FIGURES | {"train_s"})
    assert cost.described() == {**empty, "parameters": 5, "device": "cuda", "size": [3, 4], "note": "why"}


@pytest.mark.slow
def test_where_it_is_called_from_does_not_matter(
    folder_of: FolderOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for a folder that is named from there, nor for a module there that has the name of one of ours."""
    folder = folder_of("plain")
    (tmp_path / "torch.py").write_text("raise RuntimeError('not this one')")
    monkeypatch.chdir(tmp_path)
    cost = measure(Path(os.path.relpath(folder)), (20, 24), "cpu", seconds=QUICK)
    assert cost.images_per_s, cost.note
