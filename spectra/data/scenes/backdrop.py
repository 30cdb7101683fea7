"""Sky, distance and ground of a street."""

from __future__ import annotations

import numpy as np

from .camera import Camera
from .canvas import Canvas
from .noise import Bools, Floats, Stream, fractal, profile
from .weather import Weather

FARTHEST = 600.0


def paint_sky(canvas: Canvas, camera: Camera, weather: Weather, stream: Stream) -> None:
    """Paler towards the horizon; clouds drawn out flat."""
    everywhere, all_sky = canvas.everywhere, np.ones(canvas.shape, bool)
    up = np.maximum(-camera.down, 0.0)
    pale = 0.95 / (1.0 + up * 3.2 + up * up * 6.0) + weather.murk * 0.25 - 0.2
    canvas.cover(everywhere, all_sky, "sky", mix=pale)
    canvas.depth[:] = 0.0
    cover = 1.3 if weather.overcast else stream.between(-0.35, 0.5)
    billow = fractal(stream, canvas.shape, max(12.0, min(canvas.shape) / 3), 5)
    ripple = fractal(stream, (canvas.shape[0] * 2, 16), max(8.0, canvas.shape[0] / 4), 3)[: canvas.shape[0], :1]
    billow = billow * 0.75 + ripple * 0.45
    thick = np.clip((billow + cover - 0.25) * 2.2, 0.0, 1.0)
    canvas.paint(everywhere, thick > 0, mix=pale + (1.25 - pale) * np.minimum(thick * 2.2, 1.0))
    dense = thick > 0.45
    canvas.cover(everywhere, dense, "cloud", tone=0.80 + 0.2 * thick - 0.12 * weather.murk)


def paint_distance(canvas: Canvas, camera: Camera, stream: Stream) -> None:
    """Two ranges of hills or woods that end the view."""
    columns = canvas.shape[1]
    for depth, material, height, rough in (
        (stream.between(450, 700), stream.pick(("conifer", "deciduous", "rock")), 55.0, 5),
        (stream.between(140, 260), stream.pick(("deciduous", "deciduous", "conifer", "shrub")), 12.0, 6),
    ):
        line = profile(stream, columns, max(10.0, columns / 2.5), rough) * 0.7 + stream.between(-0.1, 0.7)
        tall = np.maximum(line, -0.2) * height
        rim = camera.horizon - (tall - camera.eye) * (camera.focal / depth)
        below: Bools = np.arange(canvas.shape[0], dtype=np.float32)[:, None] + 0.5 > rim[None, :]
        canvas.cover(canvas.everywhere, below, material, light=stream.between(0.55, 1.0), depth=depth, openness=0.7)


class Ground:
    """The level ground in front of the camera: where each pixel lies on it."""

    def __init__(self, canvas: Canvas, camera: Camera) -> None:
        first = min(canvas.shape[0], max(0, int(camera.horizon + camera.focal * camera.eye / FARTHEST) + 1))
        self.window = slice(first, canvas.shape[0]), slice(0, canvas.shape[1])
        self.z: Floats = camera.eye / np.maximum(camera.down[first:], camera.eye / FARTHEST)
        self.x: Floats = camera.right * self.z
        self.grain = np.clip(camera.focal / 40.0 / self.z, 0.1, 1.0)  # texture fades where it is finer than a pixel


def worldly_noise(stream: Stream, ground: Ground, period: float) -> Floats:
    """Noise that lies on the ground, in perspective: a repeated tile of 64 by 64 numbers, ``period`` metres apart."""
    tile = stream.signed((64, 64))
    x, z = ground.x * (1 / period), np.broadcast_to(ground.z, ground.x.shape) * (1 / period)
    left, near = np.floor(x), np.floor(z)
    dx, dz = x - left, z - near
    column, row = left.astype(np.int32), near.astype(np.int32)
    flat = tile.ravel()
    here, there = (row & 63) << 6, ((row + 1) & 63) << 6
    c0, c1 = column & 63, (column + 1) & 63
    top = flat[here + c0]
    top += (flat[here + c1] - top) * dx
    bottom = flat[there + c0]
    bottom += (flat[there + c1] - bottom) * dx
    top += (bottom - top) * dz
    return np.asarray(top)
