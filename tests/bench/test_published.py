"""What the papers printed."""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import pytest

from docs.generate import parts_of
from spectra.bench import published as module
from spectra.bench.published import NAMED, Paper, check_named, folder, papers, published, published_of, read
from spectra.bench.published_page import markdown
from spectra.bench.results.row import Row
from spectra.errors import RecipeError, SpectraError
from spectra.metrics.pbvs_combined import TASKS, combined
from spectra.registry import registry

ROOT = Path(__file__).parents[2]
KNOWN = {(layout, table.task) for paper in papers() for table in paper.tables for layout in table.layouts}
FILES = sorted((ROOT / "benchmarks" / "published").glob("*.yaml"))


def numbers(layout: str, task: str) -> dict[str, dict[str, float | None]]:
    return {
        row["method"]: {name: score["mean"] for name, score in row["scores"].items()} for row in published(layout, task)
    }


def test_there_are_files_and_all_of_them_are_read() -> None:
    assert len(papers()) == len(FILES) >= 8


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_is_sound_and_speaks_of_layouts_and_metrics_that_there_are(path: Path) -> None:
    layouts, metrics = list(registry("layouts")), list(registry("metrics"))
    for table in read(path).tables:
        assert set(table.layouts) <= set(layouts), table.about
        assert set(table.metrics) <= set(metrics), table.about


@pytest.mark.parametrize(
    ("layout", "task", "method", "expected"),
    [
        (
            "ranus",
            "rgb2nir",
            "Pix2Next",
            {"psnr": 20.83, "ssim": 0.8031, "fid": 28.01, "pix2next.rmse": 8.24, "pix2next.lpips": 0.107}
            | {"dists": 0.1252, "error_std": 20.37},
        ),
        ("ranus", "rgb2nir", "C2SAL", {"psnr": 16.46, "ssim": 0.63, "fid": 83.45, "dists": None, "error_std": None}),
        ("ranus", "rgb2nir", "Pix2Next with ViT", {"fid": 29.05, "pix2next.lpips": 0.1185, "dists": 0.1338}),
        ("ranus", "rgb2nir", "Pix2Next with SwinV2, attention everywhere", {"ssim": 0.8063, "fid": 30.24}),
        ("ranus", "rgb2nir", "Pix2pixHD with InternImage blocks", {"psnr": 20.87, "ssim": 0.7327, "fid": 45.14}),
        ("idd_aw", "rgb2nir", "UVCGAN", {"psnr": 27.63, "fid": 40.09, "pix2next.rmse": 6.215, "error_std": 13.12}),
        ("idd_aw", "rgb2nir", "Pix2Next", {"psnr": 30.41, "ssim": 0.9228, "fid": 32.81, "pix2next.lpips": 0.0663}),
        ("flir_aligned", "rgb2lwir", "IRFormer", {"psnr": 17.74, "ssim": 0.48}),
        ("flir_aligned", "rgb2lwir", "ThermalGen-L/2", {"psnr": 17.1, "ssim": 0.52, "fid": 70.1, "lpips": 0.33}),
        ("vcip2020", "nir2rgb", "MPFNet", {"psnr": 22.14, "vcip.ssim": 0.63, "vcip.ae": 3.68, "lpips": 0.253}),
        ("vcip2020", "nir2rgb", "SF-GPT (DCT)", {"psnr": 26.09, "vcip.ssim": 0.77, "vcip.ae": 2.72, "lpips": 0.132}),
        ("epfl_nirscene", "nir2rgb", "DualGAN", {"psnr": 17.8, "vcip.ssim": 0.62, "vcip.ae": None, "lpips": None}),
        ("qxs_saropt", "sar2rgb", "HI-Diff", {"fid": 324.3, "dists": 0.539, "lpips": 0.692, "psnr": 17.1}),
        ("mavic_t_eo_sar", "sar2eo", "pix2pixHD", {"fid": 106, "lpips": 0.439, "ssim": 0.619, "psnr": 21.68}),
        ("msrs", "rgb2lwir", "DiffV2IR", {"psnr": 10.16, "ssim": 0.3, "fid": 104, "lpips": 0.57}),
        ("qxs_saropt", "sar2rgb", "LTP-BIT", {"psnr": 15.956, "ssim": 0.351, "lpips": 0.446, "fid": 16.54}),
        ("m3fd", "rgb2lwir", "TherA", {"psnr": 19.54, "ssim": 0.67, "fid": 87.08, "lpips": 0.21}),
        ("llvip", "lwir2rgb", "SynthRGB-T", {"fid": 34.2, "ssim": 0.885}),
        ("llvip", "rgb2lwir", "CM-Diff", {"fid": 40.0, "ssim": 0.751}),
        ("vcip2020", "nir2rgb", "ATCycleGAN (validation)", {"psnr": 20.67, "vcip.ssim": 0.68, "vcip.ae": 3.97}),
        ("vcip2020", "nir2rgb", "HAQAGen without HSV-SPADE", {"psnr": 24.21}),
    ],
)
def test_numbers_are_those_that_were_printed(
    layout: str, task: str, method: str, expected: dict[str, float | None]
) -> None:
    found = numbers(layout, task)[method]
    assert {name: found[name] for name in expected} == expected


def test_nothing_of_a_table_is_left_out() -> None:
    counts = {(table.table, table.about): len(table.rows) for paper in papers() for table in paper.tables}
    assert counts["Table 2", "RANUS"] == 8
    assert counts["Table 3", "IDD-AW"] == 7
    assert counts["Table 8", "FLIR, aligned"] == 7
    assert counts["Table I", "VCIP 2020"] == 5
    assert counts["Table II", "EPFL RGB-NIR scenes"] == 3
    assert counts["VCIP 2020", "VCIP 2020, after the challenge"] == 12
    assert counts["Model zoo", "SAR2Opt at 512×512"] in (1, 10)


def test_the_wrapped_rmse_of_pix2next_is_no_rmse() -> None:
    """23.2 would follow from its PSNR: the reason for the metric's own name."""
    row = numbers("ranus", "rgb2nir")["Pix2Next"]
    assert "rmse" not in row
    assert row["psnr"] is not None
    assert 255 * 10 ** (-row["psnr"] / 20) == pytest.approx(23.2, abs=0.05)


def paper(name: str) -> Paper:
    return read(ROOT / "benchmarks" / "published" / f"{name}.yaml")


def by_task(of: Paper, table: str) -> dict[str, dict[str, float | None]]:
    """The task scores of each method of a table."""
    found: dict[str, dict[str, float | None]] = {}
    for one in of.tables:
        for method, row in one.rows.items():
            if one.table == table:
                found.setdefault(method, {})[one.task] = row[0]
    return found


def rounded(number: float) -> float:
    """To two digits, halves to the even one, as the organisers' board does."""
    return float(Decimal(str(round(number, 9))).quantize(Decimal("0.01"), ROUND_HALF_EVEN))


def test_the_six_combined_scores_of_table_1_come_out_of_its_task_scores() -> None:
    printed = paper("pbvs2024").combined[0].scores
    tasks = by_task(paper("pbvs2024"), "Table 1")
    assert printed == {
        "NJUST-KMG": 0.32,
        "USTC-IAT-United": 0.33,
        "up6": 0.35,
        "wangzhiyu918": 0.36,
        "hsansui": 0.40,
        "lemonGJacky": 0.40,
    }
    assert {method: rounded(combined(scores)) for method, scores in tasks.items()} == printed


def test_the_combined_scores_of_the_ablation_and_of_2026_come_out_too() -> None:
    for name, table in (("pbvs2024", "Table 2"), ("pbvs2026", "Board")):
        (printed,) = (one.scores for one in paper(name).combined if one.table == table)
        tasks = by_task(paper(name), table)
        for method, score in printed.items():
            assert combined(tasks[method]) == pytest.approx(score, abs=0.0051), method


def test_tasks_that_a_row_of_the_ablation_lacks_cost_one_each() -> None:
    tasks = by_task(paper("pbvs2024"), "Table 2")
    assert tasks["Grayscale"] == {"rgb2ir": 0.16, "sar2ir": 0.53}
    assert combined(tasks["Grayscale"]) == pytest.approx((0.16 + 0.53) / 4 + 2)
    assert set(tasks["All Combined"]) == set(TASKS)


def test_a_row_is_a_row_of_a_bench() -> None:
    row = next(row for row in published("vcip2020", "nir2rgb") if row["method"] == "HAQAGen")
    about = {key: row[key] for key in ("kind", "preset", "seeds", "steps", "cost", "error", "id", "task", "source")}
    assert about == {
        "kind": "published",
        "preset": None,
        "seeds": [],
        "steps": None,
        "cost": None,
        "error": None,
        "id": None,
        "task": "nir2rgb",
        "source": "HAQAGen, WACV 2026, VCIP 2020",
    }
    assert row["notes"][0] == "a split of its own: 320 to train, 40 to validate, 40 to test"
    assert row["scores"]["psnr"] == {
        "mean": 24.96,
        "low": None,
        "high": None,
        "n": 28,
        "unit": "dB",
        "better": "higher",
        "signature": "as printed: 8 bit, range 255, all pixels and channels, mean over images",
        "reason": "printed without an interval",
        "seed_sd": None,
        "best": False,
        "tied": False,
    }


@pytest.mark.parametrize(("layout", "task"), sorted(KNOWN))
def test_every_row_can_stand_in_a_bench(layout: str, task: str) -> None:
    for row in published(layout, task):
        read_row = Row.model_validate_json(json.dumps(row))
        assert json.loads(read_row.model_dump_json()) == row


def test_a_number_of_images_that_is_not_printed_is_0_and_said() -> None:
    score = published("epfl_nirscene", "nir2rgb")[0]["scores"]["psnr"]
    assert (score["n"], score["reason"]) == (0, "printed without an interval, nor a number of images")


def test_what_was_not_printed_is_null_with_a_reason() -> None:
    row = next(row for row in published("ranus", "rgb2nir") if row["method"] == "C2SAL")
    assert (row["scores"]["dists"]["mean"], row["scores"]["dists"]["reason"]) == (None, "not printed")


@pytest.mark.parametrize(("layout", "task"), [(None, "rgb2nir"), ("folders", "rgb2nir"), ("ranus", "nir2rgb")])
def test_other_data_and_other_tasks_have_no_published_rows(layout: str | None, task: str) -> None:
    assert published(layout, task) == []


def test_a_person_can_name_the_data_set_and_the_rows_say_so() -> None:
    assert published_of("folders", [], "nir2rgb") == []
    named = published_of("folders", ["vcip2020"], "nir2rgb")
    said = published("vcip2020", "nir2rgb")
    assert [row["method"] for row in named] == [row["method"] for row in said]
    assert all(row["notes"][0] == NAMED.format("vcip2020") for row in named)
    assert [{**row, "notes": row["notes"][1:]} for row in named] == said
    assert published_of("folders", ["vcip2020"], "rgb2nir") == []
    assert published_of("vcip2020", ["vcip2020", "vcip2020"], "nir2rgb") == said


def test_methods_of_several_sets_have_names_of_their_own() -> None:
    found = [row["method"] for row in published_of(None, ["llvip", "m3fd"], "rgb2lwir")]
    assert len(set(found)) == len(found) and {"pix2pix", "pix2pix on m3fd"} <= set(found)


@pytest.mark.parametrize(("layout", "task"), sorted(KNOWN))
def test_no_two_rows_of_a_data_set_have_one_name(layout: str, task: str) -> None:
    found = [row["method"] for row in published(layout, task)]
    assert len(set(found)) == len(found)
    tables = [table for paper in papers() for table in paper.tables if layout in table.layouts and table.task == task]
    assert len(found) == sum(len(table.rows) for table in tables)


@pytest.mark.parametrize("name", ["spacenet6", "chesapeake", "aviid", "nii_cu", "rst_1m", "ssmid", "multiearth2023"])
def test_data_sets_without_a_layout_are_found_by_their_name(name: str) -> None:
    check_named([name])
    tasks = {table.task for paper in papers() for table in paper.tables if name in table.names}
    assert tasks and all(published_of(None, [name], task) for task in tasks)


def test_a_data_set_of_which_nothing_was_printed_gets_the_nearest() -> None:
    with pytest.raises(SpectraError, match=r"of a data set 'vcip2002'. Did you mean 'vcip2020'\?\nKnown: .*ranus"):
        check_named(["ranus", "vcip2002"])


def test_no_name_of_a_table_is_that_of_a_layout() -> None:
    names = {name for paper in papers() for table in paper.tables for name in table.names}
    assert not names & set(registry("layouts"))


GOOD = """
paper: A paper
year: 2025
citation: Somebody, 2025
taken_from: its text
tables:
  - table: Table 1
    about: A set
    layouts: [ranus]
    task: rgb2nir
    split: test
    images: 5
    metrics:
      psnr: {unit: dB, better: higher, like: same, printed: 8 bit}
    rows:
      A method: [20]
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("year: 2025", "yaer: 2025", 3, "there is no such key. Did you mean 'year'?"),
        ("task: rgb2nir", "task: rgb2", 10, "'rgb2' is not a task"),
        ("like: same", "like: alike", 14, "should be 'same', 'near' or 'unknown'"),
        ("[20]", "[20, 21]", 7, "A method has 2 numbers, and there are 1 metrics"),
        ("[20]", "[twenty]", 16, "should be a valid number"),
        ("images: 5", "images: 0", 12, "greater than 0"),
        ("    rows:", "    remarks: {Another: what}\n    rows:", 7, "Another is spoken of, and has no row"),
        ("    split: test\n", "", 7, "this key is needed"),
    ],
)
def test_a_fault_is_told_with_file_and_line(tmp_path: Path, old: str, new: str, line: int, said: str) -> None:
    path = tmp_path / "paper.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert read(path).tables[0].rows == {"A method": [20]}
    path.write_text(GOOD.replace(old, new), encoding="utf-8")
    with pytest.raises(RecipeError) as told:
        read(path)
    assert f"{path}:{line}:" in str(told.value)
    assert said in str(told.value)


def test_the_files_are_found_in_an_installed_package_before_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert folder() in (ROOT / "benchmarks" / "published", ROOT / "spectra" / "published")
    home = tmp_path / "spectra" / "bench"
    home.mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(home / "published.py"))
    with pytest.raises(Exception, match="tables of the papers are not there"):
        folder()
    for place in (tmp_path / "benchmarks" / "published", tmp_path / "spectra" / "published"):
        place.mkdir(parents=True)
        assert folder() == place


def test_the_page_of_the_docs_shows_them() -> None:
    _, shown, _ = parts_of(ROOT / "docs" / "published.md", "the published tables")
    assert shown == markdown(), "run: python docs/generate.py"


def test_a_change_of_a_row_does_not_reach_the_next_reader() -> None:
    first: list[dict[str, Any]] = published("ranus", "rgb2nir")
    first[0]["scores"]["psnr"]["mean"] = 0
    first[0]["notes"].clear()
    assert published("ranus", "rgb2nir")[0]["scores"]["psnr"]["mean"] == 15.67
    assert published("ranus", "rgb2nir")[0]["notes"]
