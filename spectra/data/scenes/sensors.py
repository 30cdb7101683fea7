"""From the surface to the numbers of a sensor: light, air, temperature, speckle, blur, noise, and 8 or 16 bits."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .canvas import Canvas
from .materials import INDEX, column, spectra
from .noise import Floats, Stream, fractal, soften
from .shadows import shade
from .weather import AIRLIGHT, SCATTERING, Weather

REFLECTANCE, CHANGE = spectra("reflectance"), spectra("change")
COARSE, FINE = column("coarse"), column("fine")
EMISSIVITY, WARMTH, HEATING, INERTIA = column("emissivity"), column("warmth"), column("heating"), column("inertia")
BACKSCATTER = column("backscatter")
DRIFT = np.array([7.0 if name == "sky" else 0.0 for name in INDEX], np.float32)  # K along `change`: the horizon is warm
CORNER = np.array([name.startswith("roof_") or name == "solar_panel" for name in INDEX], np.float32)

PAN_WEIGHTS = (0.30, 0.34, 0.18, 0.18, 0.0)
LOOKS = 4
COLDEST, HOTTEST = 262.0, 326.0  # K, the range of the thermal camera
RADAR_RISE = 1.2  # metres a metre: the radar looks down from the left at 50 degrees


@dataclass(frozen=True)
class Sensor:
    channels: tuple[int, ...]
    gain: float  # how much the tone curve lifts the shadows
    noise: float  # standard deviation, of the full range
    blur: int  # passes of 1-2-1


OPTICAL = {
    "rgb": Sensor((0, 1, 2), 1.9, 0.008, 1),
    "nir": Sensor((3,), 1.15, 0.010, 1),
    "swir": Sensor((4,), 1.5, 0.014, 2),
    "ms4": Sensor((0, 1, 2, 3), 1.5, 0.008, 1),
    "ms5": Sensor((0, 1, 2, 3, 4), 1.5, 0.009, 1),
    "eo": Sensor((0, 1, 2, 3), 1.6, 0.007, 0),
}
THERMAL_NOISE, THERMAL_BLUR = 0.008, 2
BANDS = ("rgb", "nir", "swir", "lwir", "ir", "sar", "eo", "gray", "ms4", "ms5")


class Surface:
    """A finished layout under its weather; gives noise-free images."""

    def __init__(self, canvas: Canvas, weather: Weather, scale: float, stream: Stream) -> None:
        self.canvas, self.weather, self.scale, self._stream = canvas, weather, scale, stream
        self.material: NDArray[np.intp] = canvas.material.astype(np.intp)
        rows, columns = canvas.shape
        self.coarse = fractal(stream, canvas.shape, max(8.0, min(rows, columns) / 5), 4)
        self.fine = fractal(stream, canvas.shape, 5.0, 2)
        self.fine += stream.signed(canvas.shape) * 0.6

    @cached_property
    def texture(self) -> Floats:
        total = COARSE[self.material] * self.coarse
        total += FINE[self.material] * self.fine
        total *= 1.6
        total += self.canvas.mix
        return total

    @cached_property
    def sunlight(self) -> Floats:
        return self.canvas.light * (1.0 - self.canvas.shadow)

    @cached_property
    def distance(self) -> Floats:
        return self.canvas.depth * self.weather.haze

    def radiance(self, channel: int) -> Floats:
        """Linear; 1 is a white level board in the sun."""
        light = CHANGE[channel][self.material]
        light *= self.texture
        light += REFLECTANCE[channel][self.material]
        light *= self.canvas.tone
        np.maximum(light, 0.003, out=light)
        light *= self._irradiance(channel)
        return self._through_air(light, channel)

    def _irradiance(self, channel: int) -> Floats:
        sky = self.weather.sky_share(channel)
        total = self.canvas.openness * sky
        total += self.sunlight * (1.0 - sky)
        return total

    def _through_air(self, light: Floats, channel: int) -> Floats:
        path = self.distance * SCATTERING[channel]
        clear = 1.0 / (1.0 + path + path * path * 0.5)
        light -= AIRLIGHT[channel]
        light *= clear
        light += AIRLIGHT[channel]
        return light

    def thermal(self) -> Floats:
        """Radiant exitance between the coldest and the hottest that the camera shows, as 0 to 1."""
        air = self.weather.air
        emissivity = EMISSIVITY[self.material]
        kelvin = self._temperature()
        emitted = emissivity * _fourth_power(kelvin * (1 / air)) + (1.0 - emissivity) * _fourth_power(1 - 30 / air)
        low, high = _fourth_power(COLDEST / air), _fourth_power(HOTTEST / air)
        return np.asarray((emitted - low) * (1 / (high - low)))

    def _temperature(self) -> Floats:
        inertia = INERTIA[self.material]
        sun = soften(self.sunlight, 2)
        sun += (0.62 - sun) * inertia
        sun *= (
            (0.6 + 0.4 * self.weather.sine)
            * (1.15 - 0.4 * self.weather.murk)
            * (0.45 if self.weather.overcast else 1.0)
        )
        darkness = 1.5 - 0.5 * self.canvas.tone
        kelvin = HEATING[self.material] * sun * darkness
        kelvin *= 1.0 + 0.12 * self.fine * FINE[self.material]
        kelvin += WARMTH[self.material] + self.coarse * 1.5
        kelvin += DRIFT[self.material] * self.canvas.mix
        return kelvin + self.weather.air

    def backscatter(self) -> Floats:
        """Sigma nought, linear: rough surfaces, corners that face the radar, and its shadows."""
        sigma = BACKSCATTER[self.material]
        sigma *= 1.0 + self.texture * 0.45
        height = self.canvas.height
        if float(height.max()) > 0:
            sigma *= 1.0 - 0.9 * shade(height, -1.0, 0.0, RADAR_RISE / self.scale)
            sigma += _corners(height, CORNER[self.material])
        return np.maximum(sigma, 0.002)


def _corners(height: Floats, hard: Floats) -> Floats:
    """Ground in front of a wall that faces the radar throws the pulse straight back."""
    step = np.zeros_like(height)
    step[:, :-1] = (height[:, 1:] - height[:, :-1]) * hard[:, 1:]
    bright: Floats = np.clip(step - 1.5, 0.0, 8.0) * 0.35
    bright[:, :-1] += bright[:, 1:] * 0.6
    return bright


def _fourth_power(value: float | Floats) -> Floats:
    square = value * value
    return square * square  # type: ignore[return-value]


def render(surface: Surface, modality: str, bits: int, noise: Stream) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """``(h, w, c)``; ``noise`` belongs to this sensor alone."""
    if modality == "gray":
        return luma(render(surface, "rgb", bits, noise))
    return digitise(_signal(surface, modality, noise), bits)


def _signal(surface: Surface, modality: str, noise: Stream) -> Floats:
    if modality == "lwir":
        return _noisy(soften(surface.thermal(), THERMAL_BLUR), THERMAL_NOISE, noise)[..., None]
    if modality == "sar":
        return _speckled(surface.backscatter(), noise)[..., None]
    sensor = OPTICAL[modality]
    exposure = noise.between(0.93, 1.08) * surface.weather.brightness
    if modality == "eo":
        return _exposed(_panchromatic(surface, sensor) * exposure, sensor, noise)[..., None]
    gains = [
        exposure * 1.0 + noise.between(-1, 1) * surface.weather.cast for _ in sensor.channels
    ]  # white balance is never perfect
    bands = [surface.radiance(channel) * gain for channel, gain in zip(sensor.channels, gains, strict=True)]
    return np.stack([_exposed(band, sensor, noise) for band in bands], axis=-1)


def _panchromatic(surface: Surface, sensor: Sensor) -> Floats:
    total = np.zeros(surface.canvas.shape, np.float32)
    for channel in sensor.channels:
        total += surface.radiance(channel) * PAN_WEIGHTS[channel]
    return total


def _exposed(light: Floats, sensor: Sensor, noise: Stream) -> Floats:
    """Blur, then a tone curve near gamma 2, on which the shot noise of the photons is the same everywhere."""
    light = soften(light, sensor.blur)
    light = light * sensor.gain / (1.0 + light * (sensor.gain - 1.0))
    return _noisy(np.sqrt(light), sensor.noise, noise)


def _noisy(image: Floats, deviation: float, noise: Stream) -> Floats:
    return image + noise.gaussians((image.shape[0], image.shape[1])) * deviation


def _speckled(sigma: Floats, noise: Stream) -> Floats:
    """Mean of several looks, as amplitude."""
    looks = noise.exponentials((LOOKS, *sigma.shape))
    total = looks[0] + looks[1]
    for look in looks[2:]:
        total += look
    return np.asarray(np.sqrt(soften(sigma) * total * (1 / LOOKS)) * 1.15)


def luma(image: NDArray[np.uint8] | NDArray[np.uint16]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Rec. 601 from whole numbers, rounded."""
    wide = image.astype(np.uint32)
    total = (wide[..., 0] * 299 + wide[..., 1] * 587 + wide[..., 2] * 114 + 500) // 1000
    grey = total[..., None]
    return grey.astype(np.uint8) if image.dtype == np.uint8 else grey.astype(np.uint16)


def digitise(image: Floats, bits: int) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """[0, 1] to all the levels of 8 or 16 bits, rounded half up; what lies outside saturates."""
    levels = np.clip(image, 0.0, 1.0) * float((1 << bits) - 1)
    levels += 0.5
    return levels.astype(np.uint8) if bits == 8 else levels.astype(np.uint16)
