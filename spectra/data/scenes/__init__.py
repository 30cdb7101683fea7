"""Built-in scenes: seeded, procedural, aligned multispectral images with labels. See docs/scenes.md."""

from __future__ import annotations

from .canvas import Box
from .materials import MATERIALS, Material
from .scene import VIEWS, Scene, scene
from .sensors import BANDS

__all__ = ["BANDS", "MATERIALS", "VIEWS", "Box", "Material", "Scene", "scene"]
