"""Settings of a row: in `bench.json`, and as a note of its table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spectra.bench.contest.bench import plan
from spectra.bench.contest.contest import Entry
from spectra.bench.contest.declared import declared, told
from spectra.bench.results.terminal import text_table
from tests.bench.contest.benches import carry_out, options, rows
from tests.pair_folders import write_recipe
from tests.plugin_packages import PluginPackages


def of(method: str, **said: Any) -> dict[str, Any]:
    """Of one that is only planned."""
    (it,) = plan(options(method, **said), "nowhere").tasks
    return declared(Entry(it.trials[0], [0]))


def test_what_does_not_learn_says_all_of_its_settings_and_what_was_fitted(pairs: Path, folder: Path) -> None:
    """The factor of the paper, one that was given, and one that was found on these pairs."""
    recipe = write_recipe(folder.parent, "task: rgb2ir\ntranslator: graydef\nsettings: {factor: 1.25}\n")
    done = carry_out(folder, "graydef", "graydef@fit", str(recipe), data=str(pairs))
    found = rows(done)
    assert found["graydef"]["settings"] == {"settings.factor": 1.3, "settings.variant": "factor"}
    assert "Settings: factor 1.3, variant factor." in found["graydef"]["notes"]
    assert "Settings: factor 1.25, variant factor." in found["small"]["notes"]
    fitted = found["graydef@fit"]["settings"]
    assert fitted["settings.factor"] == "fit" and fitted["found.factor"] == pytest.approx(1.2, abs=0.05)
    assert (
        f"Settings: factor fit ({fitted['found.factor']:.6g} was found), variant factor."
        in (found["graydef@fit"]["notes"])
    )
    table = " ".join(text_table(done.result).split())
    assert "graydef: Settings: factor 1.3, variant factor." in table
    again = carry_out(folder.parent / "models", str(next(folder.glob("kept/graydef-rgb2ir-*/model"))), data=str(pairs))
    (row,) = (row for row in rows(again).values() if row["kind"] == "model")
    assert row["settings"]["settings.factor"] == 1.3


def test_what_learns_says_what_differs_from_its_preset(pupils: PluginPackages, pairs: Path) -> None:
    data = str(pairs)
    assert of("pupil", preset="tiny", data=data) == of("pupil", data=data) == {}
    sets = ("settings.width=5", "train.lr=0.5", "losses={l1: 2}", "weights={generator: {error: 0.5}}")
    found = of("pupil", preset="tiny", data=data, sets=sets)
    assert found.pop("losses.l1.weight") == 2 and found.pop("losses.l1.scales") == "finest"
    assert found == {"settings.width": 5, "weights.generator.error": 0.5, "train.lr": 0.5}
    assert of("pupil", preset="tiny", data=data, sets=("train.workers=1", "train.log.every=3")) == {}


def test_a_note_is_short() -> None:
    many = {f"train.{letter}": True for letter in "abcdefghijkl"}
    assert told(many)[0].endswith("train.h true and 4 more, see bench.json.")
    assert told({}) == []
    assert told({"settings.size": [3, 4], "settings.none": None, "settings.x": 0.1}) == [
        "Settings: size [3, 4], none none, x 0.1."
    ]
