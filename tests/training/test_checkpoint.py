"""Checkpoints: whole or not there, verified, kept as long as they are needed, and refused in a person's words."""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import torch

from spectra.errors import SpectraError
from spectra.training import checkpoint as room
from spectra.training.checkpoint import DESCRIPTION, TENSORS, Checkpoint, Checkpoints, DamagedCheckpoint

ABOUT = {"recipe": "1234", "data": "abcd", "processes": 1, "torch": "2.15.0"}


def state_at(step: int) -> dict[str, Any]:
    """A state of which every part says its step."""
    image = torch.full((2, 3, 4, 5), step, dtype=torch.float64).to(memory_format=torch.channels_last)
    learner = {
        "state": {0: {"step": torch.tensor(step, dtype=torch.float64), "mean": image}},
        "groups": [{"lr": step / 3}],
    }
    return {"total": step, "net": {"weight": image, "count": torch.tensor(step)}, "learner": learner}


def step_of(checkpoint: Checkpoint | None) -> int:
    """The one step of which all parts of a checkpoint are."""
    assert checkpoint is not None
    state = checkpoint.state()
    learner = state["learner"]["state"][0]
    said = {state["total"], checkpoint.place["total"], *state["net"]["weight"].unique().tolist()}
    said |= {state["net"]["count"].item(), learner["step"].item(), *learner["mean"].unique().tolist()}
    (step,) = said
    assert state["learner"]["groups"] == [{"lr": step / 3}]
    return int(step)


def made(folder: Path, *steps: int, keep: int = 2, **about: str | int) -> Checkpoints:
    checkpoints = Checkpoints(folder, {**ABOUT, **about}, keep=keep)
    for step in steps:
        save(checkpoints, step)
    return checkpoints


def save(checkpoints: Checkpoints, step: int, **more: Any) -> Path:
    return checkpoints.save({"stage": "train", "step": step, "total": step}, state_at(step), **more)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def flip(path: Path, place: int = -1) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


def resealed(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change a description as one would who knows how it is sealed."""
    document = json.loads((path / DESCRIPTION).read_text())
    change(document)
    (path / DESCRIPTION).write_text(json.dumps({**document, "seal": room._seal(document)}))


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


def cut_short(path: Path) -> None:
    os.truncate(path / TENSORS, (path / TENSORS).stat().st_size // 2)


def emptied(path: Path) -> None:
    (path / TENSORS).write_bytes(b"")


def without_description(path: Path) -> None:
    (path / DESCRIPTION).unlink()


def without_tensors(path: Path) -> None:
    (path / TENSORS).unlink()


def folder_for_tensors(path: Path) -> None:
    (path / TENSORS).unlink()
    (path / TENSORS).mkdir()


def pipe_for_description(path: Path) -> None:
    (path / DESCRIPTION).unlink()
    os.mkfifo(path / DESCRIPTION)


def number_changed(path: Path) -> None:
    """As sound as before, and a learning rate that was never there."""
    text = (path / DESCRIPTION).read_text()
    assert '"lr": 100.0' in text
    (path / DESCRIPTION).write_text(text.replace('"lr": 100.0', '"lr": 100.5'))


def of_another(path: Path) -> None:
    shutil.copy(path.with_name("step_00000200") / TENSORS, path / TENSORS)


def huge_description(path: Path) -> None:
    (path / DESCRIPTION).write_text("[" + "1," * (room.MOST_TEXT // 2) + "1]")


def deep_description(path: Path) -> None:
    (path / DESCRIPTION).write_text('{"format": 1, "state": ' + "[" * 10**6 + "]" * 10**6 + "}")


def deep_and_sealed(path: Path) -> None:
    resealed(path, lambda document: document.update(state=json.loads("[" * 300 + "]" * 300)))


def huge_number(path: Path) -> None:
    (path / DESCRIPTION).write_text('{"format": ' + "9" * 100_000 + "}")


def not_text(path: Path) -> None:
    (path / DESCRIPTION).write_bytes(b"\xff\xfe\x00{")


DAMAGES = [
    cut_short,
    emptied,
    without_description,
    without_tensors,
    folder_for_tensors,
    pipe_for_description,
    number_changed,
    of_another,
    huge_description,
    deep_description,
    huge_number,
    not_text,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_set_aside_and_the_one_before_is_taken(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    made(tmp_path, 200, 300)
    damage(tmp_path / "step_00000300")
    checkpoints = made(tmp_path)
    assert step_of(checkpoints.newest()) == 200
    assert names(tmp_path) == ["step_00000200", "step_00000300.damaged"]
    (note,) = checkpoints.notes
    assert "step_00000300" in note and "is called 'step_00000300.damaged' now" in note
    save(checkpoints, 300)
    flip(tmp_path / "step_00000300" / TENSORS)
    assert step_of(made(tmp_path).newest()) == 200
    assert names(tmp_path) == ["step_00000200", "step_00000300.damaged", "step_00000300.damaged1"]


def test_where_all_are_damaged_it_is_said_that_training_begins_anew(tmp_path: Path) -> None:
    made(tmp_path, 1, 2)
    for name in names(tmp_path):
        flip(tmp_path / name / TENSORS, 0)
    checkpoints = made(tmp_path)
    assert checkpoints.newest() is None
    assert names(tmp_path) == ["step_00000001.damaged", "step_00000002.damaged"]
    assert len(checkpoints.notes) == 3 and "training begins anew" in checkpoints.notes[2]


def test_what_one_process_found_another_opens_and_renames_nothing(tmp_path: Path) -> None:
    made(tmp_path, 1, 2)
    assert step_of(made(tmp_path).at(tmp_path / "step_00000001")) == 1
    flip(tmp_path / "step_00000002" / TENSORS)
    with pytest.raises(DamagedCheckpoint, match="not those that were saved"):
        made(tmp_path).at(tmp_path / "step_00000002")
    with pytest.raises(SpectraError, match="other data"):
        made(tmp_path, data="x").at(tmp_path / "step_00000001")
    assert names(tmp_path) == ["step_00000001", "step_00000002"]


@pytest.mark.parametrize("damaged", [1, 2])
def test_processes_that_ask_at_once_find_the_same(tmp_path: Path, damaged: int) -> None:
    for attempt in range(5):
        folder = tmp_path / str(attempt)
        made(folder, 1, 2, 3, keep=3)
        for name in names(folder)[-damaged:]:
            flip(folder / name / TENSORS)
        together = threading.Barrier(8)

        def ask(folder: Path = folder, together: threading.Barrier = together) -> int:
            together.wait()
            return step_of(made(folder).newest())

        with ThreadPoolExecutor(8) as pool:
            found = [pool.submit(ask) for _ in range(8)]
        assert {future.result() for future in found} == {3 - damaged}
        assert sum(name.endswith(".damaged") for name in names(folder)) == damaged


@pytest.mark.parametrize("name", [DESCRIPTION, TENSORS])
def test_what_may_not_be_read_is_not_set_aside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    made(tmp_path, 1)
    opened = Path.open

    def forbidden(path: Path, *said: Any, **more: Any) -> Any:
        if path.name == name:
            raise PermissionError(13, "Permission denied")
        return opened(path, *said, **more)

    monkeypatch.setattr(Path, "open", forbidden)
    with pytest.raises(SpectraError, match="Permission denied"):
        made(tmp_path).newest()
    assert names(tmp_path) == ["step_00000001"]


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


def test_a_state_that_cannot_be_kept_leaves_all_as_it_was(tmp_path: Path) -> None:
    checkpoints = made(tmp_path, 1)
    with pytest.raises(SpectraError, match="'pool' cannot be kept"):
        checkpoints.save({"total": 2}, {"pool": object()})  # type: ignore[dict-item]
    with pytest.raises(SpectraError, match="Keep long lists of numbers as tensors"):
        checkpoints.save({"total": 2}, {"numbers": ["1.0"] * 10_000, "text": "x" * room.MOST_TEXT})
    assert names(tmp_path) == ["step_00000001"]


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit, RuntimeError("CUDA error"), OSError(28, "No space")])
@pytest.mark.parametrize("place", ["write_tensors", "write_text", "_flush_folder"])
def test_whatever_stops_the_writing_leaves_nothing_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: Any, place: str
) -> None:
    checkpoints = made(tmp_path, 1, 2)

    def stopped(*_: object) -> None:
        raise fault

    monkeypatch.setattr(room, place, stopped)
    with pytest.raises(SpectraError if isinstance(fault, OSError) else BaseException):
        save(checkpoints, 3)
    monkeypatch.undo()
    assert names(tmp_path) == ["step_00000001", "step_00000002"]
    assert step_of(made(tmp_path).newest()) == 2


def test_the_older_go_only_when_the_new_one_is_in_place_and_flushed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every moment at which something is written, flushed, renamed or removed there is a whole checkpoint."""
    checkpoints = made(tmp_path, 1, keep=1)
    seen: list[str] = []

    def watched(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*said: Any, **more: Any) -> Any:
            seen.append(f"{name} {','.join(path for path in names(tmp_path) if not path.startswith('.'))}")
            return real(*said, **more)

        return call

    for place, name in [(os, "fsync"), (Path, "rename"), (shutil, "rmtree")]:
        monkeypatch.setattr(place, name, watched(name, getattr(place, name)))
    save(checkpoints, 2)
    assert seen == [
        "fsync step_00000001",  # the tensors
        "fsync step_00000001",  # the description
        "fsync step_00000001",  # the names in the folder
        "rename step_00000001",
        "fsync step_00000001,step_00000002",
        "rename step_00000001,step_00000002",
        "rmtree step_00000002",
    ]


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    made(tmp_path, 1)
    for name in (".step_00000002.0123abcd", ".step_00000002.3.0123abcd"):
        (tmp_path / name).mkdir()
        (tmp_path / name / TENSORS).write_bytes(b"half")
    others = [".git", ".step_2", "step_1", "notes.txt", "step_00000009.damaged"]
    for name in others:
        (tmp_path / name).mkdir()
    assert step_of(made(tmp_path).newest()) == 1
    assert names(tmp_path) == sorted(["step_00000001", *others])


FULL = """
import resource, signal, sys
from pathlib import Path
import torch
from spectra.errors import SpectraError
from spectra.training.checkpoint import Checkpoints
folder = Path(sys.argv[1])
checkpoints = Checkpoints(folder, {})
for step in (1, 2):
    checkpoints.save({"total": step}, {"x": torch.full((1000,), float(step))})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
try:
    checkpoints.save({"total": 3}, {"x": torch.zeros(500_000), "y": list(range(5000))})
except SpectraError as why:
    print(why)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
checkpoints.save({"total": 3}, {"x": torch.zeros(500_000)})
"""


def test_a_full_disk_is_told_with_what_is_needed_and_harms_nothing(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path / "full"), "100000"], capture_output=True, text=True, timeout=60
    )
    assert ran.returncode == 0, ran.stderr
    assert "step_00000003" in ran.stdout and "File too large. It needs 2 MB, and " in ran.stdout
    assert "free there" in ran.stdout and "Earlier checkpoints are as they were" in ran.stdout
    assert names(tmp_path / "full") == ["step_00000002", "step_00000003"]  # it was saved once there was room


SAVING = """
import os, signal, sys, time
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.training.test_checkpoint import made, save
def save_for_ever(folder, keep):
    checkpoints = made(Path(folder), keep=int(keep))
    found = checkpoints.newest()
    step = 0 if found is None else found.place["total"]
    while True:
        step += 1
        save(checkpoints, step, best=step % 5 == 0)
        os.write(1, b"%d\\n" % step)
for line in sys.stdin:
    folder, keep, seconds = line.split()
    child = os.fork()
    if child == 0:
        save_for_ever(folder, keep)
    time.sleep(float(seconds))
    os.kill(child, signal.SIGKILL)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    os.write(1, b"killed\\n")
"""
"""For each line of its input, saves in a loop in a process of its own until that is killed; tells every saved step."""


@pytest.fixture
def killer() -> Iterator[Callable[[Path, int, float], int]]:
    command = [sys.executable, "-c", SAVING, str(Path(__file__).parents[2])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        talk, listen = process.stdin, process.stdout
        assert talk is not None and listen is not None

        def kill_after(folder: Path, keep: int, seconds: float) -> int:
            """The last step that was reported as saved."""
            talk.write(f"{folder} {keep} {seconds}\n")
            talk.flush()
            return max((int(line) for line in iter(listen.readline, "killed\n")), default=0)

        yield kill_after
        talk.close()
        assert process.wait() == 0


@pytest.mark.parametrize("kills", [5, pytest.param(30, marks=pytest.mark.slow)])
def test_a_kill_at_any_moment_leaves_a_whole_checkpoint_no_older_than_the_last_reported(
    tmp_path: Path, killer: Callable[[Path, int, float], int], kills: int
) -> None:
    chance, reported = random.Random(kills), 0
    for kill in range(kills):
        reported = max(reported, killer(tmp_path, 1 + kill % 2, 0.1 + 0.2 * chance.random()))
        checkpoints = made(tmp_path)
        assert step_of(checkpoints.newest()) >= max(reported, 1)
        assert checkpoints.notes == []
        best = checkpoints.best()
        assert (0 if best is None else step_of(best)) == step_of(checkpoints.newest()) // 5 * 5
        assert all(name.startswith("step_") for name in names(tmp_path))
    assert reported > kills


def garbage(content: bytes, chance: random.Random) -> bytes:
    """One mutation of a file: bytes changed, cut out, doubled, put in, the end lost, all replaced."""
    found, place = bytearray(content), chance.randrange(len(content))
    other = place + chance.randrange(1, 40)
    kind = chance.randrange(6)
    if kind == 0:
        found[place] ^= 1 << chance.randrange(8)
    elif kind == 1:
        del found[place:other]
    elif kind == 2:
        found[place:place] = found[place:other]
    elif kind == 3:
        words = [b'{"$tensor": "/x"}', b"1e999", b"NaN", b"[" * 5000, b"9" * 5000, b"-1", b"null", b"\xff", b'"', b"{}"]
        found[place:other] = chance.choice(words)
    elif kind == 4:
        del found[place:]
    else:
        found[:] = chance.randbytes(len(found))
    return bytes(found)


@pytest.mark.parametrize("name", [DESCRIPTION, TENSORS])
@pytest.mark.parametrize("count", [100, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_mutated_file_is_passed_over_or_an_error_of_ours(tmp_path: Path, name: str, count: int) -> None:
    made(tmp_path / "sound", 1, 2)
    chance = random.Random(7)
    passed_over = 0
    for _ in range(count):
        shutil.rmtree(tmp_path / "mutated", ignore_errors=True)
        shutil.copytree(tmp_path / "sound", tmp_path / "mutated")
        path = tmp_path / "mutated" / "step_00000002" / name
        if (mutated := garbage(path.read_bytes(), chance)) == path.read_bytes():
            continue
        path.write_bytes(mutated)
        try:
            step = step_of(made(tmp_path / "mutated").newest())
        except SpectraError as why:
            assert "newer Spectra" in str(why)
            continue
        passed_over += step == 1
        assert step == 1 or json.loads(mutated) == json.loads((tmp_path / "sound/step_00000002" / name).read_bytes())
    assert passed_over > 0.8 * count


def spoil(document: dict[str, Any], chance: random.Random) -> None:
    """Put something else in a place of the document."""
    places: list[tuple[Any, Any]] = []

    def gather(held: Any) -> None:
        keys = held if isinstance(held, dict) else range(len(held)) if isinstance(held, list) else ()
        for key in keys:
            places.append((held, key))
            gather(held[key])

    gather(document)
    strange = [None, True, -1, 2**70, 1.5, 1e308, "", "$tensor", "/net/weight", [], {}, {"$tensor": "/net/weight"}]
    strange += [{"$map": [[1, 2], [1, 3]]}, {"$float": "x"}, {"$float": "inf"}, {"$tensor": "/no"}, ["x"] * 50]
    strange += [
        {"$tensor": "/net/weight", "shape": [2**40, 2**40], "stride": [0, 0]},
        nested_list(99),
        nested_list(200),
    ]
    holder, key = chance.choice(places)
    holder[key] = chance.choice(strange)


def nested_list(depth: int) -> list[Any]:
    return [nested_list(depth - 1)] if depth else []


@pytest.mark.parametrize("count", [100, pytest.param(3000, marks=pytest.mark.slow)])
def test_a_description_that_is_forged_with_its_seal_raises_no_other_error(tmp_path: Path, count: int) -> None:
    made(tmp_path / "sound", 1, 2)
    chance = random.Random(11)
    refused = 0
    for _ in range(count):
        shutil.rmtree(tmp_path / "forged", ignore_errors=True)
        shutil.copytree(tmp_path / "sound", tmp_path / "forged")
        resealed(tmp_path / "forged" / "step_00000002", lambda document: spoil(document, chance))
        try:
            found = made(tmp_path / "forged").newest()
            assert found is not None
            found.state()
            made(tmp_path / "forged").best()
        except SpectraError:
            refused += 1
    assert refused > 0.1 * count


def test_a_forged_best_leads_to_no_other_folder(tmp_path: Path) -> None:
    made(tmp_path / "else", 9)
    made(tmp_path / "own", 1)
    resealed(tmp_path / "own/step_00000001", lambda said: said.update(best="../else/step_00000009"))
    checkpoints = made(tmp_path / "own")
    assert step_of(checkpoints.newest()) == 1
    assert checkpoints.best() is None


PEAK = """
import resource, sys
from pathlib import Path
import torch
from spectra.training.checkpoint import Checkpoints
folder, count = Path(sys.argv[1]), 2**25
state = {str(number): torch.ones(count // 4) for number in range(4)}
checkpoints = Checkpoints(folder, {})
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = peak()
checkpoints.save({"total": 1}, state)
saved = peak()
del state
assert checkpoints.newest().state()["3"].sum() == count // 4
print((saved - before) / 2**17, (peak() - before) / 2**17)  # of 128 MiB
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in other units elsewhere")
def test_saving_copies_nothing_and_loading_holds_one_copy(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", PEAK, str(tmp_path)], capture_output=True, text=True, timeout=60, check=True
    )
    saving, loading = map(float, ran.stdout.split())
    assert saving < 0.15
    assert loading < 1.2  # the file, mapped, counts while it is copied from


def test_checkpoints_of_many_steps_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    steps = list(itertools.accumulate([1, 8, 90, 900, 99_999_000, 5]))
    made(tmp_path, *steps, keep=100)
    for step in reversed(steps):
        assert step_of(made(tmp_path).newest()) == step
        shutil.rmtree(tmp_path / f"step_{step:08d}")
