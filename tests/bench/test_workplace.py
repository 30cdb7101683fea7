"""Where a run grows: one at a time a folder, in the person's own permissions."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.workplace import workplace
from spectra.errors import SpectraError

fcntl = pytest.importorskip("fcntl")


def carried_out(folder: Path, fresh: bool = False) -> None:
    with workplace(folder, fresh) as place:
        (place / "done").touch()


def before_first(call: Callable[..., Any], act: Callable[[], None], wanted: str = "") -> Callable[..., Any]:
    """`call`, and before the first one whose arguments speak of `wanted`, `act`."""
    acted: list[bool] = []

    def done(*arguments: Any, **named: Any) -> Any:
        if not acted and wanted in str(arguments):
            acted.append(True)
            act()
        return call(*arguments, **named)

    return done


def test_a_second_run_of_a_folder_is_refused_and_the_first_ends_well(tmp_path: Path) -> None:
    with workplace(tmp_path / "run") as place:
        with pytest.raises(SpectraError, match="being carried out by another process"):
            carried_out(tmp_path / "run")
        carried_out(tmp_path / "other")
        (place / "done").touch()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other", "run"]
    assert (tmp_path / "run" / "done").is_file()


def test_a_run_that_starts_while_another_makes_its_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    def second() -> None:
        with pytest.raises(SpectraError, match="being carried out by another process") as caught:
            carried_out(tmp_path / "run")
        refused.append(str(caught.value))

    monkeypatch.setattr(os, "mkdir", before_first(os.mkdir, second, ".unfinished."))
    carried_out(tmp_path / "run")
    assert len(refused) == 1 and (tmp_path / "run" / "done").is_file()


def test_a_run_that_comes_and_goes_while_another_locks_takes_nothing_from_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = before_first(fcntl.flock, lambda: carried_out(tmp_path / "run"))
    monkeypatch.setattr(fcntl, "flock", second)
    with workplace(tmp_path / "run", fresh=True) as place:
        assert place.is_dir()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run", "run.old1"]


def test_what_a_killed_run_left_is_removed_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    for name in (".run.unfinished.0a1b2c3d", ".runs.unfinished.0a1b2c3d"):
        (tmp_path / name / "model").mkdir(parents=True)
    (tmp_path / ".run.unfinished.lock").touch()
    carried_out(tmp_path / "run")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".runs.unfinished.0a1b2c3d", "run"]


def test_the_folder_has_the_permissions_that_the_person_gives(tmp_path: Path) -> None:
    modes = {}
    for mask in (0o077, 0o022):
        before = os.umask(mask)
        try:
            carried_out(tmp_path / f"{mask:o}")
        finally:
            os.umask(before)
        modes[mask] = (tmp_path / f"{mask:o}").stat().st_mode & 0o777
    assert modes == {0o077: 0o700, 0o022: 0o755}


def test_a_link_that_leads_to_itself_is_one_message(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SpectraError, match="Cannot write the run"):
        carried_out(tmp_path / "loop")
