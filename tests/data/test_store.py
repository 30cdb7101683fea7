"""The folder of decoded arrays: its limit, what goes first, and going on without it."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectra.data.cache import store
from spectra.data.cache.store import Store

HEAD = 64


def key(number: int) -> bytes:
    return number.to_bytes(20, "big")


def image(number: int, size: int = 1000 - HEAD) -> Any:
    return np.full((1, size, 1), number, np.uint8)


def total(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.pixels"))


def held(kept: Store, numbers: range) -> list[int]:
    return [number for number in numbers if kept.get(key(number)) is not None]


def long_ago(folder: Path, number: int, seconds: float) -> None:
    used = time.time() - seconds
    os.utime(folder / f"{key(number).hex()}.pixels", (used, used))


def test_what_is_put_comes_back_whatever_its_type_and_layout(tmp_path: Path) -> None:
    kept = Store(tmp_path, 10**6)
    random = np.random.default_rng(0)
    for number, dtype in enumerate(("uint8", "uint16", "float32")):
        array = (random.random((9, 14, 3)) * 200).astype(dtype)
        for place, shown in enumerate((array, array[:, ::2], np.asfortranarray(array), array[1:, 3:])):
            kept.put(key(10 * number + place), shown)
            found = kept.get(key(10 * number + place))
            assert found is not None and found.dtype == dtype and np.array_equal(found, shown)
            assert not found.flags.writeable and isinstance(found, np.ndarray)
    assert kept.get(key(99)) is None


def test_the_limit_holds_and_the_first_to_come_stay_with_one_note(tmp_path: Path) -> None:
    kept = Store(tmp_path, 10_000)
    for _ in range(3):
        for number in range(20):
            kept.put(key(number), image(number))
            assert total(tmp_path) <= 10_000
    assert held(kept, range(20)) == list(range(8))  # seven eighths of the limit
    assert len(kept.notes) == 1 and "data.cache" in kept.notes[0]


def test_what_was_used_longest_ago_goes_first(tmp_path: Path) -> None:
    before = Store(tmp_path, 10_000)
    for number in range(8):
        before.put(key(number), image(number))
        long_ago(tmp_path, number, 1000 - 100 * ((number * 3) % 8))
    kept = Store(tmp_path, 10_000)
    assert kept.get(key(0)) is not None  # the oldest, and now in use
    kept.put(key(8), image(8))
    by_age = sorted(range(1, 8), key=lambda number: (number * 3) % 8)
    assert held(kept, range(9)) == sorted([0, *by_age[2:], 8])
    assert not kept.notes and total(tmp_path) <= 10_000


def test_an_image_too_large_for_the_limit_does_not_drive_out_the_others(tmp_path: Path) -> None:
    kept = Store(tmp_path, 10_000)
    kept.put(key(0), image(0))
    kept.put(key(1), image(1, 9_000))
    kept.put(key(2), image(2))
    assert held(kept, range(3)) == [0, 2]


def test_many_writers_that_do_not_know_of_each_other_stay_within_the_limit(tmp_path: Path) -> None:
    several = [Store(tmp_path, 100_000) for _ in range(4)]
    for number in range(200):
        several[number % 4].put(key(number), image(number))
        assert total(tmp_path) <= 100_000


def full(*_: object, **__: object) -> Any:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_on_a_full_disk_it_goes_on_without_and_says_so_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Store(tmp_path, 10_000)
    kept.put(key(0), image(0))
    tried: list[int] = []
    monkeypatch.setattr(store, "atomic", lambda *_, **__: (tried.append(1), full()))
    for number in range(1, 5):
        kept.put(key(number), image(number))
    assert held(kept, range(5)) == [0] and len(tried) == 1
    assert len(kept.notes) == 1 and "No space left" in kept.notes[0]


def test_where_no_folder_can_be_made_it_goes_on_without_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Store(tmp_path / "file" / "decoded", 10_000)
    kept.put(key(0), image(0))
    assert kept.get(key(0)) is None and len(kept.notes) == 1


def test_half_a_write_is_not_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Store(tmp_path, 10_000)
    monkeypatch.setattr(store.zlib, "crc32", lambda data: full() if len(data) > 100 else 0)
    kept.put(key(0), image(0))
    assert [path.name for path in tmp_path.iterdir() if path.name != ".lock"] == []


def test_another_process_that_tidies_up_for_ever_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_PATIENCE", 0.05)
    with store.held(tmp_path / ".lock"):
        kept = Store(tmp_path, 10_000)
        kept.put(key(0), image(0))
    assert held(kept, range(1)) == [0]
