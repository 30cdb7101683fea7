"""Named partial recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OPTIMIZER = {"optimizer": "adam", "betas": [0.5, 0.999], "schedule": "linear"}
_LOSSES = {"l1": 10}
_SETTINGS = {"pair": 10.0, "joint_feature": 0.1, "replay": 1.0, "norm_first": False}
"""A paired term beside cycles and identities of 1; and, with the losses above, what keeps colours from drifting in
`joint`. Without a norm in the first blocks, it gets through how bright an image is (docs/mpfnet.md)."""


def _stages(translation: str | int, colorization: str | int, joint: str | int, lr: float) -> dict[str, Any]:
    return {
        "translation": {"steps": translation},
        "colorization": {"steps": colorization},
        "joint": {"steps": joint, "lr": lr},
    }


PAPER: Mapping[str, Any] = {
    "settings": {},
    "train": {
        **_OPTIMIZER,
        "lr": 1e-4,
        "batch_size": 10,
        "stages": _stages("400 epochs", "250 epochs", "100 epochs", 6e-5),
        "augment": ["mpfnet"],
    },
}
"""As printed; where the paper is silent, the choices of docs/mpfnet.md."""

TUNED: Mapping[str, Any] = {**PAPER, "settings": _SETTINGS, "losses": _LOSSES}
"""The pairs that there are teach the translation too, and true grey keeps teaching the colours."""

SMALL: Mapping[str, Any] = {
    "settings": {**_SETTINGS, "width": 32, "discriminator_width": 32},
    "losses": _LOSSES,
    "train": {
        **_OPTIMIZER,
        "lr": 2e-4,
        "batch_size": 4,
        "stages": _stages(600, 1500, 500, 1e-4),
        "augment": [{"mpfnet": {"size": [128, 224], "resize": 128}}],
        "crop": 128,
    },
}
"""The losses of `tuned`, half as wide, on crops of 128×128: for two cores and an hour and a half."""

TINY: Mapping[str, Any] = {
    "settings": {
        **_SETTINGS,
        "width": 8,
        "depths": [1, 1, 2],
        "mix_window": 15,
        "init_std": 0.1,
        "discriminator_width": 8,
        "discriminator_layers": 2,
    },
    "losses": _LOSSES,
    "inference": {"input": None, "output": None},
    "evaluate": {"resize": None},
    "train": {
        **_OPTIMIZER,
        "lr": 5e-4,
        "batch_size": 2,
        "steps": 600,
        "stages": {"joint": {"lr": 2e-4}},
        "augment": ["flip"],
        "crop": 64,
    },
}
"""The same classes and stages, as many steps of each, for two cores and some minutes."""

PRESETS: Mapping[str, Mapping[str, Any]] = {"paper": PAPER, "tuned": TUNED, "small": SMALL, "tiny": TINY}
