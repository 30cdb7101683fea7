"""Named partial recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OPTIMIZER = {"lr": 2e-4, "optimizer": "adam", "betas": [0.5, 0.999], "batch_size": 1}
_LPIPS = {"weight": 1, "net": "vgg"}

OFFICIAL: Mapping[str, Any] = {
    "settings": {"generator": "global", "width": 64, "downs": 4, "blocks": 9, "scales": 2},
    "losses": {"vgg": 10},
    "train": {
        **_OPTIMIZER,
        "steps": "200 epochs",
        "schedule": {"linear": {"constant": 100, "decay": 100}},
        "augment": [{"pix2pixhd": {"mode": "scale_width", "load": 1024}}],
    },
}
"""The defaults of the official code, with `label_nc` 0 and `no_instance`."""

LOCAL: Mapping[str, Any] = {
    "settings": {"generator": "local", "width": 32, "scales": 3, "fix_global": True},
    "losses": {"vgg": 10},
    "train": {
        **_OPTIMIZER,
        "stages": {"fixed_global": {"steps": "10 epochs"}, "train": {"steps": "90 epochs"}},
        "schedule": {"linear": {"constant": 50, "decay": 50}},
        "augment": [{"pix2pixhd": {"mode": "none", "multiple": 32}}],
    },
}
"""The official recipe for images 2048 wide on 24 GB."""


def _pbvs(kind: str, range_: str) -> Mapping[str, Any]:
    return {
        "settings": OFFICIAL["settings"],
        "losses": {"vgg": 10, "lpips": _LPIPS, "l2": {"weight": 1, "kind": kind, "range": range_}},
        "train": {**_OPTIMIZER, "steps": "40 epochs", "schedule": {"halving": {"after": [30], "factor": 0.5}}},
    }


TINY: Mapping[str, Any] = {
    "settings": {
        "width": 16,
        "downs": 2,
        "blocks": 3,
        "local_blocks": 1,
        "norm": "batch",
        "discriminator_width": 16,
        "discriminator_layers": 2,
        "scales": 2,
    },
    "losses": {"l1": 100},
    "inference": {"input": None, "output": None},
    "evaluate": {"resize": None},
    "train": {
        **_OPTIMIZER,
        "batch_size": 4,
        "steps": 1000,
        "schedule": "linear",
        "crop": 128,
        "augment": ["flip"],
    },
}
"""The same classes in small, for two cores and some minutes: L1 leads, and no instance norm hides brightness."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "official": OFFICIAL,
    "local": LOCAL,
    "pbvs": _pbvs("rmse", "unit"),
    "pbvs_literal": _pbvs("norm", "sym"),
    "tiny": TINY,
}
