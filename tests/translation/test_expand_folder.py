"""The folder of a grown set: new or its own, never mixed with real images; stopped work goes on in it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import spectra
from spectra.data.images import write_image
from spectra.errors import DataError, SpectraError
from spectra.inference import Inference
from spectra.labels import coco
from spectra.labels.labels import Box, Image, Labels
from spectra.translation.expand import Expanded, expand
from tests.translation import labelled
from tests.translation.images import image, make, tree


def grown(place: Path, format: str = "coco", **options: Any) -> Expanded:
    if not (place / "in").exists():
        labelled.pictures(place / "in")
        labelled.files_of(format, place / "given")
    given = place / "given" / ("labels.json" if format == "coco" else "labels")
    return expand(**{"model": "graydef", "source": place / "in", "labels": given, "out": place / "out", **options})


def content(out: Path) -> dict[str, bytes]:
    """All but what says when."""
    return {name: data for name, data in tree(out).items() if not name.endswith("provenance.json")}


@pytest.mark.parametrize("write", ["coco", "yolo", "voc"])
def test_the_same_call_does_nothing_twice(tmp_path: Path, write: str) -> None:
    grown(tmp_path, write=write)
    times = {
        path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.*") if path.name != "provenance.json"
    }
    begun = json.loads((tmp_path / "out" / "provenance.json").read_text())["begun"]
    done = grown(tmp_path, write=write)
    assert (len(done.images.written), len(done.images.skipped)) == (0, 3)
    assert {path: path.stat().st_mtime_ns for path in times} == times
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["begun"] == begun


@pytest.mark.parametrize("write", ["coco", "yolo", "voc"])
def test_a_set_that_has_grown_goes_on_with_what_is_new(tmp_path: Path, write: str) -> None:
    grown(tmp_path, write=write)
    write_image(tmp_path / "in" / "new.png", image(8, size=(8, 9)))
    labels = coco.read(tmp_path / "given" / "labels.json")
    more = Labels(
        [*labels.images, Image(99, "new.png", 9, 8)],
        [*labels.boxes, Box(99, "bus", 0, 0, 4, 4)],
        labels.classes,
        labels.extra,
    )
    coco.write(more, tmp_path / "given" / "labels.json")
    done = grown(tmp_path, write=write)
    assert ([path.name for path in done.images.written], len(done.images.skipped)) == (["new.png"], 3)
    assert done.labels.counts()["bus"] == 2
    whole = grown(tmp_path, write=write, out=tmp_path / "whole")
    assert content(tmp_path / "out") == content(tmp_path / "whole")
    assert len(whole.labels.images) == 4


def test_labels_of_images_that_are_no_more_go(tmp_path: Path) -> None:
    grown(tmp_path, "voc")
    (tmp_path / "in" / "c.tif").unlink()
    (tmp_path / "given" / "labels" / "c.xml").unlink()
    grown(tmp_path, "voc")
    assert sorted(path.name for path in (tmp_path / "out" / "labels").rglob("*.xml")) == ["a.xml", "b.xml"]


@pytest.mark.parametrize(
    ("other", "differing"),
    [
        ({"model": "copy"}, "translator"),
        ({"factor": 1.1}, "factor"),
        ({"depth": 16}, "depth"),
        ({"write": "voc"}, "written_as: coco there, voc now"),
        ({"merge": {"car": ["car", "bus"]}}, "merged: "),
        ({"clip": True}, "clip: False there, True now"),
    ],
)
def test_other_work_is_refused_in_the_same_folder(tmp_path: Path, other: dict[str, Any], differing: str) -> None:
    grown(tmp_path)
    before = tree(tmp_path / "out")
    with pytest.raises(DataError, match=differing):
        grown(tmp_path, **other)
    assert tree(tmp_path / "out") == before


def test_work_that_came_to_nothing_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.png").write_bytes(b"")
    coco.write(Labels([Image(1, "a.png", 9, 6)], [], ("car",)), tmp_path / "labels.json")
    grown(tmp_path, labels=tmp_path / "labels.json", task="rgb2ir")
    (tmp_path / "out" / "labels.json").unlink()
    said = json.loads((tmp_path / "out" / "provenance.json").read_text())
    (tmp_path / "out" / "provenance.json").write_text(json.dumps({**said, "files": {}, "finished": None}))
    (tmp_path / "in" / "a.png").unlink()
    write_image(tmp_path / "in" / "a.png", image(0))
    done = grown(tmp_path, labels=tmp_path / "labels.json", model="copy")
    assert len(done.images.written) == 1


@pytest.mark.parametrize("name", ["real.png", "images/real.png", "notes.txt", "labels.json"])
def test_a_folder_that_holds_something_else_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "out" / name
    path.parent.mkdir(parents=True)
    write_image(path, image(0)) if path.suffix == ".png" else path.write_text("{}")
    before = tree(tmp_path / "out")
    with pytest.raises(DataError, match=r"holds what `spectra expand` did not make[\s\S]*choose a new --out"):
        grown(tmp_path)
    assert tree(tmp_path / "out") == before


@pytest.mark.parametrize("name", ["images/real.png", "real.png", "images/sub/deep/real.npy"])
def test_real_images_in_a_folder_of_ours_are_noticed(tmp_path: Path, name: str) -> None:
    grown(tmp_path)
    (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
    write_image(tmp_path / "out" / name, image(0))
    with pytest.raises(DataError, match="real"):
        grown(tmp_path)


def test_the_folder_of_the_sources_is_refused(tmp_path: Path) -> None:
    labelled.pictures(tmp_path / "in")
    given = labelled.files_of("coco", tmp_path / "given")
    for out in (tmp_path / "in", tmp_path / "given"):
        with pytest.raises(DataError, match=r"another --out|a new --out"):
            expand("graydef", tmp_path / "in", given, out)
    assert sorted(tree(tmp_path / "given")) == ["labels.json"]


def test_generated_images_are_no_sources_of_other_work(tmp_path: Path) -> None:
    grown(tmp_path)
    (tmp_path / "out" / "images" / f".{'0a' * 8}.png").write_bytes(b"left by a killed call")
    write_image(tmp_path / "real.png", image(3))
    (tmp_path / "in").rename(tmp_path / ".in")
    done = spectra.translate("copy", tmp_path, tmp_path / "copies")
    assert [path.name for path in done.written] == ["real.png"]
    assert any("images' holds results of `spectra translate`, and was left out." in note for note in done.notes)
    (tmp_path / ".in").rename(tmp_path / "in")
    grown(tmp_path)
    assert not [path for path in (tmp_path / "out" / "images").iterdir() if path.name.startswith(".")]


def test_a_folder_inside_that_of_the_sources_is_no_source_the_second_time(tmp_path: Path) -> None:
    labelled.pictures(tmp_path / "set")
    given = labelled.files_of("yolo", tmp_path / "set")
    for count in (3, 0):
        done = expand("graydef", tmp_path / "set", given, tmp_path / "set" / "out", write="yolo")
        assert (len(done.images.written), len(done.labels.images)) == (count, 3)


@pytest.mark.parametrize("text", ["{}", "no json", "[]", '{"made_by": "spectra translate"}'])
def test_a_provenance_that_is_not_ours_is_never_written_over(tmp_path: Path, text: str) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "provenance.json").write_text(text)
    with pytest.raises(DataError, match="another --out"):
        grown(tmp_path)
    assert tree(tmp_path / "out") == {"provenance.json": text.encode()}


def test_labels_that_somebody_changed_are_not_written_over(tmp_path: Path) -> None:
    grown(tmp_path)
    labelled.changed(tmp_path / "out" / "labels.json", "annotations", 0, bbox=[1, 1, 2, 2])
    before = (tmp_path / "out" / "labels.json").read_bytes()
    with pytest.raises(DataError, match="has changed since it was written"):
        grown(tmp_path)
    assert (tmp_path / "out" / "labels.json").read_bytes() == before


def test_labels_that_somebody_put_there_are_not_written_over(tmp_path: Path) -> None:
    grown(tmp_path, "yolo")
    write_image(tmp_path / "in" / "new.png", image(8, size=(8, 9)))
    (tmp_path / "given" / "labels" / "new.txt").write_text("0 .5 .5 .5 .5\n")
    (tmp_path / "out" / "labels" / "new.txt").write_text("of somebody else")
    with pytest.raises(DataError, match="Nothing is written over: move it away"):
        grown(tmp_path, "yolo")
    assert (tmp_path / "out" / "labels" / "new.txt").read_text() == "of somebody else"
    (tmp_path / "out" / "labels" / "new.txt").unlink()
    assert grown(tmp_path, "yolo").labels.counts()["car"] == 2


def test_two_at_once_are_told_apart(tmp_path: Path) -> None:
    pytest.importorskip("fcntl")
    refused: list[bool] = []

    def told(*_: object) -> None:
        with pytest.raises(DataError, match="Another `spectra expand` is at work"):
            grown(tmp_path)
        refused.append(True)

    grown(tmp_path, progress=told)
    assert set(refused) == {True}
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["images", "labels.json", "provenance.json"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(SpectraError, match="Nothing can be written into"):
        grown(tmp_path)


def test_what_cannot_be_resized_is_told_before_anything_is_translated(tmp_path: Path) -> None:
    labelled.pictures(tmp_path / "in")
    given = labelled.files_of("coco", tmp_path / "given")
    labelled.changed(given, "annotations", 0, segmentation="text")
    model = spectra.load("graydef")
    grown(tmp_path, out=tmp_path / "as it is")
    model.inference = Inference(output=(8, 8))
    with pytest.raises(DataError, match="its segmentation is neither"):
        grown(tmp_path, model=model)
    assert not (tmp_path / "out").exists()


KILLED = """
import os, signal, sys
from spectra.cli.errors import spoken
from spectra.translation.expand import expand

def told(what, done, total):
    if done == 7:
        os.kill(os.getpid(), getattr(signal, sys.argv[4]))

with spoken():
    expand("copy", sys.argv[1], sys.argv[2], sys.argv[3], threads=2, progress=told)
"""


@pytest.mark.parametrize("name", ["SIGKILL", pytest.param("SIGTERM", marks=pytest.mark.slow)])
def test_killed_in_the_middle_and_started_again_is_as_if_never_killed(tmp_path: Path, name: str) -> None:
    names = [f"{n:03}.png" for n in range(40)]
    make(tmp_path / "in", *names)
    images = [Image(n, name, 9, 6) for n, name in enumerate(names, start=1)]
    given = tmp_path / "labels.json"
    coco.write(Labels(images, [Box(n, "car", 0, 0, 3, 3) for n in range(1, 41)], ("car",)), given)
    words = [tmp_path / "in", given, tmp_path / "out", name]
    ended = subprocess.run([sys.executable, "-c", KILLED, *map(str, words)], capture_output=True)
    assert ended.returncode != 0
    half = list((tmp_path / "out" / "images").glob("0*.png"))
    assert 0 < len(half) < 40
    assert not (tmp_path / "out" / "labels.json").exists()
    assert json.loads((tmp_path / "out" / "provenance.json").read_text())["finished"] is None
    (tmp_path / "out" / f".{'0a' * 8}.json").write_text("half")
    done = expand("copy", tmp_path / "in", given, tmp_path / "out")
    assert len(done.images.skipped) == len(half)
    expand("copy", tmp_path / "in", given, tmp_path / "whole")
    assert content(tmp_path / "out") == content(tmp_path / "whole")


def test_killed_between_two_labels_the_next_call_writes_the_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spectra.translation import provenance

    real = provenance._put

    def stopping(path: Path, data: bytes) -> None:
        if path.name == "b.xml":
            raise KeyboardInterrupt
        real(path, data)

    monkeypatch.setattr(provenance, "_put", stopping)
    with pytest.raises(KeyboardInterrupt):
        grown(tmp_path, "voc")
    monkeypatch.undo()
    assert (tmp_path / "out" / "labels" / "a.xml").exists()
    grown(tmp_path, "voc")
    grown(tmp_path, "voc", out=tmp_path / "whole")
    assert content(tmp_path / "out") == content(tmp_path / "whole")
