"""Draw the pictures of the docs anew: python docs/pictures.py [FOLDER]

FOLDER is that of a bench or of a run: pictures of its report are taken instead, with Playwright and Chromium. Those in
the docs are of the first run in getting_started.md, and of: spectra bench --methods pix2pixhd,cyclegan,graydef --tasks
rgb2nir --preset tiny --budget 120 --set data.scenes.size=128 --set data.scenes.train=24 --set data.scenes.test=24
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from spectra.data.augment import Augmentation
from spectra.data.pairs import Pair, Picture, cut
from spectra.data.pictures import to_array, to_picture
from spectra.data.scenes import scene
from spectra.modalities import Scale
from spectra.recipe.train import TrainSettings

IMAGES = Path(__file__).with_name("images")
SHOWN = (("aerial", 0), ("street", 1))
MODALITIES = ("rgb", "nir", "lwir", "sar")
SIZE, GAP = 256, 6
VARIED = [
    {"flip": {"horizontal": 1.0}},
    {"rotate": {"degrees": (12.0, 12.0)}},
    {"crop": {"size": (120, 180), "resize": SIZE}},
    {"contrast": {"factor": (1.5, 1.5)}},
    {"noise": {"std": (0.1, 0.1)}},
]


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


def varied() -> NDArray[np.uint8]:
    """Above the source, below the target: as they are, then each operation in its column."""
    shown = scene(3, 1, SIZE, "street")
    scale = Scale.parse("dtype")
    source, target = (to_picture(shown.image(modality), scale) for modality in ("rgb", "nir"))
    operations = TrainSettings.model_validate({"augment": VARIED}).augment
    columns = [(source, target)]
    for place, operation in enumerate(operations):
        augmentation = Augmentation([operation])
        plan = augmentation.draw((SIZE, SIZE), np.random.default_rng([6, place]))
        pair = plan.pair(cut(Pair("", "", source, target), plan.window))
        columns.append((pair.source, pair.target))
    return joined([joined([panel(picture) for picture in column], axis=0) for column in columns], axis=1)


def panel(picture: Picture) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8] = to_array(picture.pixels, picture.scale, "uint8")
    height, width, _ = levels.shape
    framed = np.full((SIZE, SIZE, 3), 255, np.uint8)
    framed[:height, :width] = levels
    return framed


def save(picture: NDArray[np.uint8], name: str, quality: int = 85) -> None:
    _, coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    (IMAGES / name).write_bytes(coded.tobytes())


def report_pictures(folder: Path) -> None:
    """The head of the page; of a bench also the first image of its gallery, with the curtain half drawn."""
    from playwright.sync_api import sync_playwright

    of_bench = (folder / "bench.json").is_file()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 1280})
        page.goto((folder / "report.html").resolve().as_uri())
        taken(page.screenshot(), "report_bench.jpg" if of_bench else "report.jpg")
        if of_bench:
            page.locator("[data-curtain]").first.fill("55")
            taken(page.locator(".shot").nth(4).screenshot(), "report_gallery.jpg")
        browser.close()


def taken(data: bytes, name: str) -> None:
    shot = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    save(np.ascontiguousarray(shot[..., ::-1]).astype(np.uint8), name, 75)


def main() -> None:
    if len(sys.argv) > 1:
        report_pictures(Path(sys.argv[1]))
        return
    save(joined([strip(view, index) for view, index in SHOWN], axis=0), "scenes.jpg")
    save(varied(), "augmentation.jpg")


if __name__ == "__main__":
    main()
