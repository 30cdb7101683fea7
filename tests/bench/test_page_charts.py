"""Drawings of a page: everything lies where its number is, and says what it is."""

from __future__ import annotations

import re
from statistics import median, quantiles
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spectra.bench.page.columns import Column, columns_of
from spectra.bench.page.costs import figures
from spectra.bench.page.drawing import series
from spectra.bench.page.paired import comparisons
from spectra.bench.page.scatter import LEFT, ZERO_ROOM, scatters
from spectra.bench.page.spread import MOST_DOTS, spreads

COLOURS = {"a": "series0", "b": "series1", "c": "floor", "<i>&": "series2"}


def row(method: str, mean: float | None, better: str = "higher", kind: str = "translator", **cost: float) -> Any:
    low, high = (None, None) if mean is None else (mean - 1, mean + 2)
    score = {
        "mean": mean,
        "low": low,
        "high": high,
        "n": 5,
        "unit": "dB",
        "better": better,
        "signature": "s",
        "reason": "",
    }
    return {"method": method, "kind": kind, "scores": {"psnr": score}, "cost": cost or None, "error": None}


def drawn(svg: Any) -> ElementTree.Element:
    assert "script" not in str(svg) and "href" not in str(svg)
    return ElementTree.fromstring(str(svg))


def circles(picture: ElementTree.Element) -> dict[str, tuple[float, float]]:
    found = {}
    for one in picture.iter("circle"):
        found[one.attrib["class"].split()[-1]] = (float(one.attrib["cx"]), float(one.attrib["cy"]))
    return found


def texts(picture: ElementTree.Element, kind: str) -> dict[str, tuple[float, float]]:
    return {
        one.text or "": (float(one.attrib["x"]), float(one.attrib["y"]))
        for one in picture.iter("text")
        if one.attrib["class"] == kind
    }


def scatter(*rows: Any, cost: str = "latency_ms") -> ElementTree.Element:
    found = scatters(rows, columns_of(rows), COLOURS)
    return drawn(next(one.svg for one in found if one.cost == cost))


def test_points_lie_where_their_numbers_are() -> None:
    picture = scatter(row("a", 10.0, latency_ms=1), row("b", 30.0, latency_ms=3), row("c", 20.0, latency_ms=2))
    places = circles(picture)
    ticks = texts(picture, "tick")
    for method, (cost, mean) in {"series0": (1, 10), "series1": (3, 30), "floor": (2, 20)}.items():
        assert places[method][0] == pytest.approx(
            ticks[str(cost)][0] if str(cost) in ticks else places[method][0], abs=0.11
        )
        assert places[method][1] == pytest.approx(ticks[str(mean)][1] - 4, abs=0.11)
    assert places["floor"][0] == pytest.approx((places["series0"][0] + places["series1"][0]) / 2, abs=0.11)


def test_whiskers_are_the_intervals() -> None:
    picture = scatter(row("a", 10.0, latency_ms=1), row("b", 30.0, latency_ms=3))
    ticks = {float(words): y - 4 for words, (x, y) in texts(picture, "tick").items() if x < LEFT}
    (low, bottom), (high, top) = min(ticks.items()), max(ticks.items())
    whisker = next(one.attrib["d"] for one in picture.iter("path") if one.attrib["class"] == "whisker series0")
    found = sorted(float(number) for number in re.findall(r"[ML][\d.]+ ([\d.]+)", whisker))
    expected = [bottom + (value - low) / (high - low) * (top - bottom) for value in (12.0, 9.0)]
    assert found == pytest.approx(expected, abs=0.11)


def test_wide_costs_are_logarithmic_and_what_costs_nothing_stands_left_of_them() -> None:
    rows = row("a", 10.0, parameters=100), row("b", 30.0, parameters=10_000_000), row("c", 5.0, parameters=0)
    picture = scatter(*rows, cost="parameters")
    places, ticks = circles(picture), texts(picture, "tick")
    assert places["floor"][0] == pytest.approx(LEFT + ZERO_ROOM / 2) == ticks["0"][0]
    assert places["series0"][0] == pytest.approx(ticks["100"][0]) and places["series1"][0] == pytest.approx(
        ticks["10M"][0]
    )


@pytest.mark.parametrize(("better", "front"), [("higher", 3), ("lower", 2)])
def test_the_front_joins_those_that_none_other_beats_in_both(better: str, front: int) -> None:
    means = {"a": (1.0, 10.0), "b": (2.0, 30.0), "c": (3.0, 5.0), "<i>&": (4.0, 40.0)}
    rows = [row(name, mean, better, latency_ms=cost) for name, (cost, mean) in means.items()]
    path = next(one.attrib["d"] for one in scatter(*rows).iter("path") if one.attrib["class"] == "front")
    places = circles(scatter(*rows))
    wanted = ("series0", "series1", "series2") if better == "higher" else ("series0", "floor")
    assert len(re.findall("[ML]", path)) == front
    assert re.findall(r"[\d.]+ [\d.]+", path) == [f"{x:g} {y:g}" for x, y in (places[name] for name in wanted)]


def test_a_cost_or_a_metric_of_one_method_alone_is_not_drawn() -> None:
    rows = [
        row("a", 1.0, latency_ms=1.0, gflop=2.0),
        row("b", 2.0, latency_ms=2.0),
        row("c", None, latency_ms=3.0, gflop=1.0),
    ]
    assert [(one.metric, one.cost) for one in scatters(rows, columns_of(rows), COLOURS)] == [("psnr", "latency_ms")]


@given(st.lists(st.tuples(st.floats(1, 9), st.floats(1, 60)), min_size=2, max_size=7))
def test_labels_stay_within_the_drawing(points: list[tuple[float, float]]) -> None:
    rows = [row(f"method {place}", mean, latency_ms=cost) for place, (cost, mean) in enumerate(points)]
    colours = {f"method {place}": "series0" for place in range(len(points))}
    picture = drawn(scatters(rows, columns_of(rows), colours)[0].svg)
    names = [one for one in picture.iter("text") if one.attrib["class"] == "name"]
    assert len(names) == len(points)
    for name in names:
        x, width = float(name.attrib["x"]), 8 * len(name.text or "")
        left = x - width * {"start": 0, "middle": 0.5, "end": 1}[name.attrib["text-anchor"]]
        assert left >= 0 and left + width < 480 and 0 < float(name.attrib["y"]) < 300


def test_the_front_is_drawn_below_the_labels() -> None:
    picture = scatter(row("a", 10.0, latency_ms=1), row("b", 30.0, latency_ms=3))
    kinds = [one.attrib.get("class") for one in picture.iter() if one.attrib.get("class") in ("front", "name")]
    assert kinds == ["front", "name", "name"]


def column(better: str = "higher") -> Column:
    return columns_of([row("a", 10.0, better)])[0]


def test_every_image_is_a_dot_and_the_median_and_the_middle_half_are_where_they_belong() -> None:
    values = [12.0, 10.0, 30.0, 14.0, 17.0, 11.0]
    rows = [row("a", 15.0)]
    picture = drawn(spreads(rows, [column()], {"psnr": {"a": values}}, COLOURS)[0].svg)
    paths = {one.attrib["class"]: one.attrib["d"] for one in picture.iter("path")}
    dots = [float(x) for x in re.findall(r"M([\d.]+) ", paths["dots series0"])]
    low, _, high = quantiles(values, n=4, method="inclusive")
    scale, shift = np.polyfit(values, dots, 1)
    assert dots == pytest.approx([scale * value + shift for value in values], abs=0.1) and scale > 0
    half = [float(x) for x in re.findall(r"[ML]([\d.]+) ", paths["half series0"])]
    assert half == pytest.approx([scale * low + shift, scale * high + shift], abs=0.15)
    assert float(re.findall(r"M([\d.]+) ", paths["median series0"])[0]) == pytest.approx(
        scale * median(values) + shift, abs=0.15
    )
    assert circles(picture)["series0"][0] == pytest.approx(scale * 15 + shift, abs=0.15)


def test_many_images_are_a_hill_that_is_highest_where_they_are() -> None:
    values = [*np.random.default_rng(1).normal(20, 2, MOST_DOTS + 1), 60.0]
    picture = drawn(spreads([row("a", 20.0)], [column()], {"psnr": {"a": values}}, COLOURS)[0].svg)
    paths = {one.attrib["class"]: one.attrib["d"] for one in picture.iter("path")}
    points = [tuple(map(float, point.split())) for point in re.findall(r"[\d.]+ [\d.]+", paths["hill series0"])]
    top = min(points, key=lambda point: point[1])
    middle = float(re.findall(r"M([\d.]+) ", paths["median series0"])[0])
    assert "dots series0" not in paths and abs(top[0] - middle) < 12


def test_a_metric_without_scores_of_images_is_not_drawn_and_a_single_image_is() -> None:
    assert spreads([row("a", 1.0)], [column()], {}, COLOURS) == []
    assert len(spreads([row("a", 1.0)], [column()], {"psnr": {"a": [1.0]}}, COLOURS)) == 1


def pair(a: str, b: str, difference: float | None, p_holm: float | None = 0.01) -> Any:
    low, high = (None, None) if difference is None else (difference - 0.5, difference + 1)
    about = {"task": "t", "metric": "psnr", "n": 5, "test": "a test"}
    return {**about, "a": a, "b": b, "difference": difference, "low": low, "high": high, "p": 0.004, "p_holm": p_holm}


@pytest.mark.parametrize("better", ["higher", "lower"])
def test_the_better_one_stands_first_with_its_difference_and_its_interval(better: str) -> None:
    rows = [row("a", 10.0, better), row("b", 8.0, better), row("c", 5.0, better)]
    pairs = [pair("c", "b", -3.0), pair("a", "b", 2.0, 0.2), pair("a", "c", None)]
    lines = comparisons(pairs, rows, columns_of(rows), 0.05)[0].lines
    found = {(one.a, one.b): (one.difference, one.between, one.p_holm, one.apart) for one in lines}
    if better == "higher":
        assert found[("b", "c")] == ("+3.00", "[2.00, 3.50]", "0.010", True)
        assert found[("a", "b")] == ("+2.00", "[1.50, 3.00]", "0.200", False)
    else:
        assert found[("c", "b")] == ("−3.00", "[−3.50, −2.00]", "0.010", True)
        assert found[("b", "a")] == ("−2.00", "[−3.00, −1.50]", "0.200", False)


def compared(*pairs: Any) -> Any:
    rows = [row(name, mean) for name, mean in zip("abcdefg", (10.0, 8.0, 5.0, 4.0, 3.0, 2.0, 1.0), strict=True)]
    return comparisons(pairs, rows, columns_of(rows), 0.05)[0]


def test_what_so_few_images_cannot_show_is_said_beside_the_pairs() -> None:
    few = compared(pair("a", "b", 2.0, 0.656), pair("a", "c", 4.0, 0.656))
    assert few.remark.startswith("5 images and 2 pairs: the smallest p after Holm is 0.12; no difference can be shown")
    assert compared({**pair("a", "b", 2.0, 0.656), "n": 20}).remark == ""


def test_an_interval_without_0_beside_a_large_p_is_explained() -> None:
    (said,) = compared(pair("a", "b", 2.0, 0.656)).explained
    assert said.startswith("An interval speaks of its own two methods alone")
    assert compared(pair("a", "b", 2.0, 0.01)).explained == compared(pair("a", "b", 0.2, 0.6)).explained == ()
    (turned,) = compared(pair("b", "a", -2.0, 0.656)).explained
    assert turned == said


def test_pairs_of_the_same_scores_are_counted_and_do_not_speak_for_the_others() -> None:
    same = {**pair("a", "b", 0.0, 1.0), "low": 0.0, "high": 0.0, "p": 1.0, "test": "none", "n": 3}
    found = compared(same, pair("a", "c", 2.0))
    assert (found.test, found.n) == ("a test", 5)
    assert found.explained == ("Of the same scores on every image: 1. There p is 1, and Holm does not count them.",)
    assert "1 pair:" in found.remark


def test_methods_keep_their_colours_and_floors_have_none_of_their_own() -> None:
    found = series([("a", "translator"), ("f", "floor"), ("b", "model"), ("p", "published")])
    assert found == {"a": "series0", "f": "floor", "b": "series1", "p": "published"}
    assert series([(str(place), "recipe") for place in range(9)])["8"] == "series0"


@pytest.mark.parametrize(
    ("value", "said"),
    [(0, "0"), (4, "4"), (0.0004, "0.0004"), (0.31, "0.310"), (84.24, "84.2"), (410, "410"), (8181.8, "8182"),
     (12_345, "12.3 k"), (182_500_000, "182 M"), (11_370_000, "11.4 M"), (999_960, "1 M"), (1.5e9, "1.50 G")],
)  # fmt: skip
def test_costs_have_three_figures(value: float, said: str) -> None:
    assert figures(value) == said
