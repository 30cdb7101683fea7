"""Every setting of every operation changes what comes out."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from spectra.recipe.augment import Operation
from tests.data.augment.made import noise, pair, plan

ALWAYS_HD = {"mode": "resize_and_crop", "load": 30, "crop": 16}
CHANGES: dict[tuple[str, str], tuple[dict[str, Any], dict[str, Any]]] = {
    ("flip", "horizontal"): ({"horizontal": 0}, {"horizontal": 1}),
    ("flip", "vertical"): ({"vertical": 0}, {"vertical": 1}),
    ("rotate", "quarter"): ({"degrees": 9}, {"degrees": 9, "quarter": True}),
    ("rotate", "degrees"): ({"degrees": 9}, {"degrees": 12}),
    ("rotate", "interpolation"): ({"degrees": 9}, {"degrees": 9, "interpolation": "bicubic"}),
    ("rotate", "border"): ({"degrees": 9}, {"degrees": 9, "border": "invalid"}),
    ("rotate", "probability"): ({"degrees": 9}, {"degrees": 9, "probability": 0}),
    ("crop", "size"): ({"size": 9}, {"size": 10}),
    ("crop", "resize"): ({"size": 9}, {"size": 9, "resize": 12}),
    ("crop", "interpolation"): ({"size": 9, "resize": 7}, {"size": 9, "resize": 7, "interpolation": "area"}),
    ("resize", "size"): ({"size": 9}, {"size": [9, 8]}),
    ("resize", "short"): ({"short": 9}, {"short": 10}),
    ("resize", "width"): ({"width": 9}, {"width": 10}),
    ("resize", "multiple"): ({"multiple": 8}, {"multiple": 9}),
    ("resize", "interpolation"): ({"size": 9}, {"size": 9, "interpolation": "nearest"}),
    ("scale", "factor"): ({}, {"factor": [0.5, 0.6]}),
    ("scale", "interpolation"): ({}, {"interpolation": "bilinear"}),
    ("scale", "probability"): ({}, {"probability": 0}),
    ("contrast", "factor"): ({}, {"factor": [2, 3]}),
    ("contrast", "pivot"): ({}, {"pivot": "bands"}),
    ("contrast", "on"): ({}, {"on": "target"}),
    ("contrast", "probability"): ({}, {"probability": 0}),
    ("brightness", "factor"): ({}, {"factor": [2, 3]}),
    ("brightness", "shift"): ({}, {"shift": 0.1}),
    ("brightness", "on"): ({}, {"on": "both"}),
    ("brightness", "probability"): ({}, {"probability": 0}),
    ("gamma", "exponent"): ({}, {"exponent": [2, 3]}),
    ("gamma", "on"): ({}, {"on": "both"}),
    ("gamma", "probability"): ({}, {"probability": 0}),
    ("noise", "std"): ({}, {"std": [1, 2]}),
    ("noise", "on"): ({}, {"on": "both"}),
    ("noise", "probability"): ({}, {"probability": 0}),
    ("blur", "sigma"): ({}, {"sigma": [2, 3]}),
    ("blur", "on"): ({}, {"on": "both"}),
    ("blur", "probability"): ({}, {"probability": 0}),
    ("pix2pixhd", "mode"): (ALWAYS_HD, {**ALWAYS_HD, "mode": "scale_width_and_crop"}),
    ("pix2pixhd", "load"): (ALWAYS_HD, {**ALWAYS_HD, "load": 31}),
    ("pix2pixhd", "crop"): (ALWAYS_HD, {**ALWAYS_HD, "crop": 15}),
    ("pix2pixhd", "multiple"): ({"mode": "none"}, {"mode": "none", "multiple": 5}),
    ("pix2pixhd", "flip"): ({**ALWAYS_HD, "flip": 0}, {**ALWAYS_HD, "flip": 1}),
    ("mpfnet", "probability"): ({"size": 9, "probability": 0}, {"size": 9, "probability": 1}),
    ("mpfnet", "factor"): ({"size": 9, "probability": 1}, {"size": 9, "probability": 1, "factor": [2, 3]}),
    ("mpfnet", "size"): ({"size": 9, "probability": 1}, {"size": 10, "probability": 1}),
    ("mpfnet", "resize"): ({"size": 9, "probability": 1}, {"size": 9, "probability": 1, "resize": 20}),
    ("mpfnet", "interpolation"): (
        {"size": 9, "probability": 1},
        {"size": 9, "probability": 1, "interpolation": "nearest"},
    ),
    ("mpfnet", "flip"): ({"probability": 0, "flip": 0}, {"probability": 0, "flip": 1}),
    ("pix2next", "size"): ({}, {"size": [20, 30]}),
    ("pix2next", "interpolation"): ({}, {"interpolation": "area"}),
    ("pix2next", "flip"): ({}, {"flip": 1}),
}


def results(name: str, settings: dict[str, Any]) -> list[Tensor]:
    source, target = noise(2, 24, 22), noise(1, 24, 22, 5)
    found = []
    for seed in range(3):
        made = plan((24, 22), {name: settings}, seed=seed)
        top, left, height, width = made.window
        both = (image[:, top : top + height, left : left + width] for image in (source, target))
        result = made.pair(pair(*both))
        found += [result.source.pixels, result.target.pixels]
    return found


@pytest.mark.parametrize("name, setting", CHANGES)
def test_a_setting_changes_what_comes_out(name: str, setting: str) -> None:
    before, after = (results(name, settings) for settings in CHANGES[name, setting])
    assert any(a.shape != b.shape or not torch.equal(a, b) for a, b in zip(before, after, strict=True))


def test_no_setting_is_left_out() -> None:
    known = set()
    for name, field in Operation.model_fields.items():
        settings = next(kind for kind in field.annotation.__args__ if hasattr(kind, "model_fields"))  # type: ignore[union-attr]
        known |= {(name, setting) for setting in settings.model_fields}
    assert known == set(CHANGES)
