"""Draw the pictures of the docs anew: python docs/pictures.py"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from spectra.data.scenes import scene

IMAGES = Path(__file__).with_name("images")
SHOWN = (("aerial", 0), ("street", 1))
MODALITIES = ("rgb", "nir", "lwir", "sar")
SIZE, GAP = 256, 6


def strip(view: str, index: int) -> NDArray[np.uint8]:
    """One scene in every modality, side by side."""
    shown = scene(3, index, SIZE, view)
    return joined([np.broadcast_to(shown.image(modality), (SIZE, SIZE, 3)) for modality in MODALITIES], axis=1)


def joined(panels: list[NDArray[np.uint8]], axis: int) -> NDArray[np.uint8]:
    """Panels in a row or a column with white between them."""
    shape = list(panels[0].shape)
    shape[axis] = GAP
    gap = np.full(shape, 255, np.uint8)
    return np.concatenate([part for panel in panels for part in (panel, gap)][:-1], axis=axis)


def main() -> None:
    picture = joined([strip(view, index) for view, index in SHOWN], axis=0)
    _, coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])
    (IMAGES / "scenes.jpg").write_bytes(coded.tobytes())


if __name__ == "__main__":
    main()
