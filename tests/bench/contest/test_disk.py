"""A disk that is full, or may not be written: told clearly, nothing is left by halves, and the same command goes on."""

from __future__ import annotations

import errno
import json
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spectra.bench.contest.bench import bench
from spectra.bench.contest.disk import written_to
from spectra.bench.results import read_result
from spectra.errors import DataError, SpectraError
from tests.bench.contest.benches import asked, options
from tests.pair_folders import write_data


@contextmanager
def largest_file(limit: int) -> Iterator[None]:
    """The system writes no more than so much of any file, as where a disk is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(("limit", "learned", "results"), [(200, False, False), (20_000, True, True)])
def test_what_has_no_room_is_told_and_the_same_command_goes_on(
    limit: int, learned: bool, results: bool, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for no prediction, and with room for all but the page."""
    said = options("graydef", data=str(write_data(tmp_path / "pairs")), sets=("evaluate.floors=[copy]",))
    names = asked(monkeypatch, apart=True)
    with largest_file(limit), pytest.raises(SpectraError) as caught:
        bench(said, folder)
    assert f"The bench {str(folder)!r} cannot be written" in str(caught.value)
    assert "make room, and the same command goes on" in str(caught.value)
    assert [(folder / name).exists() for name in ("bench.json", "report.html")] == [results, False]
    assert bool(list(folder.glob("kept/graydef-*/done.json"))) is learned
    assert not [path for path in folder.rglob("*") if path.name.startswith(".") and path.name != ".lock"]
    done = bench(said, folder)
    assert names == ["graydef"] * (1 if learned else 2)
    assert done.failed == [] and read_result(folder).rows == done.result.rows and (folder / "report.html").is_file()
    assert json.loads(done.text)["rows"][0]["scores"]["psnr"]["n"] == 3


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS])
def test_a_folder_that_may_not_be_written_is_named_with_what_to_do(
    number: int, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = Path.mkdir

    def refused(path: Path, *words: object, **said: object) -> None:
        if path == folder:
            raise OSError(number, "It may not be written", str(path))
        true(path, *words, **said)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "mkdir", refused)
    with pytest.raises(SpectraError, match=r"cannot be written: It may not be written .*bench'") as caught:
        bench(options("graydef", data=str(write_data(tmp_path / "pairs"))), folder)
    assert "choose another --out" in str(caught.value)


def test_other_faults_are_told_as_they_are(folder: Path) -> None:
    for why in (DataError("torn"), OSError(errno.ENOENT, "gone"), ValueError("odd")):
        with pytest.raises(type(why)) as caught, written_to(folder):
            raise why
        assert caught.value is why
