"""The readings of the rules of MAVIC-T."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from spectra.losses.ranges import Range
from spectra.metrics.pbvs_pixel import PixelKind
from spectra.nn.lpips import Net

Preset = Literal["mavic2026", "mavic2024", "compat64"]
Feature = Literal[64, 192, 768, 2048]


@dataclass(frozen=True)
class Choices:
    """All that the rules leave open."""

    pixel: PixelKind
    fid_feature: Feature = 2048
    fid_gain: float = 1
    """On the FID, within the arctan."""
    lpips_net: Net = "vgg"
    lpips_input: Range = "sym"
    lpips_gain: float = 1


PRESETS: Mapping[str, Choices] = {
    "mavic2026": Choices(pixel="l1"),
    "mavic2024": Choices(pixel="rmse"),
    "compat64": Choices(pixel="l1", fid_feature=64),
}
"""``compat64`` has the features with which an FID is as small as those of the boards must have been."""
