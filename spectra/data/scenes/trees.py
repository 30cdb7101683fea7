"""Trees of a street, as cards that face the camera."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .camera import Camera
from .canvas import Canvas
from .noise import Floats, Stream
from .weather import Weather


@dataclass(frozen=True)
class Tree:
    x: float
    z: float
    radius: float
    trunk: float  # metres below the crown
    conifer: bool
    tone: float
    seed: float
    turned: float  # how far it follows the season


def draw_tree(stream: Stream, x: float, z: float, conifers: float) -> Tree:
    conifer = stream.chance(conifers)
    radius = stream.between(1.2, 2.0) if conifer else stream.between(1.6, 3.4)
    return Tree(x, z, radius, stream.between(0.6, 1.2) if conifer else stream.between(1.7, 2.8), conifer,
                stream.between(0.7, 1.3), stream.unit(), stream.between(0.3, 4.0))  # fmt: skip


def paint_tree(canvas: Canvas, camera: Camera, weather: Weather, tree: Tree, ragged: Floats) -> None:
    number = canvas.add("tree")
    placed = camera.upright(tree.x, tree.z, 0.16, tree.trunk + tree.radius)
    if placed is not None:
        window, _, above = placed
        bark = (above >= 0) & (above < tree.trunk + tree.radius) & (np.abs(placed[1]) < 0.18)
        canvas.cover(window, bark, "bark", light=0.4, depth=tree.z, openness=0.6)
        canvas.mark(window, bark, number)
    tall = 4.2 if tree.conifer else 2.1
    placed = camera.upright(tree.x, tree.z, tree.radius * 1.25, tree.radius * tall * 1.1, tree.trunk - 0.2)
    if placed is None:
        return
    window, beside, above = placed
    right, up = beside * (1 / tree.radius), (above - tree.trunk) * (1 / tree.radius)
    reach = _cone(right, up) if tree.conifer else _round(tree, right, up)
    edge = ragged[window] * (0.35 if tree.conifer else 0.55)
    crown = reach + edge < 1.0
    height = tall / 2
    lit = 0.62 + 0.4 * ((up - height) * (1 / height) + right * weather.toward_x) + edge * 0.5
    material = "conifer" if tree.conifer else "copper_beech" if tree.seed > 0.76 else "deciduous"
    look = {"tone": tree.tone, "mix": weather.season * tree.turned, "depth": tree.z, "shadow": 0.0}
    canvas.cover(window, crown, material, light=np.clip(lit, 0.08, 1.3), **look)
    canvas.paint(window, crown, openness=np.clip(0.55 + 0.3 * (up - height), 0.25, 0.9))
    canvas.mark(window, crown, number)


def _round(tree: Tree, right: Floats, up: Floats) -> Floats:
    """Squared distance from a cluster of discs, 1 at the rim."""
    lean = tree.seed - 0.5
    reach = np.full(np.broadcast(right, up).shape, np.float32(9))
    for x, y, r in ((0.0, 1.0, 0.85), (-0.5 + lean * 0.3, 0.75, 0.6), (0.5 + lean * 0.3, 0.8, 0.6), (lean, 1.45, 0.55)):
        dx, dy = (right - x) * (1 / r), (up - y) * (1 / r)
        np.minimum(reach, dx * dx + dy * dy, out=reach)
    return reach


def _cone(right: Floats, up: Floats) -> Floats:
    """A spruce: a triangle whose rim swings out at each whorl."""
    turns = up * 1.7
    rim = (4.1 - up) * 0.25 * (1.12 - 0.3 * (turns - np.floor(turns))) * np.minimum(up * 5.0 + 0.15, 1.0)
    reach: Floats = np.where((up > 0) & (up < 4.1), np.abs(right) / np.maximum(rim, 0.03), 9.0).astype(np.float32)
    return reach
