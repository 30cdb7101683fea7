"""The page of a run: it stands for itself, and nothing on it is cut off or made up."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spectra.bench.page.run_rows import run_rows
from spectra.bench.report import bars_of, report, verdict_of, write_report
from spectra.bench.run import run
from spectra.data.images import read_image
from tests.bench.html_page import Page, outside, picture
from tests.pair_folders import write_data, write_recipe


def made(folder: Path, text: str = "task: rgb2ir\ntranslator: graydef\n", **options: Any) -> Path:
    pairs = folder / "pairs"
    if not pairs.exists():
        write_data(pairs, size=options.pop("size", (16, 12)))
    return run(write_recipe(folder, text), data=pairs, out=folder / "out", **options).folder


def test_the_page_needs_nothing_from_outside(tmp_path: Path) -> None:
    folder = made(tmp_path)
    text = (folder / "report.html").read_text("utf-8")
    page = Page(text)
    assert not page.open
    assert not outside(text)
    assert all(said["src"].startswith("data:image/png;base64,") for said in page.all("img"))


def test_every_method_metric_interval_and_signature_is_on_it(tmp_path: Path) -> None:
    folder = made(tmp_path)
    text = Page((folder / "report.html").read_text("utf-8")).text.replace("−", "-")
    for name, said in json.loads((folder / "metrics.json").read_text("utf-8"))["methods"].items():
        assert text.count(name) >= 5  # in the table, and beside each of four charts
        for score in said["scores"].values():
            assert score["signature"] in text
            assert (
                f"[{score['low']:.2f}, " in text or f"[{score['low']:.3f}, " in text or f"[{score['low']:.5f}, " in text
            )
    assert "sha256" not in text and (folder / "recipe.yaml").read_text("utf-8") in text


def test_its_gallery_is_that_of_a_bench_with_the_floors_in_false_colours_with_a_legend(tmp_path: Path) -> None:
    folder = made(tmp_path, size=(40, 32))
    gallery = folder / "gallery" / "rgb2ir"
    said = json.loads((gallery / "gallery.json").read_text("utf-8"))
    assert [method["name"] for method in said["methods"]] == ["graydef", "copy", "inverse", "constant", "linear"]
    page = Page((folder / "report.html").read_text("utf-8"))
    first, name = said["images"][0], said["images"][0]["name"]
    assert ("graydef", "worst") in [(why["method"], why["what"]) for why in first["why"]]
    shown = [(image["alt"], image) for image in page.all("img")][:4]
    files = [first[side]["file"] for side in ("source", "target")]
    files += [first["methods"]["graydef"][what] for what in ("prediction", "error")]
    assert [alt for alt, _ in shown] == [
        f"source of {name}", f"target of {name}", f"prediction graydef of {name}", f"error graydef of {name}"
    ]  # fmt: skip
    for (_, image), file in zip(shown, files, strict=True):
        assert np.array_equal(picture(image), read_image(gallery / file))
    assert first["target"]["colour"] == "false" and "target and predictions" in page.text
    assert any("data-grey" in said for said in page.all("button"))


def test_a_run_shows_no_more_images_than_its_samples(tmp_path: Path) -> None:
    folder = made(tmp_path, sets=["evaluate.samples=1"])
    said = json.loads((folder / "gallery" / "rgb2ir" / "gallery.json").read_text("utf-8"))
    assert len(said["images"]) == 1
    assert len(Page((folder / "report.html").read_text("utf-8")).all("article", "shot")) == 1


def test_a_run_without_a_gallery_shows_the_strips_of_its_samples(tmp_path: Path) -> None:
    """As Spectra wrote it before."""
    folder = made(tmp_path, size=(40, 32))
    shutil.rmtree(folder / "gallery")
    page = Page(report(folder))
    assert [said["alt"] for said in page.all("img")][:4] == [
        "source of e", "target of e", "prediction graydef of e", "error graydef of e"
    ]  # fmt: skip
    strip = read_image(folder / "samples" / "0000_graydef.png").astype(int)
    for place, said in zip((0, 2, 1, 3), page.all("img")[:4], strict=True):
        wide = strip[:, place * 36 :][:, :32]
        assert (said["width"], said["height"]) == ("32", "40")
        assert np.abs(picture(said).astype(int) - wide).mean() < 12


def test_large_images_are_made_smaller_for_the_page_alone(tmp_path: Path) -> None:
    folder = made(tmp_path, size=(300, 1500), sets=["evaluate.samples=1"])
    page = Page((folder / "report.html").read_text("utf-8"))
    assert picture(page.all("img")[0]).shape == (205, 1024, 3)
    assert read_image(next((folder / "samples").iterdir())).shape == (300, 4 * 1500 + 3 * 4, 3)
    assert page.all("div", "wide")


def test_a_page_never_grows_without_end_and_says_what_it_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = made(tmp_path)
    shutil.rmtree(folder / "gallery")
    monkeypatch.setattr("spectra.bench.pictures.MOST_BYTES", 1)
    page = Page(report(folder))
    assert len(page.all("img")) == 4 and "with 2 more" in page.text


def test_several_methods_share_source_and_target(tmp_path: Path) -> None:
    folder = made(tmp_path, "task: rgb2ir\ntranslator: graydef\nmatrix: {settings.factor: [1.0, 1.3]}\n")
    shown = [said["alt"] for said in Page((folder / "report.html").read_text("utf-8")).all("img")][:6]
    assert [alt.split()[0] for alt in shown] == ["source", "target", "prediction", "error", "prediction", "error"]
    assert "factor=1.3" in shown[4] and "factor=1.3" in shown[5]


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    write_data(tmp_path / "pairs")
    for modality in ("rgb", "ir"):
        (tmp_path / "pairs/test" / modality / "e.png").rename(tmp_path / "pairs/test" / modality / '<b a="1">&.png')
    folder = made(tmp_path)
    page = Page((folder / "report.html").read_text("utf-8"))
    assert not page.open and "<b a" not in (folder / "report.html").read_text("utf-8")
    assert '<b a="1">&' in page.text


def test_without_samples_there_is_a_page_without_pictures(tmp_path: Path) -> None:
    folder = made(tmp_path, sets=["evaluate.samples=0"])
    page = Page((folder / "report.html").read_text("utf-8"))
    assert not page.all("img") and "Samples" not in page.text


def test_the_page_can_be_built_again_from_the_folder_alone(tmp_path: Path) -> None:
    folder = made(tmp_path)
    before = (folder / "report.html").read_bytes()
    write_report(folder)
    assert (folder / "report.html").read_bytes() == before


def metrics(**means: tuple[float | None, bool]) -> dict[str, Any]:
    def score(mean: float | None) -> dict[str, Any]:
        low, high = (None, None) if mean is None else (mean - 1, mean + 2)
        return {"mean": mean, "low": low, "high": high, "better": "higher", "unit": "dB"}

    said = {name: {"floor": floor, "scores": {"psnr": score(mean)}} for name, (mean, floor) in means.items()}
    return {"methods": said}


def test_bars_lie_where_their_own_numbers_are() -> None:
    bars = bars_of(metrics(a=(1.0, False), b=(8.0, True), c=(None, True)))["psnr"]
    assert list(bars) == ["b", "a"]
    assert (bars["a"].low, bars["a"].mean, bars["a"].high) == (0.0, 10.0, 30.0)
    assert (bars["b"].low, bars["b"].mean, bars["b"].high) == (70.0, 80.0, 100.0)


def scored(folder: Path, **offsets: float) -> dict[str, Any]:
    """A run folder of 20 images, with methods that are so far above a random score, and their own noise."""
    random = np.random.default_rng(0)
    shared = random.normal(20, 3, 20)
    values = {name: shared + offset + random.normal(0, 0.2, 20) for name, offset in offsets.items()}
    lines = ["method,image,group,psnr"]
    lines += [
        f"{name},{at:02d},,{value!r}" for name, found in values.items() for at, value in enumerate(found.tolist())
    ]
    (folder / "scores.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    about = {"low": None, "high": None, "n": 20, "unit": "dB", "better": "higher", "signature": "psnr|v1", "reason": ""}
    means = {name: math.fsum(found.tolist()) / 20 for name, found in values.items()}
    methods = {
        name: {"floor": name == "copy", "scores": {"psnr": {"mean": mean, **about}}} for name, mean in means.items()
    }
    said = {"task": "rgb2ir", "scales": {"target": "dtype"}, "methods": methods}
    (folder / "metrics.json").write_text(json.dumps(said), encoding="utf-8")
    (folder / "environment.json").write_text(json.dumps({"data": {"test": "x"}}), encoding="utf-8")
    return said


def test_the_terminal_says_the_sentence_of_the_page(tmp_path: Path) -> None:
    """Intervals overlap, and yet image by image the one is above the other: that is what counts."""
    found = scored(tmp_path, a=0.4, copy=0.0)
    told = verdict_of(tmp_path)
    assert told.startswith("a reaches psnr ") and ": clearly better than the best floor, copy, at " in told
    scored(tmp_path, a=0.0, copy=0.01)
    assert "is not shown to differ from the best floor, copy" in verdict_of(tmp_path)
    assert found["methods"]["a"]["scores"]["psnr"]["low"] is None


def test_best_and_ties_are_those_that_a_paired_test_on_the_same_images_leaves(tmp_path: Path) -> None:
    """Each interval would hold the mean of every other: only the images one by one tell them apart."""
    rows, pairs = run_rows(tmp_path, scored(tmp_path, a=0.05, b=0.0, c=-1.0, copy=-0.02))
    marked = {row["method"]: (row["scores"]["psnr"]["best"], row["scores"]["psnr"]["tied"]) for row in rows}
    best = max(rows, key=lambda row: row["scores"]["psnr"]["mean"])["method"]
    assert marked[best] == (True, False) and marked["c"] == (False, False)
    assert all(tied for name, (_, tied) in marked.items() if name not in (best, "c"))
    assert [row["kind"] for row in rows] == ["recipe", "recipe", "recipe", "floor"]
    assert len(pairs) == 6 and all(pair["p_holm"] < 0.05 for pair in pairs if "c" in (pair["a"], pair["b"]))
