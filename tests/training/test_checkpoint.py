"""Checkpoints: verified, kept as long as they are needed, and refused in a person's words."""

from __future__ import annotations

import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.errors import SpectraError
from spectra.training.checkpoint import DESCRIPTION, TENSORS, Checkpoints, DamagedCheckpoint
from tests.training.kept_checkpoints import ABOUT, flip, made, names, resealed, save, state_at, step_of


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    path = made(tmp_path / "deep" / "checkpoints").save(
        {"stage": "global", "step": 3, "total": 13}, state_at(13), score=0.1 + 0.2
    )
    assert path.name == "step_00000013"
    assert names(path) == [DESCRIPTION, TENSORS]
    found = made(tmp_path / "deep" / "checkpoints").newest()
    assert found is not None and step_of(found) == 13
    assert found.path == path and found.place == {"stage": "global", "step": 3, "total": 13}
    assert found.score == 0.1 + 0.2 and found.about == ABOUT
    assert found.state()["net"]["weight"].is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("score", [None, float("nan"), float("-inf"), 0.0, 31])
def test_any_score_comes_back(tmp_path: Path, score: float | None) -> None:
    save(made(tmp_path), 1, score=score)
    found = made(tmp_path).newest()
    assert found is not None and repr(found.score) == repr(score)


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    checkpoints = made(tmp_path / "nowhere")
    assert checkpoints.newest() is None and checkpoints.best() is None and checkpoints.notes == []
    assert not (tmp_path / "nowhere").exists()


def test_files_have_the_rights_of_any_new_file(tmp_path: Path) -> None:
    path = save(made(tmp_path / "checkpoints"), 1)
    (tmp_path / "plain").write_text("x")
    (tmp_path / "folder").mkdir()
    plain = (tmp_path / "plain").stat().st_mode
    assert [(path / name).stat().st_mode for name in names(path)] == [plain, plain]
    assert path.stat().st_mode == (tmp_path / "folder").stat().st_mode


@pytest.mark.parametrize("keep", [1, 2, 3])
def test_the_last_ones_are_kept(tmp_path: Path, keep: int) -> None:
    made(tmp_path, 5, 10, 100_000_000, 200_000_000, keep=keep)
    assert names(tmp_path) == ["step_00000005", "step_00000010", "step_100000000", "step_200000000"][-keep:]
    assert step_of(made(tmp_path).newest()) == 200_000_000


def test_the_best_is_kept_besides_and_known_after_a_restart(tmp_path: Path) -> None:
    checkpoints = made(tmp_path, 1)
    save(checkpoints, 2, best=True, score=30.5)
    for step in (3, 4, 5):
        save(checkpoints, step)
    assert names(tmp_path) == ["step_00000002", "step_00000004", "step_00000005"]
    again = made(tmp_path)
    assert step_of(again.newest()) == 5
    best = again.best()
    assert step_of(best) == 2 and best is not None and best.score == 30.5
    save(again, 6)
    assert step_of(again.best()) == 2
    again.finish()
    assert names(tmp_path) == ["step_00000002", "step_00000006"]


def test_whichever_checkpoint_is_fallen_back_to_has_its_best(tmp_path: Path) -> None:
    """As if the run had been killed before the newest: then the best was another."""
    checkpoints = made(tmp_path)
    save(checkpoints, 1, best=True)
    for step in (2, 3):
        save(checkpoints, step)
    save(checkpoints, 4, best=True)
    flip(tmp_path / "step_00000004" / TENSORS)
    again = made(tmp_path)
    assert step_of(again.newest()) == 3 and step_of(again.best()) == 1
    save(again, 4)
    save(again, 5)
    assert step_of(again.best()) == 1
    save(again, 6, best=True)
    save(again, 7)
    assert names(tmp_path) == ["step_00000004.damaged", "step_00000006", "step_00000007"]


def test_the_best_can_be_marked_afterwards(tmp_path: Path) -> None:
    checkpoints = made(tmp_path, 1, 2)
    checkpoints.mark_best(tmp_path / "step_00000001")
    save(checkpoints, 3)
    save(checkpoints, 4)
    again = made(tmp_path)
    assert step_of(again.newest()) == 4 and step_of(again.best()) == 1
    again.mark_best(tmp_path / "step_00000004")
    assert step_of(again.best()) == 4
    assert names(tmp_path) == ["step_00000001", "step_00000003", "step_00000004"]  # the first is the third's best
    flip(tmp_path / "step_00000003" / TENSORS)
    with pytest.raises(DamagedCheckpoint):
        again.mark_best(tmp_path / "step_00000003")


def test_a_damaged_best_is_none(tmp_path: Path) -> None:
    checkpoints = made(tmp_path)
    save(checkpoints, 1, best=True)
    save(checkpoints, 2)
    flip(tmp_path / "step_00000001" / TENSORS)
    assert checkpoints.best() is None
    assert "step_00000001.damaged" in checkpoints.notes[0]


def test_the_same_step_can_be_saved_again_and_the_later_one_counts(tmp_path: Path) -> None:
    checkpoints = made(tmp_path, 1, 2, 2, 2, 2)
    assert names(tmp_path) == ["step_00000002.3", "step_00000002.4"]
    checkpoints.save({"total": 2}, {**state_at(2), "more": "later"}, best=True)
    found = made(tmp_path).newest()
    assert found is not None and found.state()["more"] == "later" and found.best == "step_00000002.5"


def test_a_run_that_ignores_what_is_there_is_stopped_before_it_loses_anything(tmp_path: Path) -> None:
    made(tmp_path, 100, 200)
    with pytest.raises(SpectraError, match=r"'step_00000200', which is newer than step 3.*--fresh"):
        made(tmp_path, 3)
    assert names(tmp_path) == ["step_00000100", "step_00000200"]


def test_one_by_a_newer_spectra_is_refused(tmp_path: Path) -> None:
    made(tmp_path, 1, 2)
    resealed(tmp_path / "step_00000002", lambda document: document.update(format=2, novelty=True))
    with pytest.raises(SpectraError, match=r"newer Spectra: it has format 2, and this one reads 1.*pip install -U"):
        made(tmp_path).newest()
    assert names(tmp_path) == ["step_00000001", "step_00000002"]


THEN = """task: rgb2ir
train:
  lr: 0.0002
  players:
    critic:
      lr: 0.1
  augment:
  - flip
losses:
  l1: 1
"""

NOW = THEN.replace("0.0002", "0.0001").replace("0.1", "0.2").replace("flip", "rotate")


@pytest.mark.parametrize(
    ("then", "now", "told"),
    [
        ({"recipe": "12"}, {"recipe": "34"}, ["another recipe: '12' then, '34' now"]),
        (
            {"recipe": THEN},
            {"recipe": NOW},
            [
                "another recipe:\n    then  train.lr: 0.0002\n    now   train.lr: 0.0001\n",
                "then  train.players.critic.lr: 0.1\n    now   train.players.critic.lr: 0.2\n",
                "then  train.augment.flip\n    now   train.augment.rotate",
            ],
        ),
        ({"recipe": THEN}, {"recipe": THEN + "evaluate: 3\n"}, ["another recipe:\n    now   evaluate: 3."]),
        ({"data": "12"}, {"data": "34"}, ["other data: '12' then, '34' now"]),
        ({"processes": 2}, {"processes": 1}, ["with 2 processes, and this is a run of 1", "`--nproc-per-node`"]),
        ({"device": "cpu"}, {"device": "cuda"}, ["Its 'device' differs: 'cpu' then, 'cuda' now"]),
        ({"device": "cpu"}, {}, ["Its 'device' differs: 'cpu' then, None now"]),
        ({"data": "1", "processes": 2}, {"data": "2", "processes": 3}, ["other data", "2 processes"]),
    ],
)
def test_a_disagreement_is_told_in_a_persons_words_and_nothing_is_lost(
    tmp_path: Path, then: dict[str, Any], now: dict[str, Any], told: list[str]
) -> None:
    made(tmp_path, 1, 2, **then)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()}
    with pytest.raises(SpectraError) as raised:
        made(tmp_path, **now).newest()
    for part in [*told, "step_00000002", "--fresh", "nothing was changed"]:
        assert part in str(raised.value)
    assert str(raised.value).count("\n- ") == len(set(then) | set(now))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.*") if path.is_file()} == before
    assert step_of(made(tmp_path, **then).newest()) == 2


def test_of_a_wholly_other_recipe_only_the_first_lines_are_told(tmp_path: Path) -> None:
    made(tmp_path, 1, recipe="".join(f"a{number}: {'x' * 1000}\n" for number in range(9000)))
    with pytest.raises(SpectraError, match=r"and \d+ lines more") as raised:
        made(tmp_path, recipe="".join(f"b{number}: 1\n" for number in range(9000))).newest()
    assert len(str(raised.value)) < 4000


def test_another_torch_is_a_note_and_training_goes_on(tmp_path: Path) -> None:
    made(tmp_path, 1)
    checkpoints = made(tmp_path, torch="2.16.0")
    assert step_of(checkpoints.newest()) == 1
    (note,) = checkpoints.notes
    assert "torch 2.15.0, and this is torch 2.16.0" in note and "same bits are not promised" in note


def test_what_a_checkpoint_says_of_itself_is_plain(tmp_path: Path) -> None:
    """What could not be read again is not written."""
    with pytest.raises(ValueError):
        Checkpoints(tmp_path, {"recipe": True}).save({"total": 1}, {})
    assert names(tmp_path) == []


def test_checkpoints_of_many_steps_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    steps = list(itertools.accumulate([1, 8, 90, 900, 99_999_000, 5]))
    made(tmp_path, *steps, keep=100)
    for step in reversed(steps):
        assert step_of(made(tmp_path).newest()) == step
        shutil.rmtree(tmp_path / f"step_{step:08d}")
