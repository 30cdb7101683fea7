from __future__ import annotations

import os
from pathlib import Path

import pytest

from spectra.data.atomic import atomic, write_bytes, write_text


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("durable", [True, False])
def test_the_file_appears_whole_when_the_block_ends(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "a.png"
    with atomic(path, durable=durable) as temporary:
        temporary.write_bytes(b"half")
        assert names(tmp_path) == [temporary.name]
        assert temporary.suffix == ".png" and temporary.name.startswith(".")
        temporary.write_bytes(b"whole")
    assert names(tmp_path) == ["a.png"]
    assert path.read_bytes() == b"whole"


@pytest.mark.parametrize("interruption", [ValueError, OSError, KeyboardInterrupt, SystemExit, GeneratorExit])
def test_an_interruption_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, interruption: type[BaseException]
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    with pytest.raises(interruption), atomic(path) as temporary:
        temporary.write_text("ne")
        raise interruption
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "old"


def test_a_failed_flush_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.txt"
    path.write_text("old")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_text(path, "new")
    assert names(tmp_path) == ["a.txt"]
    assert path.read_text() == "old"


def test_a_block_that_writes_nothing_is_an_error_and_not_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "a.txt"):
        pass
    assert names(tmp_path) == []


def test_the_longest_name_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".txt")
    write_text(path, "x")
    assert path.read_text() == "x"


def test_text_is_written_as_it_is(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "é\r\n\n")
    assert (tmp_path / "a").read_bytes() == b"\xc3\xa9\r\n\n"
    write_bytes(tmp_path / "b", b"\0\xff")
    assert (tmp_path / "b").read_bytes() == b"\0\xff"


def test_the_file_has_the_permissions_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("x")
    write_text(tmp_path / "ours", "x")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode
