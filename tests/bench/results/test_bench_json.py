"""`bench.json`: what is written is read again as it was, and what is damaged is told and never believed."""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spectra.bench.results import read_result, result_of, text_table, write_result
from spectra.bench.results.bench_csv import bench_csv
from spectra.bench.results.file import result_of_text, text_of
from spectra.bench.results.latex import latex
from spectra.bench.results.markdown import markdown
from spectra.errors import SpectraError
from tests.bench.made_results import described, made, mae, pair, protocol, psnr, row, small

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def fault(said: Any) -> str:
    with pytest.raises(SpectraError) as caught:
        result_of_text(said if isinstance(said, str) else json.dumps(said), "'bench.json'")
    return str(caught.value)


def changed(**said: Any) -> dict[str, Any]:
    return {**small(), **said}


def test_a_result_is_read_as_it_was_written(tmp_path: Path) -> None:
    result = result_of(small())
    write_result(tmp_path, result)
    assert read_result(tmp_path) == result == read_result(tmp_path / "bench.json")
    assert [file.name for file in tmp_path.iterdir()] == ["bench.json"]


def test_what_is_read_is_what_the_file_says(tmp_path: Path) -> None:
    said = small()
    write_result(tmp_path, result_of(said))
    assert json.loads((tmp_path / "bench.json").read_text(encoding="utf-8")) == said


def test_each_task_says_what_it_is_judged_by_and_files_of_before_say_it_for_all() -> None:
    said = small()
    said["protocol"]["tasks"]["rgb2nir"]["metrics"] = {"ssim": {"window": 7, "also": 1}}
    new = result_of(said)
    assert new.asked_of("rgb2nir") == {"ssim": {"window": 7, "also": 1}}
    settings = json.loads(text_of(new))["protocol"]["tasks"]["rgb2nir"]["metrics"]["ssim"]
    assert list(settings) == ["also", "window"], "the same bytes in whatever order they were said"
    del said["protocol"]["tasks"]["rgb2nir"]["metrics"]
    for one in said["rows"]:
        del one["settings"]
    old = result_of(said)
    assert old.asked_of("rgb2nir") == {"psnr": {}, "mae": {}} and old.rows[0].settings == {}
    assert result_of_text(text_of(old), "again") == old


@given(NUMBERS, NUMBERS, NUMBERS, NAMES, NAMES)
@settings(max_examples=60, deadline=None)
def test_every_number_and_name_comes_back_as_it_was(a: float, b: float, c: float, name: str, text: str) -> None:
    low, mean, high = sorted((a, b, c))
    score = psnr(mean, low=low, high=high, reason=text, seed_sd=abs(a))
    result = made(row(name, {text: score}, notes=[text], source=name))
    again = result_of_text(text_of(result), "the text")
    assert again == result
    found = again.rows[0].scores[text]
    assert [math.copysign(1, one) for one in (found.mean, found.low)] == [math.copysign(1, mean), math.copysign(1, low)]
    assert text_of(again) == text_of(result)


def test_a_float_has_all_its_digits() -> None:
    mean = 0.1 + 0.2
    assert '"mean": 0.30000000000000004,' in text_of(made(row("a", {"psnr": psnr(mean)})))


def test_what_has_no_order_is_sorted_and_what_has_one_is_not() -> None:
    rows = [row("b", {"psnr": psnr(1.0), "mae": mae(2.0)}), row("a", {"psnr": psnr(3.0), "mae": mae(4.0)})]
    one = described(*rows, pairs=[pair("b", "a"), pair("b", "a", metric="mae")])
    other = described(*rows, pairs=[pair("b", "a", metric="mae"), pair("b", "a")])
    one["protocol"] = protocol(environment={"b": {"d": 1, "c": 2}, "a": 3})
    other["protocol"] = protocol(environment={"a": 3, "b": {"c": 2, "d": 1}})
    assert text_of(result_of(one)) == text_of(result_of(other))
    said = json.loads(text_of(result_of(one)))
    assert [each["method"] for each in said["rows"]] == ["b", "a"]
    assert list(said["rows"][0]["scores"]) == ["psnr", "mae"]
    assert list(said["protocol"]["metrics"]) == ["psnr", "mae"]


def test_the_combined_score_is_only_there_where_there_is_one() -> None:
    assert "combined" not in json.loads(text_of(result_of(small())))
    said = changed(combined={"pix2pixhd": {"value": 0.25, "missing": ["sar2eo"]}})
    assert json.loads(text_of(result_of(said)))["combined"] == said["combined"]


@pytest.mark.parametrize(
    ("version", "told"),
    [(2, "update Spectra"), (0, "no version"), ("1", "no version"), (None, "no version"), (True, "no version")],
)
def test_another_version_is_told_with_what_to_do(version: object, told: str) -> None:
    assert told in fault(changed(version=version))


def test_a_version_that_is_not_there_is_told() -> None:
    said = small()
    del said["version"]
    assert "no version" in fault(said)


def test_a_key_that_nobody_knows_and_one_that_is_missing_are_named() -> None:
    assert "protocol.devise" in fault(changed(protocol=protocol(devise="cpu")))
    lacking = small()
    del lacking["protocol"]["device"]
    assert "protocol.device: Field required" in fault(lacking)


def test_many_faults_are_counted() -> None:
    told = fault(changed(rows=[{"method": 1}]))
    assert "rows.0.method" in told and "faults more" not in told
    assert "and 3 faults more" in fault(changed(rows=[{"method": 1}, {"method": 2}]))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"version": 1, "version": 1}', "'version' stands twice"),
        ('{"version": NaN}', "NaN is no number"),
        ('{"version": -Infinity}', "-Infinity is no number"),
        ('{"version": 1e999}', "too large a number"),
        ("[" * 100_000, "recursion"),
        ("[]", "no JSON object"),
        ("", "Expecting value"),
        ('{"version": ' + "9" * 5000 + "}", "integer"),
    ],
)
def test_json_that_is_not_sound_is_told(text: str, told: str) -> None:
    assert told in fault(text)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_a_number_is_never_written(value: float) -> None:
    with pytest.raises(SpectraError, match="cannot be written as JSON"):
        made(row("a", {"psnr": psnr(value)}))


def test_a_word_is_no_number_and_half_an_image_no_count() -> None:
    assert "scores.psnr.mean" in fault(described(row("a", {"psnr": psnr("21.5")})))  # type: ignore[arg-type]
    assert "scores.psnr.n" in fault(described(row("a", {"psnr": psnr(21.5, n=1.5)})))
    assert "scores.psnr.best" in fault(described(row("a", {"psnr": psnr(21.5, best=1)})))


def test_a_file_that_is_not_there_or_not_text_is_told(tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match="Name the folder of a bench"):
        read_result(tmp_path)
    (tmp_path / "bench.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(SpectraError, match="is damaged: 'utf-8'"):
        read_result(tmp_path)


def test_a_write_that_fails_leaves_the_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_result(tmp_path, result_of(small()))
    before = (tmp_path / "bench.json").read_bytes()

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_result(tmp_path, made(row("a")))
    assert (tmp_path / "bench.json").read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["bench.json"]


def test_a_damaged_file_is_told_or_sound_and_never_a_traceback() -> None:
    text = text_of(result_of(small()))
    random = Random(0)
    told = 0
    for number in range(200):
        damaged = truncated(text, random) if number % 2 else mutated(text, random)
        try:
            result = result_of_text(damaged, "'bench.json'")
        except SpectraError as why:
            told += "'bench.json'" in str(why)
        else:
            for shown in (text_table(result, 60), markdown(result), latex(result), bench_csv(result), text_of(result)):
                assert shown
    assert told > 150


def truncated(text: str, random: Random) -> str:
    return text[: random.randrange(len(text))]


def mutated(text: str, random: Random) -> str:
    """A letter changed, a stretch left out, or two stretches swapped."""
    start, end = sorted(random.sample(range(len(text)), 2))
    end = min(end, start + 30)
    kinds = [
        lambda: text[:start] + random.choice('{}[]",:0-e\x00x\\') + text[start + 1 :],
        lambda: text[:start] + text[end:],
        lambda: text[:start] + text[end : end + 20] + text[start:end] + text[end + 20 :],
    ]
    return random.choice(kinds)()


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_a_value_of_another_kind_anywhere_is_told_or_sound(data: st.DataObject) -> None:
    said = small()
    places = list(paths(said))
    *way, last = data.draw(st.sampled_from(places))
    inner: Any = said
    for key in way:
        inner = inner[key]
    inner[last] = data.draw(st.sampled_from([None, "", "x", -1, 0.5, True, [], {}, [[]], {"a": 1}, 10**30, 1e308]))
    try:
        result = result_of_text(json.dumps(said), "'bench.json'")
    except SpectraError:
        return
    assert text_table(result, 80) and markdown(result) and latex(result) and bench_csv(result)
    assert result_of_text(text_of(result), "again") == result


def paths(said: Any, way: tuple[Any, ...] = ()) -> Any:
    inside = said.items() if isinstance(said, dict) else enumerate(said) if isinstance(said, list) else ()
    for key, value in inside:
        yield (*way, key)
        yield from paths(value, (*way, key))
