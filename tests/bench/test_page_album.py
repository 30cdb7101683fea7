"""The pictures of a page: as good as there is room for, and never more than that."""

from __future__ import annotations

import base64
import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from spectra.bench.page import album as album_of
from spectra.bench.page import bench_page
from spectra.bench.page.album import Album, albums, files_of
from spectra.bench.page.embedding import LADDER, Embedded, Quality, embed_all
from spectra.data.images import read_image, write_image
from tests.bench.html_page import Page
from tests.bench.made_bench import write_bench


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bench(tmp_path_factory.mktemp("bench") / "bench", images=6, size=48, tasks=("rgb2nir",))


def gallery(folder: Path) -> tuple[Path, Any]:
    place = folder / "gallery" / "rgb2nir"
    return place, json.loads((place / "gallery.json").read_text("utf-8"))


def albumed(folder: Path, room: int = album_of.MOST_BYTES) -> tuple[Album, str]:
    found, stored = albums({"rgb2nir": gallery(folder)}, room)
    return found["rgb2nir"], stored


def pictures(album: Album) -> list[Embedded]:
    made = [one for shot in album.shots for entry in shot.made for one in (entry.prediction, entry.error) if one]
    return [*(one for shot in album.shots for one in (shot.source, shot.target)), *made]


def size(album: Album) -> int:
    return sum(len(one.url) for one in pictures(album))


def room_of(folder: Path, quality: Quality) -> int:
    """Bytes of all pictures at this quality."""
    place, said = gallery(folder)
    found = embed_all(files_of(place, said["images"]), quality, 10**9)
    assert found is not None
    return sum(len(one.url) for one in found.values())


def pixels(one: Embedded) -> Any:
    data = np.frombuffer(base64.b64decode(one.url.partition("base64,")[2]), np.uint8)
    return cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]


def test_where_there_is_room_nothing_is_lost(made: Path) -> None:
    album, stored = albumed(made)
    place, said = gallery(made)
    assert "without loss" in stored and album.more == 0
    for shot, image in zip(album.shots, said["images"], strict=True):
        assert np.array_equal(pixels(shot.source), read_image(place / image["source"]["file"]))
        for entry in shot.made:
            files = image["methods"][entry.method]
            assert np.array_equal(pixels(entry.prediction), read_image(place / files["prediction"]))


def test_where_there_is_less_room_pictures_lose_and_the_page_says_so(made: Path) -> None:
    whole, _ = albumed(made)
    room = room_of(made, LADDER[3])
    album, stored = albumed(made, room)
    assert size(album) <= room and "JPEG with loss" in stored and len(album.shots) == len(whole.shots)
    for one, other in zip(pictures(album), pictures(whole), strict=True):
        assert np.abs(pixels(one).astype(int) - pixels(other)).mean() < 12


def test_where_there_is_hardly_any_there_are_fewer_images_and_at_last_none(made: Path) -> None:
    whole, _ = albumed(made)
    few, _ = albumed(made, room_of(made, LADDER[-1]) // 2)
    assert 0 < len(few.shots) < len(whole.shots) and few.more == len(whole.shots) - len(few.shots)
    assert [shot.name for shot in few.shots] == [shot.name for shot in whole.shots][: len(few.shots)]
    assert albums({"rgb2nir": gallery(made)}, 10) == ({}, "in the folder alone: they are too many for a page")


def test_large_pictures_shrink_before_images_are_left_out(made: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "bench"))
    place, said = gallery(folder)
    said["images"] = said["images"][:2]
    (place / "gallery.json").write_text(json.dumps(said), encoding="utf-8")
    random = np.random.default_rng(0)
    for path in place.glob("*.png"):
        write_image(path, random.integers(0, 255, (800, 300, 3)).astype(np.uint8), overwrite=True)
    album, stored = albumed(folder, 3_000_000)
    assert size(album) <= 3_000_000 and len(album.shots) == 2 and album.more == 0
    assert album.shots[0].source.height in {one.longest for one in LADDER} and "JPEG" in stored
    assert len(bench_page(folder).encode()) < 10_000_000


def test_the_ladder_goes_down() -> None:
    lossless, *others = LADDER
    assert lossless.jpeg is None and all(one.jpeg is not None for one in others)
    steps = [(one.longest, one.jpeg) for one in others]
    assert steps == sorted(steps, key=lambda step: step[0], reverse=True) and len(set(steps)) == len(steps)


def test_a_page_says_how_many_images_are_in_the_folder_alone(made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    drawings = sum(len(svg) for svg in re.findall(r'<svg class="chart.*?</svg>', bench_page(made), re.DOTALL))
    monkeypatch.setattr(album_of, "MOST_BYTES", drawings + room_of(made, LADDER[-1]) // 2)
    page = Page(bench_page(made))
    assert "more." in page.text and "at most 256 pixels a side" in page.text
    monkeypatch.setattr(album_of, "MOST_BYTES", 10)
    assert not Page(bench_page(made)).all("img")


def test_a_gallery_takes_no_picture_from_outside_its_folder(made: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(made, tmp_path / "bench"))
    place, said = gallery(folder)
    source = said["images"][0]["source"]
    write_image(tmp_path / source["file"], np.zeros((9, 9, 3), np.uint8))
    source["file"] = f"../../../{source['file']}"
    (place / "gallery.json").write_text(json.dumps(said), encoding="utf-8")
    assert albumed(folder)[0].shots[0].source == albumed(made)[0].shots[0].source


def test_the_best_of_a_method_is_called_so_beside_its_picture(made: Path) -> None:
    album, _ = albumed(made)
    for shot, image in zip(album.shots, gallery(made)[1]["images"], strict=True):
        told = {(entry.method, what) for entry in shot.made for what in entry.chosen}
        assert told == {(why["method"], why["what"]) for why in image["why"]}


def test_all_images_of_a_task_have_the_same_columns(made: Path) -> None:
    place, said = gallery(made)
    few = next(iter(said["images"][1]["methods"]))
    said["images"][1]["methods"] = {few: said["images"][1]["methods"][few]}
    said["images"][1]["why"] = []
    found, _ = albums({"rgb2nir": (place, said)}, album_of.MOST_BYTES)
    shots = found["rgb2nir"].shots
    assert len({len(shot.made) for shot in shots}) == 2
    assert len({(shot.columns, shot.wide) for shot in shots}) == 1
    long = [replace(shot, beside=None, target=replace(shot.target, width=900)) for shot in shots[:1]]
    assert [shot.wide for shot in long] == [True]
    assert [shot.wide for shot in album_of._aligned([*long, *shots[1:]])] == [False] * len(shots)
