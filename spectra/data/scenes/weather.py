"""Sun, sky and air of a scene."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from .noise import Floats, Stream

SKY_SHARE = (0.14, 0.18, 0.26, 0.09, 0.05)  # of the light on level ground that comes from the sky: red … swir
AIRLIGHT = (0.46, 0.52, 0.62, 0.26, 0.12)  # what a very thick layer of air looks like
SCATTERING = (0.80, 1.00, 1.25, 0.50, 0.20)  # relative to green


@dataclass(frozen=True)
class Weather:
    toward_x: float  # unit vector along the ground towards the sun
    toward_y: float
    tangent: float  # of the sun's elevation
    murk: float  # 0: clear; 1: much of the light comes from the sky
    haze: float  # optical depth a metre (street) or of the whole air column (aerial), green
    air: float  # K
    brightness: float  # of the light, against what the cameras are set for
    overcast: bool
    cast: float  # by how much a camera's white balance may be off
    season: float  # 0: all is green; 1: autumn, or a drought

    @property
    def sine(self) -> float:
        return self.tangent / math.sqrt(1.0 + self.tangent * self.tangent)

    def incidence(self, slope_x: float | Floats, slope_y: float | Floats) -> Floats:
        """Sun on a surface that rises by these slopes, relative to level ground."""
        x, y = (np.atleast_1d(np.asarray(slope, np.float32)) for slope in (slope_x, slope_y))
        facing = 1.0 - (x * self.toward_x + y * self.toward_y) * (1 / self.tangent)
        return np.asarray(np.clip(facing / np.sqrt(x * x + y * y + 1.0), 0.0, 1.6))

    def sky_share(self, channel: int) -> float:
        share = SKY_SHARE[channel] * (1.0 + 0.8 * self.murk)
        return 1.0 - (1.0 - share) * 0.3 if self.overcast else share


def draw_weather(stream: Stream, haze: tuple[float, float], clouded: float, cast: float) -> Weather:
    x, y = stream.direction()
    overcast = stream.chance(clouded)
    return Weather(
        toward_x=x,
        toward_y=y,
        tangent=stream.between(0.65, 1.9),
        murk=stream.unit(),
        haze=stream.between(*haze),
        air=stream.between(273, 306),
        brightness=stream.between(0.75, 1.2),
        overcast=overcast,
        cast=cast,
        season=max(0.0, stream.between(-0.4, 1.1)),
    )
