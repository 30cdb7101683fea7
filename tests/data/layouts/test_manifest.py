"""Manifests: tables of paths, read strictly."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from spectra.data.layouts import rows
from spectra.data.recognise import read_catalogue
from spectra.errors import DataError

IMAGES = ("photos/a.jpg", "photos/b.jpg", "ir/a.tif", "ir/b.tif")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for path in IMAGES:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).touch()
    return root


def written(data: Path, text: str | bytes, name: str = "manifest.csv") -> Path:
    (data / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return data / name


def fault(data: Path, text: str | bytes, name: str = "manifest.csv") -> str:
    with pytest.raises(DataError) as caught:
        read_catalogue(written(data, text, name))
    return str(caught.value)


GOOD = "split,group,name,rgb,ir,weather\ntrain,g,one,photos/a.jpg,ir/a.tif,fog\ntest,h,two,photos/b.jpg,,sun\n"
AS_JSON = [
    {"split": "train", "group": "g", "name": "one", "rgb": "photos/a.jpg", "ir": ["ir/a.tif"], "weather": "fog"},
    {"split": "test", "group": "h", "name": "two", "rgb": "photos/b.jpg", "ir": None, "weather": "sun"},
]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("manifest.csv", GOOD),
        ("pairs.csv", "\ufeff" + GOOD.replace("\n", "\r\n\r\n")),
        ("any name.csv", GOOD.replace("photos/a.jpg", '" photos/a.jpg "').replace("split", "Split")),
        ("manifest.jsonl", "\n\n".join(map(json.dumps, AS_JSON))),
        ("pairs.jsonl", "\r\n".join(map(json.dumps, AS_JSON)) + "\r\n"),
    ],
)
def test_a_table_says_places_sides_splits_and_groups(data: Path, name: str, text: str) -> None:
    found = read_catalogue(written(data, text, name))
    assert found.layout == "manifest" and found.root == data and found.sides == ["rgb", "ir"]
    said = [(it.split, it.name, it.group, {side: files[0].path for side, files in it.images.items()})
            for it in found.places]  # fmt: skip
    assert said == [
        ("test", "two", "h", {"rgb": data / "photos/b.jpg"}),
        ("train", "one", "g", {"rgb": data / "photos/a.jpg", "ir": data / "ir/a.tif"}),
    ]
    assert len(found.notes) == 1 and "'weather' holds no paths of images" in found.notes[0]


def test_a_folder_with_one_table_is_a_manifest_and_what_it_leaves_out_is_strange(data: Path) -> None:
    written(data, "rgb,ir\nphotos/a.jpg,ir/a.tif\n")
    found = read_catalogue(data)
    assert [(it.split, it.name, it.group) for it in found.places] == [("", "photos/a", "photos/a")]
    assert {path.name for path in found.strangers} == {"b.jpg", "b.tif"}
    written(data, "rgb,ir\nphotos/a.jpg,ir/a.tif\n", "pairs.jsonl")
    assert read_catalogue(data).layout == "folders"  # which of the two is meant, nobody knows
    with pytest.raises(DataError, match="several manifests"):
        read_catalogue(data, "manifest")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no column with paths"),
        ("rgb,ir\n", "no column with paths"),
        ("who,when\nme,now\n", "only 'who', 'when'"),
        ("rgb;ir\nphotos/a.jpg;ir/a.tif\n", "not divided by commas"),
        ("rgb,rgb\nphotos/a.jpg,ir/a.tif\n", "'rgb' stands there twice"),
        ("rgb,,ir\nphotos/a.jpg,x,ir/a.tif\n", "column 2 has no name"),
        ("rgb,ir\nphotos/a.jpg\n", "manifest.csv:2: it has 1 cells, and the first line has 2"),
        ("rgb,ir\nphotos/z.jpg,ir/a.tif\n", "manifest.csv:2: 'rgb' is 'photos/z.jpg', which is not there"),
        ("rgb,ir\nphotos\\a.jpg,ir/a.tif\n", "divided by /"),
        ("rgb,ir\nphotos/a.jpg,ir/a.tif\nphotos/b.jpg,fog\n", "manifest.csv:3: 'ir' is 'fog', which has no suffix"),
        ("name,rgb\nx,photos/a.jpg\n\nx,photos/b.jpg\n", "manifest.csv:4: the name 'x' stands in line 2 already"),
        ("rgb,ir\nphotos/a.jpg,ir/a.tif\nphotos/a.jpg,ir/b.tif\n", "add a column `name`"),
        ("name,rgb\n../x,photos/a.jpg\n", "leads elsewhere"),
        ("name,rgb\n/etc/x,photos/a.jpg\n", "leads elsewhere"),
        ("name,rgb\nx,photos/a.jpg\ny,\n", "manifest.csv:3: it names no image"),
        ('rgb,ir\n"photos/a.jpg"x,ir/a.tif\n', "manifest.csv:2: it cannot be read as CSV"),
        ("rgb,ir\n" + "x" * 200_000 + ",a\n", "field larger"),
        ("rgb,ir\nphotos/a.jpg,a\0.tif\n", "characters that no name can have"),
        (b"rgb,ir\nphotos/a.jpg,ir/\xff.tif\n", "manifest.csv:2: this is no UTF-8"),
        ("name,rgb\nx," + "y" * 300 + ".png\n", "which is not there"),
    ],
)
def test_what_is_wrong_in_csv_is_told_with_its_line(data: Path, text: str | bytes, why: str) -> None:
    assert why in fault(data, text)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("[1]", "no JSON object"),
        ("{", "no JSON: Expecting"),
        ('{"rgb": 3}', "'rgb' is neither text nor"),
        ('{"rgb": true}', "'rgb' is neither text nor"),
        ('{"name": 1.5, "rgb": "photos/b.jpg"}', "'name' is neither"),
        ('{"rgb": {"a": "b"}}', "'rgb' is neither"),
        ('{"rgb": ["photos/b.jpg", 1]}', "'rgb' is neither"),
        ('{"rgb": "photos/b.jpg", "rgb": "x.png"}', "'rgb' stands there twice"),
        ('{"rgb": "\\ud800.png"}', "characters that no name"),
        ("[" * 100_000, "no JSON"),
        ("1" * 5000, "no JSON"),
    ],
)
def test_what_is_wrong_in_json_is_told_with_its_line(data: Path, line: str, why: str) -> None:
    told = fault(data, '{"name": 7, "rgb": "photos/a.jpg"}\n' + line, "pairs.jsonl")
    assert "pairs.jsonl:2: " in told and why in told


def test_numbers_serve_as_names_and_lists_as_several_images(data: Path) -> None:
    line = '{"name": 7, "split": "train", "rgb": ["photos/a.jpg", "photos/b.jpg"], "ir": "ir/a.tif"}'
    place = read_catalogue(written(data, line, "x.jsonl")).places[0]
    assert place.name == "7" and [file.path.name for file in place.images["rgb"]] == ["a.jpg", "b.jpg"]


def test_many_faults_are_counted_and_few_listed(data: Path) -> None:
    told = fault(data, "rgb\n" + "".join(f"n{number}.png\n" for number in range(12)))
    assert told.count("which is not there") == 5 and "... and 7 more." in told


def test_a_path_that_leads_out_is_noted(data: Path) -> None:
    (data.parent / "x.png").touch()
    found = read_catalogue(written(data, f"rgb,ir\n../x.png,ir/a.tif\n{data.parent / 'x.png'},photos/../ir/b.tif\n"))
    assert found.notes and "2 paths of the manifest lead out of its folder" in found.notes[0]
    assert found.places[0].name == "x" or found.places[1].name == "x"
    assert not any(".." in place.name or place.name.startswith("/") for place in found.places)


def test_too_large_too_long_and_no_file_are_told(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "ROWS", 1)
    assert "more than 1 rows" in fault(data, "rgb\nphotos/a.jpg\nphotos/b.jpg\n")
    monkeypatch.setattr(rows, "LARGEST", 10)
    assert "larger than" in fault(data, "rgb\nphotos/a.jpg\n")
    if hasattr(os, "mkfifo"):
        (data / "manifest.csv").unlink()
        os.mkfifo(data / "manifest.csv")
        with pytest.raises(DataError, match="is not a file"):
            read_catalogue(data, "manifest")


SOUP = st.one_of(
    st.binary(max_size=80),
    st.lists(
        st.sampled_from(["rgb", "name", "split", ",", "\n", "\r", '"', "photos/a.jpg", "ir/a.tif", "..", "/", "\0", "{"
                         , "}", ":", "[", "]", "é", "\u2028", "1", "null", "\ufeff", ".png", "\\ud800", "\\", "true"]),
        max_size=30,
    ).map(lambda pieces: "".join(pieces).encode()),
)  # fmt: skip


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SOUP, st.sampled_from(["m.csv", "m.jsonl"]))
def test_whatever_a_manifest_holds_only_a_data_error_comes_out(data: Path, content: bytes, name: str) -> None:
    path = written(data, content, name)
    try:
        found = read_catalogue(path)
    except DataError:
        return
    assert found.places and all(place.images and place.name for place in found.places)
