"""The files of a bench: the same bytes each time, and nobody else's file is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

from spectra.bench.results import ImageScores, read_image_scores, read_result, result_of, write_tables, written
from spectra.errors import SpectraError
from tests.bench.made_results import made, psnr, row, small

IMAGES = [ImageScores("rgb2nir", "copy", None, "a", "a", {"psnr": 9.5})]
ALL = ["bench.csv", "bench.json", "scores.csv", "table.md", "table.tex"]


def held(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_all_files_are_written_and_named(tmp_path: Path) -> None:
    found = written(tmp_path, result_of(small()), IMAGES)
    assert sorted(held(tmp_path)) == ALL == sorted(file.name for file in found)
    assert all(file.parent == tmp_path for file in found)
    assert read_result(tmp_path) == result_of(small()) and read_image_scores(tmp_path) == tuple(IMAGES)


def test_twice_the_same_gives_the_same_bytes(tmp_path: Path) -> None:
    written(tmp_path, result_of(small()), IMAGES)
    before = held(tmp_path)
    written(tmp_path, read_result(tmp_path), read_image_scores(tmp_path))
    assert held(tmp_path) == before


def test_no_table_says_when_it_was_made(tmp_path: Path) -> None:
    written(tmp_path, result_of(small()))
    before = held(tmp_path)
    later = small()
    later["protocol"] |= {"finished": "2027-01-05T12:00:00+00:00"}
    written(tmp_path, result_of(later))
    assert [name for name, said in held(tmp_path).items() if said != before[name]] == ["bench.json"]


def test_without_images_their_scores_are_left_as_they_are(tmp_path: Path) -> None:
    written(tmp_path, result_of(small()), IMAGES)
    before = (tmp_path / "scores.csv").read_bytes()
    assert tmp_path / "scores.csv" not in written(tmp_path, made(row("a", {"psnr": psnr(1.0)})))
    assert (tmp_path / "scores.csv").read_bytes() == before


@pytest.mark.parametrize("name", ["table.md", "table.tex", "bench.csv"])
def test_a_file_of_somebody_else_stays_and_nothing_is_written(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("my own notes\n")
    for write in (written, write_tables):
        with pytest.raises(SpectraError, match="was not made by Spectra"):
            write(tmp_path, result_of(small()))
    assert held(tmp_path) == {name: b"my own notes\n"}


def test_a_link_or_a_folder_in_the_place_of_a_table_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "bench"
    folder.mkdir()
    written(folder, result_of(small()))
    elsewhere = tmp_path / "elsewhere.md"
    (folder / "table.md").rename(elsewhere)
    (folder / "table.md").symlink_to(elsewhere)
    with pytest.raises(SpectraError, match="no plain file"):
        written(folder, result_of(small()))
    (folder / "table.md").unlink()
    (folder / "table.md").mkdir()
    with pytest.raises(SpectraError, match="no plain file"):
        written(folder, result_of(small()))


def test_tables_alone_leave_the_data_as_it_is(tmp_path: Path) -> None:
    written(tmp_path, result_of(small()))
    before = held(tmp_path)
    for name in ("bench.csv", "table.md", "table.tex"):
        (tmp_path / name).unlink()
    write_tables(tmp_path, read_result(tmp_path))
    assert held(tmp_path) == before
