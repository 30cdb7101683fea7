"""Two benches or runs against each other."""

from __future__ import annotations

import csv
import json
import shutil
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from spectra.bench.compare import Comparison, compare
from spectra.bench.run import run
from spectra.bench.statistics.compared import Compared
from spectra.bench.statistics.comparison_text import comparison_text
from spectra.bench.statistics.holm import holm
from spectra.bench.statistics.images import ImageScores
from spectra.bench.statistics.pairs import paired
from spectra.errors import SpectraError, UnknownName
from tests.bench.statistics.bench_folders import mean_of, write_bench
from tests.pair_folders import write_data, write_recipe

NUMBER = 24


def values(seed: int, shift: float = 0.0) -> list[float]:
    return (np.random.default_rng(seed).normal(30 + shift, 2, NUMBER)).tolist()


def near(first: list[float], seed: int, shift: float = 0.0) -> list[float]:
    """Scores of the same images, a little other."""
    return (np.array(first) + shift + np.random.default_rng(seed).normal(0, 0.3, NUMBER)).tolist()


def one(found: Comparison, metric: str = "psnr") -> Compared:
    (row,) = [row for row in found.rows if row.metric == metric]
    return row


NAMES = [f"{place:03d}" for place in range(NUMBER)]
GROUPS = [f"g{place // 3}" for place in range(NUMBER)]
FIRST = values(0)
SECOND = near(FIRST, 1, 0.5)


@pytest.fixture
def benches(tmp_path: Path) -> tuple[Path, Path]:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST]}}, groups=GROUPS)
    return a, write_bench(tmp_path / "b", {"m": {"psnr": [SECOND]}}, groups=GROUPS)


def test_the_difference_is_that_of_the_images_in_their_groups(benches: tuple[Path, Path]) -> None:
    row = one(compare(*benches))
    expected = paired({"a": ImageScores(NAMES, GROUPS, [FIRST]), "b": ImageScores(NAMES, GROUPS, [SECOND])})[0]
    assert row.pair is not None
    assert (row.difference, row.pair.low, row.pair.high) == (expected.difference, expected.low, expected.high)
    assert (row.pair.p, row.pair.p_holm, row.pair.n, row.pair.clusters) == (expected.p, expected.p, 24, 8)
    assert row.difference == pytest.approx(np.mean(FIRST) - np.mean(SECOND), rel=1e-12)
    assert (row.mean_a, row.mean_b) == (mean_of([FIRST]), mean_of([SECOND]))
    assert (row.a, row.b, row.unit, row.better, row.only_a, row.only_b, row.reason) == (
        "m",
        "m",
        "dB",
        "higher",
        0,
        0,
        "",
    )


def test_it_is_the_same_each_time_and_changes_nothing(benches: tuple[Path, Path]) -> None:
    before = {path: path.read_bytes() for folder in benches for path in folder.iterdir()}
    assert json.dumps(compare(*benches).described()) == json.dumps(compare(*benches).described())
    assert {path: path.read_bytes() for folder in benches for path in folder.iterdir()} == before


def test_the_methods_of_a_metric_are_one_family(tmp_path: Path) -> None:
    names = [*"abcd"]
    ours = {name: {"psnr": [values(place)], "mae": [values(place + 9)]} for place, name in enumerate(names)}
    theirs = {
        name: {metric: [near(seeds[0], 50 + place, 0.1)] for metric, seeds in said.items()}
        for place, (name, said) in enumerate(ours.items())
    }
    found = compare(write_bench(tmp_path / "a", ours), write_bench(tmp_path / "b", theirs))
    assert [(row.metric, row.a) for row in found.rows] == [
        (metric, name) for metric in ("psnr", "mae") for name in names
    ]
    for metric in ("psnr", "mae"):
        pairs = [row.pair for row in found.rows if row.metric == metric and row.pair is not None]
        assert [pair.p_holm for pair in pairs] == holm([pair.p for pair in pairs])


def test_of_several_seeds_the_means_of_images_are_compared(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST, values(5)]}})
    b = write_bench(tmp_path / "b", {"m": {"psnr": [SECOND]}})
    row = one(compare(a, b))
    means = [(x + y) / 2 for x, y in zip(FIRST, values(5), strict=True)]
    assert row.difference == pytest.approx(np.mean(means) - np.mean(SECOND), rel=1e-12)
    assert row.pair is not None and row.pair.n == NUMBER


def test_scores_of_other_signatures_are_refused_and_the_others_are_not(tmp_path: Path) -> None:
    methods = {"m": {"psnr": [FIRST], "mae": [FIRST]}}
    a = write_bench(tmp_path / "a", methods)
    b = write_bench(tmp_path / "b", methods, signatures={"psnr": "psnr|range:8-bit|v1"})
    found = compare(a, b)
    assert one(found, "mae").difference == 0 and one(found, "mae").reason == ""
    refused = one(found)
    assert (refused.difference, refused.pair) == (None, None)
    assert refused.reason == "the signatures differ: A has range:unit where B has range:8-bit"
    assert "Not compared: rgb2nir, psnr of m: the signatures differ" in comparison_text(found)


def test_other_data_is_refused_unless_somebody_answers_for_it(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST]}}, names=NAMES)
    b = write_bench(tmp_path / "b", {"m": {"psnr": [SECOND]}}, names=[*NAMES[:20], *"wxyz"], identity="another")
    refused = compare(a, b)
    assert not refused.any and "the test data differs" in one(refused).reason and "--by-name" in one(refused).reason
    found = compare(a, b, by_name=True)
    row = one(found)
    assert row.pair is not None and found.any
    assert (row.pair.n, row.only_a, row.only_b) == (20, 4, 4)
    assert row.difference == pytest.approx(np.mean(FIRST[:20]) - np.mean(SECOND[:20]), rel=1e-12)
    assert any("the test data differs" in note for note in found.notes)
    assert "20; 4 only in A, 4 only in B" in comparison_text(found)


def test_another_scale_of_the_target_is_refused(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST]}}, scale="K 250..330")
    b = write_bench(tmp_path / "b", {"m": {"psnr": [FIRST]}}, scale="K 200..400")
    for by_name in (False, True):
        reason = one(compare(a, b, by_name=by_name)).reason
        assert reason == "the scale of the target is 'K 250..330' in A and 'K 200..400' in B"


def test_data_that_nobody_wrote_down_is_paired_by_name_and_said(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST]}}, identity=None)
    b = write_bench(tmp_path / "b", {"m": {"psnr": [SECOND]}})
    found = compare(a, b)
    assert (
        found.any and "rgb2nir: the test data of one side is not known; images are paired by name alone." in found.notes
    )


def test_images_without_a_score_are_counted_where_they_are_missing(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [[None, None, *FIRST[2:]]]}})
    b = write_bench(tmp_path / "b", {"m": {"psnr": [[*SECOND[:-1], None]]}})
    row = one(compare(a, b))
    assert row.pair is not None and (row.pair.n, row.only_a, row.only_b) == (21, 1, 2)


def test_a_score_of_the_whole_set_has_a_difference_and_no_test(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST]}}, whole={"m": 50.0})
    b = write_bench(tmp_path / "b", {"m": {"psnr": [SECOND]}}, whole={"m": 62.5})
    found = compare(a, b)
    row = one(found, "fid")
    assert (row.difference, row.pair, row.reason) == (-12.5, None, "a score of the whole set: no test")
    assert "fid: of whole sets, not of images, so that nothing can be tested." in comparison_text(found)


def test_what_was_not_scored_says_why(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [[None] * NUMBER]}})
    b = write_bench(tmp_path / "b", {"m": {"psnr": [SECOND]}})
    assert one(compare(a, b)).reason == "A: no image was scored"


def test_methods_of_other_names_are_compared_where_they_are_named(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST]}, "lr=1": {"psnr": [values(3)]}})
    b = write_bench(tmp_path / "b", {"lr=1": {"psnr": [SECOND]}, "lr=2": {"psnr": [values(4)]}})
    assert [(row.a, row.b) for row in compare(a, b).rows] == [("lr=1", "lr=1")]
    assert compare(a, b).notes == ["Only in A: the method m of rgb2nir.", "Only in B: the method lr=2 of rgb2nir."]
    asked = compare(a, b, methods=["m=lr=2", "lr=1=lr=2", "lr=1"])
    assert [(row.a, row.b) for row in asked.rows] == [("m", "lr=2"), ("lr=1", "lr=2"), ("lr=1", "lr=1")]
    assert asked.rows[0].difference == pytest.approx(np.mean(FIRST) - np.mean(values(4)))
    with pytest.raises(UnknownName, match="No method of B is named 'lr=3'"):
        compare(a, b, methods=["m=lr=3"])
    with pytest.raises(UnknownName, match="No method of B is named 'm'"):
        compare(a, b, methods=["m"])


def test_only_the_metrics_that_are_named_are_compared(tmp_path: Path) -> None:
    folders = [write_bench(tmp_path / name, {"m": {"psnr": [FIRST], "mae": [FIRST]}}) for name in "ab"]
    assert [row.metric for row in compare(*folders, metrics=["mae"]).rows] == ["mae"]
    with pytest.raises(UnknownName, match="Did you mean 'psnr'"):
        compare(*folders, metrics=["psnrr"])


def test_tasks_that_one_lacks_are_said_and_none_in_common_is_a_fault(tmp_path: Path) -> None:
    a = write_bench(tmp_path / "a", {"m": {"psnr": [FIRST]}})
    b = write_bench(tmp_path / "b", {"m": {"psnr": [FIRST]}}, task="rgb2lwir")
    with pytest.raises(SpectraError, match="no task that both have: A has rgb2nir, B has rgb2lwir"):
        compare(a, b)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One of a fitted grey definition, one of the average weights."""
    root = tmp_path_factory.mktemp("runs")
    write_data(root / "pairs")
    recipe = write_recipe(root)
    first = run(recipe, data=root / "pairs", out=root / "fitted").folder
    return first, run(recipe, data=root / "pairs", out=root / "plain", preset="rgb2ir").folder


def of_images(folder: Path, method: str, metric: str) -> dict[str, float]:
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        return {row["image"]: float(row[metric]) for row in csv.DictReader(file) if row["method"] == method}


def without_groups(folder: Path, copy: Path) -> Path:
    """A run of an older Spectra."""
    shutil.copytree(folder, copy)
    with (folder / "scores.csv").open(encoding="utf-8", newline="") as file:
        lines = [[cell for place, cell in enumerate(line) if place != 2] for line in csv.reader(file)]
    (copy / "scores.csv").write_text("\n".join(map(",".join, lines)) + "\n", encoding="utf-8")
    return copy


def test_it_is_said_of_two_runs_that_know_no_groups(runs: tuple[Path, Path], tmp_path: Path) -> None:
    old = [without_groups(folder, tmp_path / f"old{number}") for number, folder in enumerate(runs)]
    assert compare(*old).notes[1:] == [
        "rgb2ir: runs know no groups. If images belong together, the intervals are too narrow."
    ]


def test_two_runs_are_compared(runs: tuple[Path, Path]) -> None:
    found = compare(*runs)
    rows = {(row.a, row.metric): row for row in found.rows}
    ours, theirs = (of_images(folder, "graydef", "psnr") for folder in runs)
    row = rows["graydef", "psnr"]
    assert row.difference == pytest.approx(np.mean([ours[name] - theirs[name] for name in ours]), rel=1e-9)
    assert row.pair is not None and row.pair.n == row.pair.clusters == 3
    assert rows["linear", "psnr"].difference == 0 and rows["linear", "psnr"].pair is not None
    family = len([row for row in rows.values() if row.metric == "psnr" and row.difference])
    assert family < len({method for method, _ in rows})
    few = f"3 images and {family} pair{'s' * (family != 1)}: the smallest p"
    assert len(found.notes) == 1 and found.notes[0].startswith(f"rgb2ir: {few}")
    assert f"Note: {found.notes[0]}" in comparison_text(found)


def test_a_run_and_a_bench_agree_on_what_their_data_is_and_on_groups(runs: tuple[Path, Path], tmp_path: Path) -> None:
    folder = runs[0]
    environment = json.loads((folder / "environment.json").read_text(encoding="utf-8"))
    signature = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))["methods"]["linear"]["scores"]
    about = {
        "names": [*"efg"],
        "groups": ["x", "x", "y"],
        "task": "rgb2ir",
        "identity": sha256(environment["data"]["test"].encode()).hexdigest(),
        "signatures": {"psnr": signature["psnr"]["signature"]},
    }
    bench = write_bench(tmp_path / "bench", {"linear": {"psnr": [[20.0, 21.0, 22.0]]}}, **about)  # type: ignore[arg-type]
    found = compare(without_groups(folder, tmp_path / "old"), bench)
    row = one(found)
    assert row.pair is not None and (row.pair.n, row.pair.clusters) == (3, 2)
    assert not any("know no groups" in note or "other groups" in note or "data" in note for note in found.notes)
    assert found.notes[0].startswith("rgb2ir: 2 groups and 1 pair: the smallest p is 0.5; no difference can")


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("metrics.json", "{"),
        ("metrics.json", '{"task": "rgb2ir"}'),
        ("scores.csv", "method\nx\n"),
        ("environment.json", "[]"),
    ],
)
def test_a_damaged_run_is_named(runs: tuple[Path, Path], tmp_path: Path, file: str, text: str) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for path in runs[0].glob("*.*"):
        if path.is_file():
            (copy / path.name).write_bytes(path.read_bytes())
    (copy / file).write_text(text, encoding="utf-8")
    with pytest.raises(SpectraError, match=r"The run '.*copy' is damaged: .*--fresh"):
        compare(copy, runs[1])


def test_what_is_no_bench_and_no_run_is_named(runs: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match=r"holds neither bench.json nor metrics.json. Name the folder"):
        compare(tmp_path, runs[0])
    with pytest.raises(SpectraError, match="is no folder"):
        compare(runs[0], tmp_path / "nothing")


def test_the_table_says_who_is_better_as_far_as_was_shown(tmp_path: Path) -> None:
    ours = {"up": {"psnr": [FIRST], "mae": [FIRST]}, "same": {"psnr": [FIRST], "mae": [FIRST]}}
    theirs = {
        "up": {"psnr": [near(FIRST, 1, 1)], "mae": [near(FIRST, 1, 1)]},
        "same": {"psnr": [near(FIRST, 2, 0.01)], "mae": [near(FIRST, 2, 0.01)]},
    }
    text = comparison_text(compare(write_bench(tmp_path / "a", ours), write_bench(tmp_path / "b", theirs)))
    lines = {tuple(line.split()[:2]): line for line in text.splitlines() if line.startswith(("up", "same"))}
    assert " B " in lines["up", "psnr"] and " A " in lines["up", "mae"]
    assert "not shown" in lines["same", "psnr"] and "not shown" in lines["same", "mae"]
    assert "psnr ↑ dB" in lines["up", "psnr"] and lines["up", "psnr"].endswith("24")


def test_rows_of_the_same_scores_are_shown_and_leave_the_family(tmp_path: Path) -> None:
    ours = {name: {"psnr": [values(place)]} for place, name in enumerate("abc")}
    theirs = {**ours, "a": {"psnr": [near(values(0), 7, 0.2)]}}
    found = compare(write_bench(tmp_path / "a", ours), write_bench(tmp_path / "b", theirs))
    pairs = {row.a: row.pair for row in found.rows if row.pair is not None}
    assert pairs["a"].p is not None and 0 < pairs["a"].p < 1 and pairs["a"].p_holm == pairs["a"].p
    assert [(pairs[name].p, pairs[name].p_holm) for name in "bc"] == [(1, 1)] * 2
    text = comparison_text(found)
    assert sum("  the same  " in line for line in text.splitlines()) == 2
    assert "Note: The same scores on every image: 2 of the rows above; Holm does not count them." in text


def test_so_many_flips_are_drawn_that_the_correction_leaves_room(tmp_path: Path) -> None:
    ours = {f"m{place}": {"psnr": [FIRST[:14]]} for place in range(210)}
    theirs = {name: {"psnr": [[value + 1 for value in FIRST[:14]]]} for name in ours}
    found = compare(write_bench(tmp_path / "a", ours), write_bench(tmp_path / "b", theirs))
    assert found.rows[0].pair is not None and found.rows[0].pair.test == "sign flips of 14 images, 10,500 drawn"
