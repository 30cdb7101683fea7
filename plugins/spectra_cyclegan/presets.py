"""Named partial recipes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_OPTIMIZER = {"lr": 2e-4, "optimizer": "adam", "betas": [0.5, 0.999]}
_OFFICIAL = {
    **_OPTIMIZER,
    "steps": "200 epochs",
    "batch_size": 1,
    "schedule": {"cyclegan": {"constant": 100, "decay": 100}},
    "augment": [{"pix2pixhd": {"mode": "resize_and_crop", "load": 286, "crop": 256}}],
}
_TINY = {**_OPTIMIZER, "lr": 1e-3, "steps": 300, "batch_size": 2, "schedule": "linear", "crop": 64, "augment": ["flip"]}

L1 = 200
"""The official weight is 100, of images in [-1, 1]. In [0, 1] a difference is half as large."""

CYCLEGAN: Mapping[str, Mapping[str, Any]] = {
    "official": {"settings": {"generator": "resnet_9", "width": 64, "pool": 50}, "train": _OFFICIAL},
    "tiny": {
        "settings": {"width": 8, "blocks": 2, "discriminator_width": 8, "discriminator_layers": 2},
        "train": _TINY,
    },
}

PIX2PIX: Mapping[str, Mapping[str, Any]] = {
    "official": {"settings": {"generator": "unet_256", "width": 64}, "losses": {"l1": L1}, "train": _OFFICIAL},
    "tiny": {
        "settings": {"width": 8, "downs": 5, "discriminator_width": 8, "discriminator_layers": 2},
        "losses": {"l1": L1},
        "train": _TINY,
    },
}
