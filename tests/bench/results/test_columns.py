"""What is said of several columns at once, and below the table once."""

from __future__ import annotations

from typing import Any

import pytest

from spectra.bench.results import text_table
from spectra.bench.results.columns import together
from spectra.bench.results.costs import own_remarks, shared_remarks
from spectra.bench.results.latex import latex
from spectra.bench.results.markdown import markdown
from tests.bench.made_results import cost, made, mae, protocol, psnr, row, score

SWD = "swd|range:unit|v1"
WHOLE = "no interval: that of a whole set comes from several seeds"
NO_TEST = "swd and its parts: no interval, and the best rests on no test"


def swd(mean: float, reason: str = WHOLE, **said: Any) -> dict[str, Any]:
    return score(mean, unit="", better="lower", signature=SWD, reason=reason, **said)


def whole(mean: float, **said: Any) -> dict[str, Any]:
    """A metric of a whole set, with a term of its own for each of two levels."""
    parts = {f"swd.{level}": swd(mean + level, **said) for level in (16, 32)}
    return {"swd": swd(mean, f"{WHOLE}; level 32: 3 of 4 images", **said), **parts}


def sets(**said: Any) -> str:
    return text_table(made(row("a", whole(1.0, best=True, **said)), row("b", whole(2.0))))


def test_a_remark_on_a_metric_and_its_parts_is_said_once() -> None:
    text = sets()
    assert text.count(WHOLE) == 1 and f"(1) swd and its parts: {WHOLE}" in text
    assert "(2) swd: level 32: 3 of 4 images" in text and "(3)" not in text


def test_names_stand_together_only_where_all_parts_do() -> None:
    known = ["swd", "swd.16", "swd.32", "psnr"]
    assert together(known, known) == ["swd and its parts", "psnr"]
    assert together(["swd", "swd.16"], known) == ["swd", "swd.16"]
    assert together(["swd.16", "swd.32"], known) == ["swd.16", "swd.32"]
    assert together(["a", "a.b"], known) == ["a", "a.b"]  # methods


def test_a_signature_of_a_metric_and_its_parts_is_printed_once() -> None:
    result = made(row("a", {"psnr": psnr(1.0, signature="psnr|v1"), **whole(1.0)}))
    for text in (markdown(result), latex(result).replace("$\\cdot$", "·")):
        assert "Signatures: psnr · v1; swd and its parts: swd · range:unit · v1." in text


def test_a_part_of_another_signature_keeps_its_own() -> None:
    result = made(row("a", {"swd": swd(1.0), "swd.16": {**swd(1.0), "signature": "swd|seed:1"}}))
    assert "Signatures: swd · range:unit · v1; swd · seed:1." in markdown(result)


def test_what_a_part_is_is_told_where_there_is_one() -> None:
    assert "Note: NAME.PART is a term of NAME, such as swd.16 of swd." in sets()
    assert "NAME.PART" not in text_table(made(row("a", {"pbvs.lpips": psnr(1.0)})))


def test_a_best_without_a_test_is_called_so() -> None:
    assert f"; {NO_TEST})." in sets()
    result = made(row("a", whole(1.0, best=True)))
    assert NO_TEST in markdown(result) and NO_TEST in latex(result)
    tied = made(row("a", whole(1.0, best=True)), row("b", whole(2.0, tied=True)))
    assert "rests on no test" not in text_table(tied)


@pytest.mark.parametrize(
    ("scale", "told"), [("reflectance 0..10000", True), ("dtype", False), ("dtype nodata 0", False)]
)
def test_the_unit_of_a_declared_scale_is_said_of_its_columns(scale: str, told: bool) -> None:
    said = protocol()
    said["tasks"]["rgb2nir"]["scales"] = {"source": "dtype", "target": scale}
    result = made(row("a", {"psnr": psnr(1.0), "mae": mae(577.0)}), protocol=said)
    for text in (text_table(result), markdown(result), latex(result)):
        plain = text.replace(r"\textquotesingle{}", "'")
        assert (f"; mae in the file's values of {scale}; data 5ha." in " ".join(plain.split())) == told


def test_seeds_are_named_only_where_anything_was_seeded() -> None:
    assert "seed 0" in text_table(made(row("a", {"psnr": psnr(1.0)})))
    assert "seed 0" not in text_table(made(row("a", {"psnr": psnr(1.0)}, seeds=[])))


def test_the_number_of_images_is_said_where_the_origin_does_not() -> None:
    said = protocol()
    assert "test images" not in text_table(made(row("a"), protocol=said))
    said["tasks"]["rgb2nir"]["data"] = {**said["tasks"]["rgb2nir"]["data"], "origin": "a folder"}
    assert "on a folder; 16 test images;" in text_table(made(row("a"), protocol=said))


NOTES = (
    "latency: batch 1, 59 calls, threads: 1; norms left out; memory: growth",
    "latency: batch 1, 8241 calls, threads: 1; memory: growth",
)


def test_notes_of_all_costs_are_said_once() -> None:
    rows = [row(name, {"psnr": psnr(1.0)}, cost=cost(note=note)) for name, note in zip("ab", NOTES, strict=True)]
    versions = {"hardware": {"processor": "A fast one", "gpus": ["a card"]}, "versions": {"torch": "9.8"}}
    text = text_table(made(*rows, protocol=protocol(environment=versions)))
    assert (
        "on cpu at 64×64 (A fast one, torch 9.8); latency: batch 1, 59 to 8241 calls, threads: 1; memory: growth."
        in text
    )
    assert "a: cost: norms left out" in text and "b: cost" not in text
    cuda = [row("a", {"psnr": psnr(1.0)}, cost=cost(device="cuda:0"))]
    assert "(A fast one, a card, torch 9.8)" in text_table(made(*cuda, protocol=protocol(environment=versions)))


def test_what_could_not_be_measured_is_never_said_of_all() -> None:
    notes = ["not measured: it broke; 1 thread", "not measured: it broke; 1 thread"]
    shared = shared_remarks(notes)
    assert list(shared.values()) == ["1 thread"] and own_remarks(notes[0], shared) == "not measured: it broke"
    assert shared_remarks([]) == {} and shared_remarks(["", "x"]) == {}


def test_times_have_three_figures_and_what_was_not_trained_none() -> None:
    slow = cost(latency_ms=1234.5, latency_p95_ms=8.2774, train_s=0.05898)
    taught = text_table(made(row("a", {"psnr": psnr(1.0)}, cost=slow)))
    assert "1230" in taught and "8.28" in taught and "0.059" in taught
    fitted = text_table(made(row("a", {"psnr": psnr(1.0)}, cost=slow, seeds=[], steps=None)))
    assert "training" not in fitted
    both = made(row("t", {"psnr": psnr(2.0)}, cost=slow), row("a", {"psnr": psnr(1.0)}, cost=cost(train_s=0.0)))
    assert text_table(both, 90).rstrip().count("–") == 1
