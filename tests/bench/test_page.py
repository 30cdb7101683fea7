"""The page of a bench: it holds all that its files say, nothing else, and asks nobody."""

from __future__ import annotations

import base64
import json
import re
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from spectra.bench.page import bench_page, write_page
from spectra.bench.page.contents import image_scores
from spectra.errors import SpectraError
from tests.bench.html_page import Page, outside
from tests.bench.made_bench import COSTS, METRICS, TASKS, write_bench

Change = Callable[[dict[str, Any]], object]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bench(tmp_path_factory.mktemp("bench") / "bench", images=6, size=32)


@pytest.fixture
def bench(made: Path, tmp_path: Path) -> Path:
    """A folder to change things in."""
    return Path(shutil.copytree(made, tmp_path / "bench"))


def said(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "bench.json").read_text("utf-8"))
    return found


def changed(folder: Path, change: Change) -> Page:
    """The page after `bench.json` was changed."""
    content = said(folder)
    change(content)
    (folder / "bench.json").write_text(json.dumps(content), encoding="utf-8")
    return Page(bench_page(folder))


def row(content: dict[str, Any], method: str, task: str = TASKS[0]) -> dict[str, Any]:
    return next(one for one in content["rows"] if (one["method"], one["task"]) == (method, task))


def section(text: str, heading: str, until: str) -> str:
    return text.partition(heading)[2].partition(until)[0]


def test_the_page_asks_nobody_and_forbids_browsers_to(made: Path) -> None:
    text = bench_page(made)
    page = Page(text)
    assert not page.open and not outside(text)
    assert all(tag["src"].startswith("data:image/") for tag in page.all("img"))
    assert all(tag["href"].startswith("#") for tag in page.all("a"))
    policy = next(tag["content"] for tag in page.all("meta") if tag.get("http-equiv") == "Content-Security-Policy")
    assert "default-src 'none'" in policy and "img-src data:;" in policy and "script-src 'sha256-" in policy


def test_every_score_stands_in_its_row_with_its_interval(made: Path) -> None:
    text = bench_page(made)
    for place, task in enumerate(TASKS, start=1):
        table = section(text, f'id="task{place}"', "</table>")
        lines = dict(re.findall(r'<th scope="row" data-value="([^"]*)">.*?</th>(.*?)</tr>', table, re.DOTALL))
        for method in ("pix2pixhd", "cyclegan", "graydef", "linear", "constant"):
            scores = row(said(made), method, task)["scores"]
            values = [float(value) for value in re.findall(r'<td data-value="([^"]*)"', lines[method])]
            assert values == [score["mean"] for score in scores.values() if score["mean"] is not None]
            for name in ("psnr", "ssim"):
                places = 2 if name == "psnr" else 3
                low, mean, high = (
                    f"{scores[name][end]:.{places}f}".replace("-", "−") for end in ("low", "mean", "high")
                )
                assert f">{mean}" in lines[method] and f"[{low}, {high}]" in lines[method]


def test_rows_are_ranked_by_the_first_metric_that_was_scored(bench: Path) -> None:
    def lpips_first(content: dict[str, Any]) -> None:
        for one in content["rows"]:
            one["scores"] = dict(sorted(one["scores"].items()))

    means = {one["method"]: one["scores"]["psnr"]["mean"] for one in said(bench)["rows"][:6]}
    expected = sorted(means, key=lambda method: -means[method])
    assert [tag["data-value"] for tag in Page(bench_page(bench)).all("th") if "data-value" in tag][:6] == expected
    page = changed(bench, lpips_first)
    assert [tag["data-value"] for tag in page.all("th") if "data-value" in tag][:6] == expected
    assert [tag["data-name"] for tag in page.all("th") if tag.get("aria-sort") not in (None, "none")] == [
        "psnr",
        "psnr",
    ]


def test_best_and_tied_are_marked_as_the_bench_says(bench: Path) -> None:
    def mark(content: dict[str, Any]) -> None:
        for one in content["rows"]:
            for score in one["scores"].values():
                score["best"] = score["tied"] = False
        row(content, "pix2pixhd")["scores"]["psnr"]["best"] = True
        row(content, "cyclegan")["scores"]["psnr"]["tied"] = True

    page = changed(bench, mark)
    assert len(page.all("td", "best")) == 1 and len(page.all("td", "tied")) == 1
    text = " ".join(page.text.split())
    assert "pix2pixhd leads by psnr" in text and "not to be told apart from cyclegan" in text


def test_what_so_few_images_cannot_show_is_said_below_the_scores_and_beside_the_pairs(bench: Path) -> None:
    def unsure(content: dict[str, Any]) -> None:
        for one in content["pairs"]:
            one["clusters"], one["p_holm"] = 6, 0.656

    words = "6 images and 10 pairs: the smallest p after Holm is 0.31; no difference can be shown with fewer than 9 "
    words += "images."
    text = " ".join(changed(bench, unsure).text.split())
    scores, pairs = section(text, "Scores", "Quality against"), section(text, "Every two methods compared", "rgb")
    assert scores.count(words) == 1 and words in pairs
    assert "An interval speaks of its own two methods alone" in pairs and "In grey" not in pairs
    noted = changed(bench, lambda it: it["protocol"]["tasks"][TASKS[0]].update(notes=[words]))
    assert words not in section(" ".join(noted.text.split()), "Scores", "Quality against")
    changed(bench, lambda it: it["protocol"]["tasks"][TASKS[0]].update(notes=[]))
    many = " ".join(changed(bench, lambda it: [one.update(n=40, clusters=40) for one in it["pairs"]]).text.split())
    assert "no difference can be shown" not in many and "In grey: the two are not to be told apart." in many


def test_floors_and_published_rows_are_tagged_and_cited(made: Path) -> None:
    page = Page(bench_page(made))
    assert len(page.all("tr", "published")) == 2 and len(page.all("tr", "floor")) == 2 * 2 * 2  # scores and cost
    assert page.text.count("Roe et al., 2024, table 2: on other images of the same kind.") == 2
    assert "As printed; with which settings it was computed is not known." in page.text


def test_an_unlike_signature_has_a_letter_and_the_letter_says_what_differs(bench: Path) -> None:
    text = bench_page(bench)
    line = section(section(text, 'id="task1"', "</table>"), 'data-value="graydef"', "</tr>")
    letters = re.findall(r'href="#(task1-\w+)"', line)
    notes = [section(text, f'id="{letter}"', "</li>") for letter in letters]
    assert len(notes) == 2 and "ssim is another measure here: window:7" in notes[0] and "lpips is not" in notes[1]

    def same(content: dict[str, Any]) -> None:
        for task in TASKS:
            score = row(content, "graydef", task)["scores"]["ssim"]
            score["signature"] = row(content, "linear", task)["scores"]["ssim"]["signature"]

    assert "is another measure here" not in changed(bench, same).text


def test_what_was_not_scored_and_what_failed_says_why(made: Path) -> None:
    page = Page(bench_page(made))
    reason = row(said(made), "linear")["scores"]["lpips"]["reason"].removeprefix("not scored: ")
    assert page.text.count("not scored") >= 2 * 5 and f"lpips is not scored: {reason}" in page.text
    assert page.text.count("no scores: out of memory: it asked for 41.2 GB at step 3, and 16 GB are here.") == 2
    assert len(page.all("td", "fault")) == 2


def test_nothing_in_the_data_becomes_part_of_the_page(bench: Path) -> None:
    evil = '<script>alert("1")</script>&\'"><img src=x onerror=y>'

    def rename(content: dict[str, Any]) -> None:
        text = json.dumps(content).replace('"graydef"', json.dumps(evil))
        content.clear()
        content.update(json.loads(text))
        content["protocol"]["notes"] = [evil]
        content["rows"][-1]["error"] = evil
        content["protocol"]["command"] = ["spectra", evil]
        content["protocol"]["environment"]["hardware"]["processor"] = evil
        content["rows"][0]["scores"]["psnr"]["signature"] += evil

    for path in bench.glob("gallery/*/gallery.json"):
        text = (
            path.read_text("utf-8").replace('"graydef"', json.dumps(evil)).replace('"aerial_000000"', json.dumps(evil))
        )
        path.write_text(text, encoding="utf-8")
    scores = bench / "scores.csv"
    quoted = '"' + evil.replace('"', '""') + '"'
    scores.write_text(scores.read_text("utf-8").replace("graydef", quoted), encoding="utf-8")
    (bench / "table.md").write_text(evil, encoding="utf-8")
    page = changed(bench, rename)
    assert not page.open and len(page.all("script")) == 1
    assert not [tag for _, tag in page.tags if "onerror" in tag] and page.text.count(evil) > 20
    assert all(tag["src"].startswith("data:image/") for tag in page.all("img"))


def test_headings_are_in_order_and_every_anchor_leads_somewhere_once(made: Path) -> None:
    page = Page(bench_page(made))
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    ids = [tag["id"] for _, tag in page.tags if "id" in tag]
    assert len(ids) == len(set(ids)) and {tag["href"][1:] for tag in page.all("a")} <= set(ids)
    assert page.all("html") == [{"lang": "en"}]
    assert {tag["aria-labelledby"] for tag in page.all("section") if "aria-labelledby" in tag} <= set(ids)


def test_the_gallery_holds_the_pictures_of_the_folder_byte_for_byte(made: Path) -> None:
    text = bench_page(made)
    gallery = json.loads((made / "gallery" / TASKS[0] / "gallery.json").read_text("utf-8"))
    shots = re.findall(r'<article class="shot">(.*?)</article>', section(text, 'id="task1"', 'id="task2"'), re.DOTALL)
    assert len(shots) == len(gallery["images"])
    for shot, image in zip(shots, gallery["images"], strict=True):
        pictures = [base64.b64decode(data) for data in re.findall(r'src="data:image/png;base64,([^"]*)"', shot)]
        made_by = [files[what] for files in image["methods"].values() for what in ("prediction", "error")]
        names = [image["source"]["file"], image["target"]["file"], *made_by]
        assert pictures == [(made / "gallery" / TASKS[0] / name).read_bytes() for name in names]
        alts = re.findall(r'alt="([^"]*)"', shot)
        assert alts[:2] == [f"source of {image['name']}", f"target of {image['name']}"]
        assert alts[2:4] == [f"prediction pix2pixhd of {image['name']}", f"error pix2pixhd of {image['name']}"]
        for why in image["why"]:
            assert f"<b>{why['what']} of {why['method']}</b> {why['value']:#.4g} dB" in shot


def test_legends_of_false_colours_are_in_the_unit(made: Path) -> None:
    text = " ".join(Page(bench_page(made)).text.split())
    assert "target and predictions 0 255 DN" in text and "error 0 63.75 DN and more" in text
    image = json.loads((made / "gallery" / TASKS[1] / "gallery.json").read_text("utf-8"))["images"][0]
    assert f"{image['target']['low']:.4g} {image['target']['high']:.4g} K" in text and "error 0 20 K and more" in text


def test_the_protocol_the_command_and_the_environment_are_there(made: Path) -> None:
    page = Page(bench_page(made))
    command = "spectra bench --methods pix2pixhd,cyclegan,graydef --preset tiny --budget 200 --seeds 2 --out "
    for words in (
        command + "'benches/first look'",
        "0123456789abcdef0123456789abcdef01234567", "python 3.11.9, torch 2.6.0", "A processor of two cores",
        "the preset tiny, a budget of 200 steps for each that learns and 2 seeds (0, 1)", "5ce1" * 16,
        "paired permutation test on the same images", "2026-11-21T12:00:00+00:00", "built-in scenes, which are drawn",
        "source in the range of its file type, target in K 250..330", "Trained without the perceptual loss",
    ):  # fmt: skip
        assert words in page.text, words
    assert "/somewhere/bin" not in page.text
    for name in METRICS:
        assert row(said(made), "linear")["scores"][name]["signature"] in page.text


def test_tables_to_paste_are_offered_where_they_are(bench: Path) -> None:
    assert "\\begin{tabular}{lr}" in Page(bench_page(bench)).text
    (bench / "table.tex").unlink()
    page = Page(bench_page(bench))
    assert "tabular" not in page.text and "The table as Markdown" in page.text


def test_costs_are_shown_as_people_read_them(bench: Path) -> None:
    text = bench_page(bench)
    table = section(text, "What each method costs", "</table>")
    lines = dict(re.findall(r'<th scope="row" data-value="([^"]*)">.*?</th>(.*?)</tr>', table, re.DOTALL))
    assert re.findall(r">([^<>]+)</td>", lines["pix2pixhd"]) == ["182 M", "410", "84.2", "91", "10.7", "310", "212"]
    assert re.findall(r">([^<>]+)</td>", lines["graydef"])[:2] == ["4", "0.0004"]
    assert 'data-value="182500000.0"' in lines["pix2pixhd"] and COSTS["pix2pixhd"]["parameters"] == 182_500_000

    def free(content: dict[str, Any]) -> None:
        for one in content["rows"]:
            one["cost"] = None

    page = changed(bench, free)
    assert "Quality against cost" not in page.text and "Cost" not in page.text and "Gallery" in page.text


def test_a_bench_of_floors_alone_without_gallery_scores_or_pairs_is_a_page(bench: Path) -> None:
    shutil.rmtree(bench / "gallery")
    (bench / "scores.csv").unlink()

    def only_floors(content: dict[str, Any]) -> None:
        content["rows"] = [one for one in content["rows"] if one["kind"] == "floor"]
        content["pairs"] = []
        content["protocol"]["gallery_metric"] = content["protocol"]["test"] = None
        for one in content["rows"]:
            for score in one["scores"].values():
                score["best"] = False

    page = changed(bench, only_floors)
    assert not page.open and not page.all("img") and "Gallery" not in page.text and "linear" in page.text


def test_the_combined_score_is_shown_where_there_is_one(bench: Path) -> None:
    def combine(content: dict[str, Any]) -> None:
        content["combined"] = {
            "cyclegan": {"value": 0.61, "missing": []}, "graydef": {"value": None, "missing": ["sar2eo"]},
            "pix2pixhd": {"value": 0.5125, "missing": []},
        }  # fmt: skip

    assert "Over all tasks" not in Page(bench_page(bench)).text
    text = section(changed(bench, combine).text, "Over all tasks", "What the numbers mean")
    assert text.index("pix2pixhd") < text.index("cyclegan") < text.index("graydef")
    assert "0.512" in text and "0.610" in text and "sar2eo" in text


def test_it_is_built_from_the_files_alone_and_the_same_each_time(bench: Path) -> None:
    path = write_page(bench)
    before = path.read_bytes()
    assert path == bench / "report.html" and write_page(bench).read_bytes() == before
    assert before.decode().count("<!doctype html>") == 1 and len(before) < 10_000_000


def test_a_folder_that_is_no_bench_is_told(tmp_path: Path, bench: Path) -> None:
    with pytest.raises(SpectraError, match=r"bench\.json"):
        write_page(tmp_path)
    (bench / "gallery" / TASKS[0] / "gallery.json").write_text("{", encoding="utf-8")
    with pytest.raises(SpectraError, match="is not a folder that a bench wrote, or is damaged"):
        write_page(bench)


def test_scores_of_images_are_read_as_they_are_and_of_several_seeds_once(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    lines = [
        "task,method,seed,image,group,psnr,ssim",
        "t,a,0,x,g,1,0.5",
        "t,a,1,x,g,4,",
        "t,a,0,y,g,7,nan",
        "u,b,,x,g,9,0.25",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    assert image_scores(path) == {
        "t": {"psnr": {"a": [2.5, 7.0]}, "ssim": {"a": [0.5]}},
        "u": {"psnr": {"b": [9.0]}, "ssim": {"b": [0.25]}},
    }
    path.write_text("method,image,psnr\na,x,1\na,y,\n", encoding="utf-8")
    assert image_scores(path, "t") == {"t": {"psnr": {"a": [1.0]}}}
    assert image_scores(tmp_path / "none.csv") == {}
