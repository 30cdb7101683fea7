"""People in a street."""

from __future__ import annotations

import numpy as np

from .camera import Camera
from .canvas import Canvas
from .noise import Stream


def paint_person(canvas: Canvas, camera: Camera, stream: Stream, x: float, z: float) -> None:
    tall, stride = stream.between(1.55, 1.9), stream.between(0.05, 0.3)
    shirt = stream.pick(("dark_cloth", "bright_cloth"))
    trousers = "bright_cloth" if stream.chance(0.25) else "dark_cloth"
    tone, number = stream.between(0.7, 1.4), canvas.add("person")
    placed = camera.upright(x, z, 0.4, tall)
    if placed is None:
        return
    window, beside, above = placed
    side, up = np.abs(beside), above * (1 / tall)
    look = {"light": 0.75, "depth": z, "shadow": 0.0}
    spread = np.maximum(0.5 - up, 0.0) * (stride * 2)
    legs = (up >= 0) & (up < 0.5) & (np.abs(side - 0.08 - spread) < 0.085)
    torso = (up >= 0.47) & (up < 0.84) & (side < 0.27 - np.abs(up - 0.74) * 0.25)
    dx, dy = beside * (1 / 0.105), (up - 0.925) * (tall / 0.135)
    head = dx * dx + dy * dy < 1.0
    hair = head & (up > 0.95)
    for mask, material in ((legs, trousers), (torso, shirt), (head, "skin"), (hair, "dark_cloth")):
        canvas.cover(window, mask, material, tone=tone if mask is torso else 1.0, **look)
        canvas.mark(window, mask, number)
    canvas.cover(window, (up >= 0) & (up < 0.04) & legs, "rubber", **look)
