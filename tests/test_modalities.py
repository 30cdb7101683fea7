from __future__ import annotations

import math

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from spectra.errors import SpectraError
from spectra.modalities import CHANNELS, Modality, Scale, Task

numbers = st.floats(allow_nan=False, allow_infinity=False, width=64)
units = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]), min_size=1, max_size=8)
nodata = st.none() | st.floats(allow_nan=True, allow_infinity=True)
names = st.sampled_from([*CHANNELS, "ms1", "ms2", "ms12", "ms22", "ms999"])


@st.composite
def scales(draw: st.DrawFn) -> Scale:
    marker = draw(nodata)
    if draw(st.booleans()):
        return Scale(nodata=marker)
    if draw(st.booleans()):
        low, high = sorted((draw(st.floats(0, 100)), draw(st.floats(0, 100))))
        assume(low < high)
        return Scale(unit=draw(units), nodata=marker, percentiles=(low, high))
    low, high = draw(numbers), draw(numbers)
    assume(low < high and math.isfinite(high - low))
    return Scale(low, high, draw(units), marker)


@settings(deadline=None)  # the machine may be busy
@given(scales())
def test_a_scale_is_read_back_from_its_text(scale: Scale) -> None:
    assert Scale.parse(str(scale)) == scale
    assert hash(Scale.parse(str(scale))) == hash(scale)


@settings(deadline=None)
@given(names)
def test_a_modality_is_read_back_from_its_text(name: str) -> None:
    modality = Modality.parse(name)

    assert str(modality) == name
    assert Modality.parse(str(modality)) == modality
    assert modality.channels == CHANNELS.get(name) or name == f"ms{modality.channels}"


@settings(deadline=None)
@given(names, names)
def test_a_task_is_read_back_from_its_text(source: str, target: str) -> None:
    task = Task(Modality.parse(source), Modality.parse(target))

    assert Task.parse(str(task)) == task
    assert (str(task.source), str(task.target)) == (source, target)


own_names = st.text("m2", max_size=4).map("m".__add__)


@settings(deadline=None)
@given(st.lists(own_names, min_size=2, max_size=5, unique=True), st.data())
def test_a_task_of_own_modalities_is_read_rightly_or_refused_as_ambiguous(
    listed: list[str], data: st.DataObject
) -> None:
    own = {name: Modality(name, channels + 1) for channels, name in enumerate(listed)}
    source, target = data.draw(st.sampled_from(listed)), data.draw(st.sampled_from(listed))
    text = f"{source}2{target}"
    readings = [(a, b) for a in own for b in own if f"{a}2{b}" == text]

    if len(readings) == 1:
        assert Task.parse(text, own) == Task(own[source], own[target])
    else:
        with pytest.raises(SpectraError, match="more than one way"):
            Task.parse(text, own)


@settings(deadline=None)
@given(st.text(max_size=12))
def test_any_other_text_ends_in_a_clear_error(text: str) -> None:
    for parse in (Scale.parse, Modality.parse, Task.parse):
        try:
            parsed = parse(text)
        except SpectraError as fault:
            assert repr(text) in str(fault) or "finite" in str(fault)
        else:
            assert parse(str(parsed)) == parsed


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("dtype", Scale()),
        ("dtype nodata 0", Scale(nodata=0)),
        ("reflectance 0..10000 nodata 0", Scale(0, 10000, "reflectance", 0)),
        ("  K   250 .. 330 ", Scale(250, 330, "K")),
        ("dB -25..0", Scale(-25, 0, "dB")),
        ("m 1e-3..1.5E2 nodata -3.4028234663852886e+38", Scale(1e-3, 150, "m", -3.4028234663852886e38)),
        ("W/m² .5..1. nodata nan", Scale(0.5, 1, "W/m²", math.nan)),
        ("K 0..1 nodata -inf", Scale(0, 1, "K", -math.inf)),
        ("percentiles 1..99", Scale(percentiles=(1, 99))),
        ("K  percentiles .5 .. 99.5 nodata nan", Scale(unit="K", nodata=math.nan, percentiles=(0.5, 99.5))),
    ],
)
def test_scales_as_people_write_them(text: str, scale: Scale) -> None:
    assert Scale.parse(text) == scale


@pytest.mark.parametrize(
    "text", ["", "0..1", "K", "K 1", "K 1..", "K a..b", "K 0..1 nodata", "K 0..nan", "dtype 8", "K 0-1"]
)
def test_what_is_not_a_scale_is_answered_with_how_to_write_one(text: str) -> None:
    with pytest.raises(SpectraError, match=r"is not a scale\. Write `dtype`, or a unit and its limits"):
        Scale.parse(text)


@pytest.mark.parametrize("text", ["K 1..1", "K 2..1", "K 0..1e999", "K -1.7e308..1.7e308"])
def test_limits_rise_and_are_finite(text: str) -> None:
    with pytest.raises(SpectraError, match="from a low to a higher finite value"):
        Scale.parse(text)


def test_a_scale_that_could_not_be_written_is_refused() -> None:
    with pytest.raises(SpectraError, match="both limits or none"):
        Scale(low=0)
    with pytest.raises(SpectraError, match="is not a unit: one word"):
        Scale(0, 1, "deg C")
    with pytest.raises(SpectraError, match="unit 'K' needs limits"):
        Scale(unit="K")


@pytest.mark.parametrize("text", ["percentiles 99..1", "percentiles 5..5", "K percentiles 0..100.5"])
def test_percentiles_rise_within_a_hundred(text: str) -> None:
    with pytest.raises(SpectraError, match=r"from a low to a higher one, within 0\.\.100"):
        Scale.parse(text)


def test_percentiles_have_no_limits_before_the_train_split_was_seen() -> None:
    with pytest.raises(SpectraError, match="found on the train split, and are not known yet"):
        Scale(percentiles=(1, 99)).for_type("uint8")
    with pytest.raises(SpectraError, match="limits or percentiles, not both"):
        Scale(0, 1, percentiles=(1, 99))


@pytest.mark.parametrize("word", ["dtype", "percentiles", "nodata"])
def test_a_word_of_scales_is_no_unit(word: str) -> None:
    with pytest.raises(SpectraError, match="is not a unit"):
        Scale(0, 1, word)


def test_the_scale_of_a_file_type_has_that_types_limits() -> None:
    assert Scale(nodata=7).for_type("uint16") == Scale(0, 65535, "DN", 7)
    assert Scale().for_type("float32") == Scale(0, 1, "1")
    assert Scale(250, 330, "K").for_type("uint8") == Scale(250, 330, "K")
    with pytest.raises(SpectraError, match=r"knows uint8, uint16, float32, not uint32"):
        Scale().for_type("uint32")


def test_a_scale_tells_its_limits_and_span_once_it_has_them() -> None:
    assert Scale(250, 330, "K").limits == (250, 330)
    assert Scale(250, 330, "K").span == 80
    with pytest.raises(SpectraError, match=r"scale\.for_type"):
        _ = Scale().span


def test_scales_differ_by_each_of_their_parts() -> None:
    scale = Scale(0, 1, "K", math.nan)

    assert scale == Scale(0, 1, "K", float("nan"))
    assert (
        len(
            {
                scale,
                Scale(0, 2, "K", math.nan),
                Scale(-1, 1, "K", math.nan),
                Scale(unit="K", nodata=math.nan, percentiles=(0, 1)),
                Scale(unit="K", nodata=math.nan, percentiles=(0, 2)),
                Scale(0, 1, "m", math.nan),
                Scale(0, 1, "K"),
            }
        )
        == 7
    )
    assert scale != "K 0..1 nodata nan"


@pytest.mark.parametrize(("text", "near"), [("rbg", "rgb"), ("RGB", "rgb"), ("grey", "gray"), ("lwr", "lwir")])
def test_an_unknown_modality_names_the_nearest(text: str, near: str) -> None:
    with pytest.raises(SpectraError, match=rf"No modality is named '{text}'\. Did you mean '{near}'\? Known: rgb,"):
        Modality.parse(text)


def test_an_own_modality_comes_first_and_is_among_the_known() -> None:
    own = {"red_edge": Modality("red_edge", 2), "ir": Modality("ir", 4)}

    assert Modality.parse("ir", own).channels == 4
    assert str(Task.parse("red_edge2ir", own)) == "red_edge2ir"
    with pytest.raises(SpectraError, match="Did you mean 'red_edge'"):
        Modality.parse("rededge", own)


@pytest.mark.parametrize("name", ["", "2nir", "RGB", "near infrared", "nir\n", "n-ir", "é"])
def test_a_modality_name_is_lower_case_letters_digits_and_underscores(name: str) -> None:
    with pytest.raises(SpectraError, match="is not a modality name"):
        Modality(name, 1)


def test_a_modality_has_a_channel_at_least() -> None:
    with pytest.raises(SpectraError, match="at least one channel, not 0"):
        Modality("nir", 0)


def test_a_modality_takes_another_scale_and_keeps_the_rest() -> None:
    assert Modality.parse("lwir").with_scale(Scale(250, 330, "K")) == Modality("lwir", 1, Scale(250, 330, "K"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rgb2irr", "No modality is named 'irr'. Did you mean 'ir'?"),
        ("rbg2ir", "No modality is named 'rbg'. Did you mean 'rgb'?"),
        ("RGB2ir", "No modality is named 'RGB'. Did you mean 'rgb'?"),
        ("ms122irx", "No modality is named 'irx'"),
        ("rgb2", "No modality is named ''"),
        ("rgb", "write SOURCE2TARGET, such as rgb2ir."),
    ],
)
def test_a_wrong_task_names_its_wrong_half(text: str, reason: str) -> None:
    with pytest.raises(SpectraError) as fault:
        Task.parse(text)
    assert f"{text!r} is not a task: write SOURCE2TARGET" in str(fault.value)
    assert reason in str(fault.value)


def test_stacks_whose_number_holds_a_two_are_read_rightly() -> None:
    assert [str(part) for part in (Task.parse("ms22ms2").source, Task.parse("ms22ms2").target)] == ["ms2", "ms2"]
    assert [str(part) for part in (Task.parse("ms122ms22").source, Task.parse("ms122ms22").target)] == ["ms12", "ms22"]


def test_a_task_that_can_be_read_in_two_ways_is_refused() -> None:
    own = {name: Modality(name, 1) for name in ("a", "a2b", "b2c", "c")}

    with pytest.raises(
        SpectraError, match="'a2b2c' can be read in more than one way; give your modalities other names"
    ):
        Task.parse("a2b2c", own)
