"""Every component of ours passes the suite that a plugin author's must pass."""

from __future__ import annotations

from typing import Any

import pytest

from spectra.registry import installed, registry
from spectra.testing import Check, NotApplicable, checks, conformance

_GRAY = {"name": "gray", "channels": 1}
_LINKS = [
    {"translator": "graydef", "source": {"name": "rgb", "channels": 3}, "target": _GRAY},
    {"translator": "inverse", "source": _GRAY, "target": {"name": "ir", "channels": 1}},
]
ASKED: dict[str, Any] = {"chain": {"task": "rgb2ir", "settings": {"links": _LINKS}}}
"""What a component is examined with, where it is nothing without settings."""

OWN = [it for it in installed() if it.own and it.group in ("translators", "losses", "metrics")]

LARGE = {"pix2pixhd", "cyclegan", "pix2pix"}
"""Networks of full size but for their preset `tiny`, which is the same classes: the others are slow."""


def _tiny(name: str) -> dict[str, str]:
    return {"preset": "tiny"} if name in LARGE else {}


for plugin in OWN:
    globals()[f"test_{plugin.kind}_{plugin.name}"] = conformance(
        plugin.group, plugin.full_name, **_tiny(plugin.name), **ASKED.get(plugin.name, {})
    )

PRESETS = [
    pytest.param(
        plugin.full_name, preset, marks=[pytest.mark.slow] if plugin.name in LARGE and preset != "tiny" else []
    )
    for plugin in OWN
    if plugin.group == "translators"
    for preset in registry("translators").get(plugin.full_name).presets
]
SIDES = {("pix2pixhd", "local"): 64}
"""Where an instance norm would be left with one pixel."""
OF_EVERY_PRESET = ("dtype", "device", "model_range", "odd_sizes", "fit_ignores_order", "save_and_load")


@pytest.mark.parametrize("check", OF_EVERY_PRESET)
@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_every_preset_keeps_what_hangs_on_its_settings(name: str, preset: str, check: str) -> None:
    own = name.rpartition(":")[2]
    asked = {**ASKED.get(own, {}), **({"side": SIDES[own, preset]} if (own, preset) in SIDES else {})}
    chosen: Check = next(one for one in checks("translators", name, preset=preset, **asked) if one.name == check)
    try:
        chosen()
    except NotApplicable as why:
        pytest.skip(str(why))


def test_none_is_left_out() -> None:
    assert {plugin.kind for plugin in OWN} == {"translator", "loss", "metric"}
    assert len(OWN) >= 11
