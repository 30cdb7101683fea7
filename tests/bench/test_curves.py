"""Curves of a training, as SVG, from its log."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from spectra.bench.axes import axis
from spectra.bench.curves import (
    BOTTOM,
    COLOURS,
    HEIGHT,
    LEFT,
    MOST_POINTS,
    RIGHT,
    TOP,
    WIDTH,
    Chart,
    logs_in,
    thinned,
    training_charts,
    warnings_in,
)
from spectra.training.progress import Progress, Validation
from spectra.training.watch.journal import Journal

SVG = "{http://www.w3.org/2000/svg}"


def log(folder: Path, steps: int = 20, *, lr: float = 0.0, stages: tuple[str, ...] = ("train",), **said: Any) -> Path:
    """The log of a training whose loss falls from 10 to 0.1."""
    journal = Journal(folder / "log.jsonl", 1)
    total = 0
    for stage in stages:
        for step in range(1, steps + 1):
            total += 1
            terms = {"generator": {"l1": 10 * 0.01 ** (step / steps), "edge": 0.5}, "critic": {"real": 0.25 + step}}
            norms = {"generator": 3.0 + step, "critic": None}
            rates = {"generator": lr * step, "critic": lr * step, **said.get("rates", {})}
            journal.stepped(Progress(stage, step, steps, total, step / 10, terms, {}, rates, norms))
    for place, value in enumerate(said.get("scores", ())):
        journal.validated(Validation("train", 5 * (place + 1), {"psnr": value}, "psnr", place == said["best"]))
    return folder / "log.jsonl"


def charts(path: Path) -> dict[str, Chart]:
    return {chart.title: chart for chart in training_charts(path)}


def drawn(chart: Chart) -> ElementTree.Element:
    """Well-formed, and nothing in it that runs or is fetched."""
    assert not re.search(r"script|href|url\(|http(?!://www\.w3\.org/2000/svg)", str(chart.svg))
    return ElementTree.fromstring(str(chart.svg))


def lines(chart: Chart) -> dict[str, list[tuple[float, float]]]:
    """The points of each coloured line."""
    return {
        element.attrib["stroke"]: [
            tuple(float(number) for number in pair.split())  # type: ignore[misc]
            for pair in element.attrib["d"].removeprefix("M").split("L")
        ]
        for element in drawn(chart).iter(f"{SVG}path")
        if element.attrib["stroke"] in COLOURS
    }


def texts(chart: Chart) -> list[str]:
    return [element.text or "" for element in drawn(chart).iter(f"{SVG}text")]


def test_each_player_has_its_losses_in_one_chart(tmp_path: Path) -> None:
    found = charts(log(tmp_path))
    assert list(found) == ["Losses of generator", "Losses of critic", "Gradient norms"]
    chart = found["Losses of generator"]
    assert chart.legend == ((COLOURS[0], "l1"), (COLOURS[1], "edge")) and chart.note == "logarithmic"
    assert {colour: len(points) for colour, points in lines(chart).items()} == {COLOURS[0]: 20, COLOURS[1]: 20}
    assert found["Gradient norms"].legend == ((COLOURS[0], "generator"),)


def test_points_lie_where_their_values_are_on_the_axes(tmp_path: Path) -> None:
    chart = charts(log(tmp_path))["Losses of generator"]
    assert texts(chart)[:3] == ["0.1", "1", "10"]
    for step, (x, y) in enumerate(lines(chart)[COLOURS[0]], start=1):
        value = 10 * 0.01 ** (step / 20)
        assert x == pytest.approx(LEFT + step / 20 * (WIDTH - RIGHT - LEFT), abs=0.06)
        assert y == pytest.approx(TOP + (1 - (math.log10(value) + 1) / 2) * (HEIGHT - BOTTOM - TOP), abs=0.06)
    plain = charts(log(tmp_path))["Losses of critic"]
    heights = [y for _, y in lines(plain)[COLOURS[0]]]
    named = [float(text) for text in texts(plain)[:-5]]
    per_unit = (HEIGHT - BOTTOM - TOP) / (max(named) - min(named))
    assert heights[0] - heights[-1] == pytest.approx(19 * per_unit, abs=0.11)
    assert min(heights) >= TOP and max(heights) <= HEIGHT - BOTTOM


def test_the_best_score_is_marked_and_told(tmp_path: Path) -> None:
    chart = charts(log(tmp_path, scores=[20.0, 23.0, 22.0, None], best=1))["Validation, psnr"]
    (circle,) = drawn(chart).iter(f"{SVG}circle")
    points = lines(chart)[COLOURS[0]]
    assert len(points) == 3 and (float(circle.attrib["cx"]), float(circle.attrib["cy"])) == points[1]
    assert chart.note == "best: 23 after step 10"


def test_a_single_validation_is_a_dot(tmp_path: Path) -> None:
    chart = charts(log(tmp_path, scores=[20.0], best=0))["Validation, psnr"]
    assert len(list(drawn(chart).iter(f"{SVG}circle"))) == 1


def test_rates_are_shown_where_they_change_and_alike_ones_are_one_line(tmp_path: Path) -> None:
    assert "Learning rates" not in charts(log(tmp_path))
    chart = charts(log(tmp_path, lr=1e-5))["Learning rates"]
    assert chart.legend == ((COLOURS[0], "generator, critic"),)
    assert "0" in texts(chart) and "2e-4" in texts(chart)


def test_stages_are_parted_and_named(tmp_path: Path) -> None:
    chart = charts(log(tmp_path, stages=("global", "local")))["Losses of critic"]
    assert "local" in texts(chart) and "global" not in texts(chart)
    (bound,) = (element for element in drawn(chart).iter(f"{SVG}path") if "stroke-dasharray" in element.attrib)
    middle = (LEFT + WIDTH - RIGHT) / 2
    assert bound.attrib["d"].startswith(f"M{middle:g} ")


def test_long_trainings_are_thinned_to_means(tmp_path: Path) -> None:
    chart = charts(log(tmp_path, steps=1000))["Losses of critic"]
    assert MOST_POINTS / 2 < len(lines(chart)[COLOURS[0]]) <= MOST_POINTS
    assert thinned([(x, x % 2) for x in range(600)]) == tuple((2 * x + 0.5, 0.5) for x in range(300))
    assert thinned([(1, 2.0)]) == ((1, 2.0),)
    assert len(thinned([(x, 0.0) for x in range(301)])) <= MOST_POINTS


def test_colours_of_the_page_are_taken_for_all_but_the_lines(tmp_path: Path) -> None:
    for chart in training_charts(log(tmp_path, lr=1e-3, scores=[1.0, 2.0], best=1)):
        said = {
            element.attrib[key]
            for element in drawn(chart).iter()
            for key in ("fill", "stroke")
            if key in element.attrib
        }
        assert said <= {*COLOURS, "currentColor", "none"}
        assert drawn(chart).attrib["role"] == "img" and chart.title in drawn(chart).attrib["aria-label"]


def test_names_cannot_break_the_page(tmp_path: Path) -> None:
    chart = charts(log(tmp_path, stages=("a", '<b>"&')))["Losses of critic"]
    assert '<b>"&' in texts(chart)


def test_a_log_that_is_not_there_or_hardly_begun_gives_nothing(tmp_path: Path) -> None:
    assert training_charts(tmp_path / "none.jsonl") == [] == warnings_in(tmp_path / "none.jsonl")
    assert training_charts(log(tmp_path, steps=1)) == []


def test_values_that_are_not_finite_are_left_out(tmp_path: Path) -> None:
    path = log(tmp_path, rates={"generator": math.nan})
    assert "Losses of generator" in charts(path)


def test_what_the_monitor_said_is_told(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "log.jsonl", 1)
    for step in range(1, 30):
        journal.stepped(Progress("train", step, 30, step, 1.0, {"net": {"l1": 1.0}}, {}, {"net": 1e-3}, {}))
    assert [text[:8] for text in warnings_in(tmp_path / "log.jsonl")] == ["Step 20:"]


def test_the_logs_of_a_matrix_are_found_by_their_rows(tmp_path: Path) -> None:
    assert logs_in(tmp_path) == {}
    for row in ("b", "a"):
        (tmp_path / row).mkdir()
        (tmp_path / row / "log.jsonl").touch()
    assert logs_in(tmp_path) == {row: tmp_path / row / "log.jsonl" for row in ("a", "b")}
    (tmp_path / "b" / "log.jsonl").rename(tmp_path / "log.jsonl")
    assert logs_in(tmp_path)[""] == tmp_path / "log.jsonl"


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.0, 1.0], ["0", "0.5", "1.0"]),
        ([3.0, 3.0], ["1", "2", "3", "4", "5"]),
        ([0.0, 2e-4], ["0", "5e-5", "1e-4", "1.5e-4", "2e-4"]),
        ([0.0, 40_000.0], ["0", "10k", "20k", "30k", "40k"]),
        ([-3.0, 2.0], ["-4", "-2", "0", "2"]),
        ([21.3, 24.9], ["21", "22", "23", "24", "25"]),
    ],
)
def test_axes_name_round_numbers_that_hold_all_values(values: list[float], ticks: list[str]) -> None:
    found = axis(values, 0, 100)
    assert [text for _, text in found.ticks] == ticks
    assert found.low <= min(values) and found.high >= max(values)
    assert (found.place(found.low), found.place(found.high)) == (0, 100)


@pytest.mark.parametrize("values", [[1e-9, 1e9], [0.5, 0.7], [1.0, 10.0], [3e-4, 0.02]])
def test_logarithmic_axes_name_powers_of_ten(values: list[float]) -> None:
    found = axis(values, 0, 100, logarithmic=True)
    assert 2 <= len(found.ticks) <= 7 and all(math.log10(value) % 1 < 1e-9 for value, _ in found.ticks)
    assert found.low <= values[0] and found.high >= values[1]
