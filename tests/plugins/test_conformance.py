"""Every component of ours passes the suite that a plugin author's must pass."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import torch
from torch import Tensor

from spectra import weights
from spectra.metrics.distribution.inception import inception_passes
from spectra.registry import installed, registry
from spectra.testing import Check, Fault, NotApplicable, checks, conformance
from spectra.testing.subject import Learner
from spectra.translator import Translator
from tests.metrics.deep_items import forget, use_random_networks
from tests.nn.inception_weights import random_inception

_GRAY = {"name": "gray", "channels": 1}
_LINKS = [
    {"translator": "graydef", "source": {"name": "rgb", "channels": 3}, "target": _GRAY},
    {"translator": "inverse", "source": _GRAY, "target": {"name": "ir", "channels": 1}},
]
FIGURES: dict[str, dict[str, Any]] = {
    "pix2next": {
        "width": 4,
        "blocks": 2,
        "internimage": {"channels": 16, "depths": [1, 1, 1], "drop_path": 0.0},
        "discriminator_width": 4,
    },
    "mpfnet": {"width": 4, "depths": [1, 1], "discriminator_width": 4, "discriminator_layers": 2},
}
"""By which presets of hundreds of millions of parameters become small: they keep all their switches, and are quick."""
ASKED: dict[str, Any] = {"chain": {"task": "rgb2ir", "settings": {"links": _LINKS}}}
"""What a component is examined with, where it is nothing without settings."""
SMALLER: dict[str, Any] = {"mpfnet": {"settings": FIGURES["mpfnet"]}}
"""Three stages of many terms each: even its preset `tiny` takes a minute for all checks."""

_learn = Learner.learned
_latest: list[tuple[Learner, Translator, Tensor]] = []
"""What learnt last, with what it was then, and the state of torch's random numbers after it."""


def _learned_once(learner: Learner) -> Translator:
    """A copy of what learnt last, where that is the same learner: most checks begin with the same steps."""
    if not _latest or _latest[0][0] != learner:
        _latest[:] = [(learner, _learn(learner), torch.get_rng_state())]
    _, translator, random_state = _latest[0]
    torch.set_rng_state(random_state)
    return deepcopy(translator)


@pytest.fixture(autouse=True)
def learn_once(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if "learning_repeats" not in request.node.name:  # which compares what is learnt twice
        monkeypatch.setattr(Learner, "learned", _learned_once)


OWN = [it for it in installed() if it.own and it.group in ("translators", "losses", "metrics")]

LARGE = {"pix2pixhd", "cyclegan", "pix2pix", "mpfnet", "pix2next"}
"""Networks of full size but for their preset `tiny`, which is the same classes: the others are slow."""


def _tiny(name: str) -> dict[str, str]:
    return {"preset": "tiny"} if name in LARGE else {}


IN_MINUTES = {
    "mpfnet": ("compiled_step", "compiled_forward"),
    "pix2next": ("compiled_step", "compiled_forward", "presets"),
}
"""What takes minutes, of compiling or of building networks of full size: the slow suite has it."""

for plugin in OWN:
    left = dict.fromkeys(IN_MINUTES.get(plugin.name, ()), "it takes minutes: the slow suite has it")
    globals()[f"test_{plugin.kind}_{plugin.name}"] = conformance(
        plugin.group, plugin.full_name, without=left, **_tiny(plugin.name), **{**ASKED, **SMALLER}.get(plugin.name, {})
    )


@pytest.mark.slow
@pytest.mark.parametrize(("name", "check"), [(name, check) for name in IN_MINUTES for check in IN_MINUTES[name]])
def test_what_takes_minutes_holds_too(name: str, check: str) -> None:
    chosen: Check = next(one for one in checks("translators", name, preset="tiny") if one.name == check)
    chosen()


SLOW = LARGE - set(FIGURES)
PRESETS = [
    pytest.param(plugin.full_name, preset, marks=[pytest.mark.slow] if plugin.name in SLOW and preset != "tiny" else [])
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
    if own in FIGURES and preset != "tiny":
        asked["settings"] = FIGURES[own]
    chosen: Check = next(one for one in checks("translators", name, preset=preset, **asked) if one.name == check)
    try:
        chosen()
    except NotApplicable as why:
        pytest.skip(str(why))


WITH_NETWORKS: dict[str, dict[str, Any]] = {
    "lpips": {},
    "dists": {},
    "fid": {"features": 64},
    "kid": {"features": 64},
    "pbvs": {"fid_feature": 64, "lpips_net": "alex"},
}
"""Metrics that have no number without weights, with the settings that are quick."""


@pytest.fixture
def random_networks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """For one test: random weights in place of all that were learned."""
    use_random_networks(monkeypatch)
    load = weights.load
    monkeypatch.setattr(weights, "load", lambda name: random_inception() if name == "inception_fid" else load(name))
    inception_passes.cache_clear()
    yield
    forget()
    inception_passes.cache_clear()


@pytest.mark.parametrize("name", WITH_NETWORKS)
def test_a_metric_with_random_weights_is_examined_in_full(random_networks: None, name: str) -> None:
    left_out = []
    for check in checks("metrics", name, settings=WITH_NETWORKS[name]):
        try:
            check()
        except NotApplicable as why:
            assert str(why) == "it speaks only for sets of images"
            left_out.append(check.name)
        except Fault as fault:
            fault.add_note(f"in {check.name}")
            raise
    assert left_out == ([] if name in ("lpips", "dists") else ["one_image"])


def test_none_is_left_out() -> None:
    assert {plugin.kind for plugin in OWN} == {"translator", "loss", "metric"}
    assert len(OWN) >= 11
