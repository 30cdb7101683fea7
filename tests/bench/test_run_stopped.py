"""Runs that are stopped while they learn, or after: what stays, what goes on, and what is never touched."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.bench import run as running
from spectra.bench.run import run
from spectra.bench.workshop import IDENTITY, Workshop
from spectra.errors import SpectraError, Stopped
from spectra.training import checkpoint
from spectra.training.progress import Progress
from tests.bench.learner import LEARNED
from tests.bench.runs import bits, fault
from tests.pair_folders import tree, write_recipe
from tests.training.stopper import Stopper


class Unasking(Stopper):
    every = 1_000_000_000  # it asks for no norms, which would stand in the log


ROWS = LEARNED + "matrix: {settings.width: [2, 5]}\n"


@pytest.fixture
def learned(log: Path, tmp_path: Path) -> Path:
    return write_recipe(tmp_path, LEARNED)


def stop(recipe: Path, pairs: Path, out: Path, at: int = 3, **options: Any) -> None:
    with pytest.raises(Stopped):
        run(recipe, data=pairs, out=out, watchers=[Unasking(at)], **options)


def steps(log: Path) -> int:
    return len(log.read_text().splitlines()) if log.exists() else 0


def test_a_matrix_that_is_stopped_in_its_second_row_does_not_learn_the_first_again(
    log: Path, pairs: Path, tmp_path: Path
) -> None:
    class InTheSecond(Unasking):
        def stepped(self, progress: Progress) -> None:
            self.told.append(progress)
            if len(self.told) == 8 + 3:  # each row takes four steps in each of two stages
                signal.raise_signal(signal.SIGTERM)

    recipe = write_recipe(tmp_path, ROWS)
    whole = run(recipe, data=pairs, out=tmp_path / "whole")
    log.unlink()
    with pytest.raises(Stopped):
        run(recipe, data=pairs, out=tmp_path / "out", watchers=[InTheSecond(0)])
    assert steps(log) == 11
    assert bits(run(recipe, data=pairs, out=tmp_path / "out").folder) == bits(whole.folder)
    assert steps(log) == 16


@pytest.mark.parametrize("moment", ["evaluate", "write_samples", "write_report"])
def test_what_was_learned_outlives_an_evaluation_that_is_broken_off(
    learned: Path, log: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    whole = run(learned, data=pairs, out=tmp_path / "whole")
    log.unlink()
    with monkeypatch.context() as patched:
        patched.setattr(running, moment, interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(learned, data=pairs, out=tmp_path / "out")
    assert bits(run(learned, data=pairs, out=tmp_path / "out").folder) == bits(whole.folder)
    assert steps(log) == 8


def test_what_a_run_that_was_killed_when_it_had_its_name_left_beside_it_is_taken_in(
    learned: Path, log: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = run(learned, data=pairs, out=tmp_path / "whole")
    with monkeypatch.context() as patched:
        patched.setattr(Workshop, "leave", lambda self: None)
        run(learned, data=pairs, out=tmp_path / "out")
    assert (tmp_path / "out.training").is_dir() and not (tmp_path / "out" / "training").exists()
    log.unlink()
    assert run(learned, data=pairs, out=tmp_path / "out").done_before
    assert bits(tmp_path / "out") == bits(whole.folder) and steps(log) == 0
    assert not (tmp_path / "out.training").exists()


def test_what_was_learned_for_a_link_lies_beside_where_it_leads(learned: Path, pairs: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere" / "real").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "real")
    stop(learned, pairs, tmp_path / "link")
    assert (tmp_path / "elsewhere" / "real.training").is_dir()
    run(learned, data=pairs, out=tmp_path / "link")
    assert (tmp_path / "elsewhere" / "real" / "training" / "log.jsonl").is_file()


@pytest.mark.parametrize("translator", ["learner", "graydef"])
@pytest.mark.parametrize("fresh", [False, True])
def test_a_foreign_folder_where_the_run_would_learn_is_never_touched(
    log: Path, pairs: Path, tmp_path: Path, translator: str, fresh: bool
) -> None:
    (tmp_path / "out.training").mkdir()
    (tmp_path / "out.training" / "thesis.txt").write_text("mine")
    text = LEARNED if translator == "learner" else "task: rgb2ir\ntranslator: graydef\npreset: fit\n"
    recipe = write_recipe(tmp_path, text)
    before = tree(tmp_path / "out.training")
    if translator == "learner":
        told = fault(recipe, data=pairs, out=tmp_path / "out", fresh=fresh)
        assert "not from a run that was stopped" in told and not log.exists()
    else:
        done = run(recipe, data=pairs, out=tmp_path / "out", fresh=fresh)
        assert not (done.folder / "training").exists()
    assert tree(tmp_path / "out.training") == before


def test_a_run_that_fails_and_never_learned_leaves_a_foreign_folder_alone(
    recipe: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out.training").mkdir()
    (tmp_path / "out.training" / "thesis.txt").write_text("mine")

    def failing(*_: Any, **__: Any) -> None:
        raise SpectraError("no")

    monkeypatch.setattr(running, "evaluate", failing)
    before = tree(tmp_path)
    assert fault(recipe, data=pairs, out=tmp_path / "out") == "no"
    assert tree(tmp_path) == before


def test_a_stopped_run_whose_description_is_damaged_is_refused_and_can_be_set_aside(
    learned: Path, log: Path, pairs: Path, tmp_path: Path
) -> None:
    stop(learned, pairs, tmp_path / "out")
    (tmp_path / "out.training" / IDENTITY).write_text("{")
    before = tree(tmp_path / "out.training")
    told = fault(learned, data=pairs, out=tmp_path / "out")
    assert "'unfinished.json' is damaged" in told and "--fresh" in told
    assert tree(tmp_path / "out.training") == before
    run(learned, data=pairs, out=tmp_path / "out", fresh=True)
    assert tree(tmp_path / "out.training.old1") == before


def test_fresh_begins_anew_and_when_it_is_stopped_itself_the_same_command_goes_on(
    learned: Path, log: Path, pairs: Path, tmp_path: Path
) -> None:
    run(learned, data=pairs, out=tmp_path / "out", seed=5)
    stop(learned, pairs, tmp_path / "out", fresh=True)
    log.unlink()
    stop(learned, pairs, tmp_path / "out", 5, fresh=True)
    assert steps(log) == 2
    done = run(learned, data=pairs, out=tmp_path / "out", fresh=True)
    assert steps(log) == 5 and (tmp_path / "out.old1").is_dir()
    stop(learned, pairs, tmp_path / "other")
    log.unlink()
    anew = run(learned, data=pairs, out=tmp_path / "other", fresh=True)
    assert steps(log) == 8 and (tmp_path / "other.training.old1").is_dir()
    assert bits(anew.folder) == bits(done.folder)


@pytest.mark.parametrize("changed", [{"seed": 1}, {"sets": ["train.lr=1"]}])
def test_a_stopped_run_of_another_recipe_is_refused_and_stays(
    learned: Path, log: Path, pairs: Path, tmp_path: Path, changed: dict[str, Any]
) -> None:
    stop(learned, pairs, tmp_path / "out")
    before = tree(tmp_path / "out.training")
    told = fault(learned, data=pairs, out=tmp_path / "out", **changed)
    assert "of another recipe. Go on with that one" in told
    assert tree(tmp_path / "out.training") == before


def test_a_stopped_run_of_more_processes_is_refused_and_fresh_gets_past_it(
    learned: Path, log: Path, pairs: Path, tmp_path: Path
) -> None:
    stop(learned, pairs, tmp_path / "out", fresh=True)
    described = tmp_path / "out.training" / IDENTITY
    described.write_text(described.read_text().replace('"number of processes": "1"', '"number of processes": "2"'))
    assert "of another number of processes" in fault(learned, data=pairs, out=tmp_path / "out")
    run(learned, data=pairs, out=tmp_path / "out", fresh=True)
    assert (tmp_path / "out.training.old1").is_dir()


def test_a_disk_that_is_full_at_a_checkpoint_is_told_and_the_same_command_goes_on(
    learned: Path, log: Path, pairs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true, sets = checkpoint.write_tensors, ["train.checkpoint.every=1"]
    whole = run(learned, data=pairs, out=tmp_path / "whole", sets=sets)
    log.unlink()

    def full(*given: Any) -> str:
        if steps(log) == 6:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return true(*given)

    with monkeypatch.context() as patched:
        patched.setattr(checkpoint, "write_tensors", full)
        told = fault(learned, data=pairs, out=tmp_path / "out", sets=sets)
    assert "Cannot write the checkpoint" in told and "No space left" in told and "the same command goes on" in told
    assert bits(run(learned, data=pairs, out=tmp_path / "out", sets=sets).folder) == bits(whole.folder)
    assert steps(log) == 6 + 3


def test_a_memory_that_is_too_small_is_told_with_what_to_lower_and_keeps_what_was_saved(
    learned: Path, log: Path, pairs: Path, tmp_path: Path
) -> None:
    class Greedy(Stopper):
        def stepped(self, progress: Progress) -> None:
            if progress.total == self.at:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 7 GiB.")

    with pytest.raises(SpectraError, match=r"lower `train\.batch_size`"):
        run(learned, data=pairs, out=tmp_path / "out", sets=["train.checkpoint.every=1"], watchers=[Greedy(3)])
    assert (tmp_path / "out.training" / "checkpoints" / "step_00000002").is_dir()


def test_of_several_methods_that_begin_with_weights_of_another_run_each_says_what_came_over(
    learned: Path, log: Path, pairs: Path, tmp_path: Path
) -> None:
    run(learned, data=pairs, out=tmp_path / "base")
    text = LEARNED + f"init_from: {{run: {tmp_path / 'base'}}}\nmatrix: {{train.lr: [1e-2, 1e-3]}}\n"
    done = run(write_recipe(tmp_path, text, "rows.yaml"), data=pairs, out=tmp_path / "out")
    assert len(list((done.folder / "training").glob("*/init_from.json"))) == 2
