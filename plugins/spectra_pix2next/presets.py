"""Named partial recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OPTIMIZER = {"optimizer": "adam", "lr": 1e-4, "betas": [0.5, 0.999]}
_AT_256: Mapping[str, Any] = {
    "inference": {"input": [256, 256], "output": [256, 256]},
    "evaluate": {"resize": [256, 256]},
}
"""Both images become 256×256, proportions not kept: for learning, translating and scoring."""
_TRAIN = {**_OPTIMIZER, "batch_size": 3, "steps": "1000 epochs", "augment": [{"pix2next": {"size": 256}}]}
_SSIM = {"weight": 10, "range": "sym"}

PAPER: Mapping[str, Any] = {
    **_AT_256,
    "settings": {},
    "losses": {"ssim": _SSIM},
    "weights": {"generator": {"matching": 10}},
    "train": {**_TRAIN, "schedule": {"cosine": {"warmup": 1000}}},
}
"""As printed, by the defaults of the settings, which a recipe may replace; where the paper is silent, our choices."""

OFFICIAL: Mapping[str, Any] = {
    **_AT_256,
    "settings": {
        "extractor": "internimage:official",
        "extractor_input": "stem",
        "merge": "scrambled",
        "condition": "last",
        "tripled": True,
        "order": "generator_first",
        "discriminator_norm": "batch",
    },
    "losses": {"ssim": {**_SSIM, "data_range": "batch", "padding": "reflect"}},
    "weights": {"generator": {"matching": 5 / 3}},
    "train": {**_TRAIN, "schedule": {"ramp": {"warmup": 1000}}},
}
"""What the released code computes, with its scrambled head merge and a rate that hardly leaves its warm-up."""

PYRAMID: Mapping[str, Any] = {**OFFICIAL, "settings": {**OFFICIAL["settings"], "condition": "pyramid"}}
"""As the code before July 2025: each attention looks at another stage of the extractor."""

SMALL: Mapping[str, Any] = {
    **PAPER,
    "settings": {"width": 40, "extractor_size": "tiny"},
    "train": {
        **_OPTIMIZER,
        "lr": 2e-4,
        "batch_size": 4,
        "steps": "200 epochs",
        "schedule": {"cosine": {"warmup": 1000}},
        "ema": 0.999,
        "augment": [{"pix2next": {"size": 256, "flip": 0.5}}],
    },
}
"""A tenth of the operations of `paper`, by its losses and in its order."""

TINY: Mapping[str, Any] = {
    "settings": {
        "width": 8,
        "blocks": 2,
        "groups": 2,
        "heads": 2,
        "extractor_size": "tiny",
        "internimage": {"channels": 16, "depths": [1, 1, 2, 1], "group_channels": 8, "drop_path": 0.0},
        "discriminator_width": 16,
        "discriminator_layers": 2,
        "scales": 2,
    },
    "losses": {"l1": 100, "ssim": 30},
    "weights": {"generator": {"adversarial": 0.05, "matching": 0.1}},
    "inference": {"input": None, "output": None},
    "evaluate": {"resize": None},
    "train": {
        **_OPTIMIZER,
        "lr": 1e-3,
        "clip": 5,
        "batch_size": 2,
        "steps": 1000,
        "schedule": {"cosine": {"warmup": 50}},
        "ema": 0.99,
        "crop": 160,
        "augment": [{"resize": {"short": 160}}, {"scale": {"factor": [1.0, 2.2]}}, "flip"],
    },
}
"""The same classes in small, for two cores and some minutes. L1 and SSIM lead; groups have four channels and more, as
in the paper, so that colours can be told apart; crops show from a part to nearly all of an image."""

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "paper": PAPER,
    "official": OFFICIAL,
    "official_pyramid": PYRAMID,
    "small": SMALL,
    "tiny": TINY,
}
