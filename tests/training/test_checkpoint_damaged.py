"""Checkpoints that were damaged, cut short or forged: passed over, or refused in words of ours."""

from __future__ import annotations

import json
import os
import random
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from spectra.errors import SpectraError
from spectra.training import checkpoint as room
from spectra.training.checkpoint import DESCRIPTION, TENSORS, DamagedCheckpoint
from tests.training.kept_checkpoints import flip, made, names, resealed, save, step_of


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
