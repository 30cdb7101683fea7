"""Buildings seen from above: pitched and flat roofs, lit side by side."""

from __future__ import annotations

import numpy as np

from .canvas import Canvas
from .frame import Frame, Patch
from .noise import Bools, Floats, Stream
from .weather import Weather

PITCHED = (("roof_tile", 0.62), ("roof_slate", 0.28), ("roof_metal", 0.10))
FLAT = (("roof_bitumen", 0.26), ("roof_membrane", 0.16), ("roof_metal", 0.24), ("gravel", 0.18), ("concrete", 0.16))


def build_house(
    canvas: Canvas, frame: Frame, weather: Weather, stream: Stream, u: float, v: float, half: tuple[float, float]
) -> None:
    """A pitched roof, its ridge along the longer side; at times a wing, a chimney, solar panels."""
    roof, number = stream.weighted(PITCHED), canvas.add("building")
    tone, mix, eaves = stream.between(0.75, 1.25), stream.between(-0.5, 0.8), stream.between(3, 6)
    hipped = stream.chance(0.35)
    for part in _parts(stream, u, v, half):
        _pitch(canvas, frame, weather, part, roof, (tone, mix, eaves), hipped, number)
    if stream.chance(0.3):
        _panels(canvas, frame, stream, u, v, half)


Part = tuple[float, float, float, float]


def _parts(stream: Stream, u: float, v: float, half: tuple[float, float]) -> list[Part]:
    parts = [(u, v, *half)]
    if stream.chance(0.4):
        wing = half[0] * 0.45, half[1] * 1.35
        parts.append(
            (u + stream.pick((-1.0, 1.0)) * (half[0] - wing[0]), v + stream.pick((-0.3, 0.3)) * half[1], *wing)
        )
    return parts


def _pitch(canvas: Canvas, frame: Frame, weather: Weather, part: Part, roof: str, look: tuple[float, float, float],
           hipped: bool, number: int) -> None:  # fmt: skip
    u, v, a, b = part
    patch = frame.patch(u, v, (a, b))
    if patch is None:
        return
    inside = (np.abs(patch.along) < a) & (np.abs(patch.across) < b)
    rise, run = _relief(patch, (a, b), hipped)
    tone, mix, eaves = look
    canvas.cover(patch.window, inside, roof, tone=tone, mix=mix, light=_lit(frame, weather, run), height=eaves + rise)
    canvas.mark(patch.window, inside, number)


def _relief(
    patch: Patch, half: tuple[float, float], hipped: bool, steep: float = 0.7
) -> tuple[Floats, tuple[Floats, Floats]]:
    """Metres above the eaves, and the slopes along u and v."""
    a, b = half
    from_u, from_v = a - np.abs(patch.along), b - np.abs(patch.across)
    if a < b:
        ridged, level = from_u, from_v
    else:
        ridged, level = from_v, from_u
    ends = (level < ridged) if hipped else np.zeros(level.shape, bool)
    rise = np.where(ends, level, ridged) * steep
    down_u, down_v = -np.sign(patch.along) * steep, -np.sign(patch.across) * steep
    main_u = a < b
    slope_u = np.where(ends != main_u, down_u, 0.0).astype(np.float32)
    slope_v = np.where(ends != main_u, 0.0, down_v).astype(np.float32)
    return rise, (slope_u, slope_v)


def _lit(frame: Frame, weather: Weather, slope: tuple[Floats, Floats]) -> Floats:
    slope_x = slope[0] * frame.cosine - slope[1] * frame.sine
    slope_y = slope[0] * frame.sine + slope[1] * frame.cosine
    return weather.incidence(slope_x, slope_y)


def _panels(canvas: Canvas, frame: Frame, stream: Stream, u: float, v: float, half: tuple[float, float]) -> None:
    a, b = half
    side = stream.pick((-1.0, 1.0))
    centre = (u, v + side * b * 0.5) if a >= b else (u + side * a * 0.5, v)
    reach = (a * 0.6, b * 0.3) if a >= b else (a * 0.3, b * 0.6)
    patch = frame.patch(*centre, reach)
    if patch is not None:
        inside = (np.abs(patch.along) < reach[0]) & (np.abs(patch.across) < reach[1])
        canvas.cover(patch.window, inside, "solar_panel", light=canvas.light[patch.window].copy())


def build_block(canvas: Canvas, frame: Frame, stream: Stream, u: float, v: float, half: tuple[float, float],
                storeys: tuple[float, float]) -> None:  # fmt: skip
    """A flat roof with a parapet and what stands on it."""
    patch = frame.patch(u, v, half)
    number, height = canvas.add("building"), stream.between(*storeys)
    roof, tone, mix = stream.weighted(FLAT), stream.between(0.75, 1.2), stream.between(-0.4, 0.6)
    if patch is None:
        return
    edge = np.minimum(half[0] - np.abs(patch.along), half[1] - np.abs(patch.across))
    inside = edge > 0
    canvas.cover(patch.window, inside, roof, tone=tone, mix=mix, height=height)
    canvas.cover(patch.window, inside & (edge < 0.6), "concrete", tone=stream.between(0.8, 1.1), height=height + 0.6)
    canvas.mark(patch.window, inside, number)
    if roof == "roof_metal":
        _seams(canvas, patch, inside, stream)
    _rooftop(canvas, frame, stream, (u, v), half, height)


def _seams(canvas: Canvas, patch: Patch, inside: Bools, stream: Stream) -> None:
    turns = patch.along * (1 / stream.between(2.5, 5))
    turns -= np.floor(turns)
    canvas.paint(patch.window, inside & (turns < 0.14), mix=-0.9)


def _rooftop(
    canvas: Canvas, frame: Frame, stream: Stream, centre: tuple[float, float], half: tuple[float, float], base: float
) -> None:
    material = stream.weighted((("metal", 0.5), ("solar_panel", 0.25), ("concrete", 0.25)))
    for _ in range(stream.count(1, 5)):
        size = stream.between(0.7, 2.2), stream.between(0.7, 1.8)
        u = centre[0] + stream.between(-0.7, 0.7) * half[0]
        v = centre[1] + stream.between(-0.7, 0.7) * half[1]
        patch = frame.patch(u, v, size)
        if patch is not None:
            inside = (np.abs(patch.along) < min(size[0], half[0] * 0.3)) & (
                np.abs(patch.across) < min(size[1], half[1] * 0.3)
            )
            canvas.cover(patch.window, inside, material, height=base + 1.4)
