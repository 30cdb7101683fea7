"""`scores.csv`: a line an image, read again as it was written."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.bench.results import ImageScores, read_image_scores, write_image_scores
from spectra.bench.results.image_scores import of_method, scores_text
from spectra.errors import SpectraError

NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)


def one(method: str = "copy", seed: int | None = None, **scores: float | None) -> ImageScores:
    return ImageScores("rgb2nir", method, seed, "a/b", "scene 1", scores)


def test_the_table_has_a_column_for_each_metric_of_any_task() -> None:
    images = [one(psnr=0.1 + 0.2, ssim=None), ImageScores("rgb2ir", "pix2pixhd", 3, "0,1", "g", {"psnr": 20.0})]
    assert scores_text(images) == (
        "task,method,seed,image,group,psnr,ssim\n"
        "rgb2nir,copy,,a/b,scene 1,0.30000000000000004,\n"
        'rgb2ir,pix2pixhd,3,"0,1",g,20.0,\n'
    )


@given(NAMES, NAMES, NAMES, st.lists(NUMBERS, min_size=2, max_size=2), st.none() | st.integers(0, 2**63))
@settings(max_examples=60, deadline=None)
def test_every_line_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory,
    method: str,
    image: str,
    group: str,
    values: list[float | None],
    seed: int | None,
) -> None:
    folder = tmp_path_factory.mktemp("scores")
    images = (ImageScores("rgb2nir", method, seed, image, group, dict(zip(("psnr", "mae"), values, strict=True))),)
    write_image_scores(folder, images)
    assert read_image_scores(folder) == images


def test_anybody_else_reads_the_same(tmp_path: Path) -> None:
    write_image_scores(tmp_path, [one("a\n|b", psnr=1.5), one("c", psnr=None)])
    with (tmp_path / "scores.csv").open(encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    assert [(line["method"], line["psnr"]) for line in found] == [("a\n|b", "1.5"), ("c", "")]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_not_a_number_is_never_written(value: float) -> None:
    with pytest.raises(SpectraError, match="cannot be written"):
        scores_text([one(psnr=value)])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "first line"),
        ("method,image,psnr\na,b,1\n", "first line"),
        ("task,method,seed,image,group,psnr,psnr\n", "names a column twice"),
        ("task,method,seed,image,group,psnr\na,b,0,c\n", "row 2 has 4 cells, not 6"),
        ("task,method,seed,image,group,psnr\na,b,x,c,d,1\n", "row 2: invalid literal"),
        ("task,method,seed,image,group,psnr\na,b,0,c,d,1\na,b,0,c,d,nan\n", "row 3: nan is no score"),
        ('task,method,seed,image,group,psnr\n"a', "unexpected end"),
        ("\udcff", "utf-8"),
    ],
)
def test_a_damaged_table_is_told(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "scores.csv").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SpectraError, match=told) as caught:
        read_image_scores(tmp_path)
    assert "spectra bench" in str(caught.value)


def test_a_table_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match="Name the folder of a bench"):
        read_image_scores(tmp_path)


def test_a_mutated_table_is_told_or_sound(tmp_path: Path) -> None:
    text = scores_text([one(f"m{number}", number, psnr=number + 0.5, ssim=0.25) for number in range(5)])
    random = Random(0)
    for _ in range(100):
        place = random.randrange(len(text))
        damaged = text[:place] + random.choice(['"', ",", "\n", "", "\x00", "e"]) + text[place + 1 :]
        (tmp_path / "scores.csv").write_text(damaged, encoding="utf-8", newline="")
        try:
            found = read_image_scores(tmp_path)
        except SpectraError:
            continue
        assert all(value is None or math.isfinite(value) for image in found for value in image.scores.values())


def test_the_images_of_one_row_are_found() -> None:
    images = [one("a", psnr=1.0), one("b", psnr=2.0), one("a", 1, psnr=3.0)]
    assert of_method(images, "rgb2nir", "a") == (images[0], images[2])
    assert of_method(images, "rgb2ir", "a") == ()


def test_the_lines_end_the_same_everywhere() -> None:
    assert "\r" not in scores_text([one(psnr=1.0)]) and next(csv.reader(io.StringIO(scores_text([one()]))))
