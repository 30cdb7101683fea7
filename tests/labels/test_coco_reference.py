"""COCO files as pycocotools reads them."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.labels import coco, rle
from tests.labels import made

mask = pytest.importorskip("pycocotools.mask")
reference = pytest.importorskip("pycocotools.coco")
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # in pycocotools 2.0.11


def read(path: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return reference.COCO(str(path))


def places(told: Any) -> list[tuple[Any, ...]]:
    return sorted(
        (told.imgs[it["image_id"]]["file_name"], told.cats[it["category_id"]]["name"], *it["bbox"])
        for it in told.anns.values()
    )


def test_both_read_the_same_boxes(tmp_path: Path) -> None:
    path = made.coco_file(tmp_path / "a.json")
    assert places(read(path)) == sorted(made.places(coco.read(path)))


def test_what_is_written_is_read_there_with_areas_crowds_and_sizes(tmp_path: Path) -> None:
    coco.write(coco.read(made.coco_file(tmp_path / "a.json")), tmp_path / "b.json")
    before, after = read(tmp_path / "a.json"), read(tmp_path / "b.json")
    assert (before.anns, before.imgs, before.cats) == (after.anns, after.imgs, after.cats)
    assert after.annToMask(after.anns[13]).sum() == 6


def test_labels_made_here_can_be_scored_there(tmp_path: Path) -> None:
    evaluation = pytest.importorskip("pycocotools.cocoeval")
    coco.write(made.labels(), tmp_path / "a.json")
    truth = read(tmp_path / "a.json")
    found = [
        {"score": 1.0, **{key: it[key] for key in ("image_id", "category_id", "bbox")}} for it in truth.anns.values()
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        scored = evaluation.COCOeval(truth, truth.loadRes(found), "bbox")
        scored.evaluate()
        scored.accumulate()
        scored.summarize()
    assert scored.stats[0] == pytest.approx(1.0)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_masks_are_packed_as_there(height: int, width: int, seed: int, share: float) -> None:
    shown = np.random.default_rng(seed).random((height, width)) < share
    packed = mask.encode(np.asfortranarray(shown.astype(np.uint8)))
    told = {"size": packed["size"], "counts": packed["counts"].decode()}
    assert np.array_equal(rle.decoded(told), shown)
    assert rle.resized(told, height, width) == told


@pytest.mark.parametrize("size", [(24, 32), (96, 128), (31, 77)])
def test_a_resized_mask_shows_the_same(size: tuple[int, int]) -> None:
    shown = np.zeros((48, 64), np.uint8, order="F")
    shown[12:24, 16:48] = 1
    packed = mask.encode(shown)
    told = rle.resized({"size": packed["size"], "counts": packed["counts"].decode()}, *size)
    there = mask.decode({"size": told["size"], "counts": told["counts"].encode()})
    assert there.shape == size
    rows, columns = ((np.arange(side) + 0.5) * whole // side for side, whole in zip(size, (48, 64), strict=True))
    inside = ((rows >= 12) & (rows < 24))[:, None] & ((columns >= 16) & (columns < 48))[None]
    assert np.array_equal(there, inside)


@pytest.mark.parametrize(
    "told", [{}, {"size": [2, 2], "counts": [1]}, {"size": [2, 2], "counts": "ÿ"}, {"size": [2, 2], "counts": [-1, 5]}]
)
def test_what_is_no_mask_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="no mask of runs"):
        rle.decoded(told)
