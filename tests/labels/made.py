"""Small labels in every format, for tests that read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from spectra.labels.labels import Box, Image, Labels

IMAGES = [Image(1, "a.png", 40, 20), Image(2, "sub/b.png", 64, 48), Image(3, "c.png", 10, 10)]


def labels() -> Labels:
    boxes = [
        Box(1, "car", 2, 3, 10, 12),
        Box(1, "truck", 0, 0, 40, 20),
        Box(2, "car", 10.5, 20.25, 30.125, 7.75),
        Box(2, "person", 63, 47, 1, 1),
    ]
    return Labels(list(IMAGES), boxes, ("car", "truck", "bus", "person"))


def coco_content() -> dict[str, Any]:
    """A file that says all that COCO can say, with ids that are neither small nor in order."""
    return {
        "info": {"description": "made", "year": 2026},
        "licenses": [{"id": 7, "name": "free", "url": ""}],
        "images": [
            {"id": 42, "file_name": "a.png", "width": 40, "height": 20, "license": 7, "date_captured": "now"},
            {"id": 9, "file_name": "sub/b.png", "width": 64, "height": 48, "license": 7},
        ],
        "annotations": [
            {
                "id": 900,
                "image_id": 42,
                "category_id": 3,
                "bbox": [2, 3, 10.5, 12],
                "area": 77.25,
                "iscrowd": 0,
                "segmentation": [[2, 3, 12.5, 3, 12.5, 15]],
            },
            {
                "id": 12,
                "image_id": 9,
                "category_id": 1,
                "bbox": [5, 6, 7, 8],
                "area": 30,
                "iscrowd": 0,
                "segmentation": [[5, 6, 12, 6, 12, 14]],
                "keypoints": [6, 7, 2, 0, 0, 0],
                "num_keypoints": 1,
                "of_our_own": {"x": [1, None]},
            },
            {
                "id": 13,
                "image_id": 9,
                "category_id": 1,
                "bbox": [0, 0, 64, 48],
                "area": 6,
                "iscrowd": 1,
                "segmentation": {"size": [48, 64], "counts": [10, 6, 3056]},
            },
        ],
        "categories": [
            {"id": 3, "name": "car", "supercategory": "vehicle"},
            {"id": 1, "name": "person", "supercategory": "", "keypoints": ["nose", "toe"], "skeleton": [[1, 2]]},
            {"id": 8, "name": "bus", "supercategory": "vehicle"},
        ],
    }


def coco_file(path: Path, content: Any = None) -> Path:
    path.write_text(json.dumps(coco_content() if content is None else content), encoding="utf-8")
    return path


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def xml(objects: str, width: int = 40, height: int = 20, extra: str = "") -> str:
    size = f"<size><width>{width}</width><height>{height}</height><depth>3</depth></size>"
    return f"<annotation>\n<filename>a.jpg</filename>{extra}\n{size}\n{objects}\n</annotation>"


def thing(name: str, *edges: object, extra: str = "") -> str:
    inner = "".join(f"<{tag}>{edge}</{tag}>" for tag, edge in zip(("xmin", "ymin", "xmax", "ymax"), edges, strict=True))
    return f"<object><name>{name}</name>{extra}<bndbox>{inner}</bndbox></object>\n"


def places(labels: Labels) -> list[tuple[str, str, float, float, float, float]]:
    """Where each box lies, by the name of its image: all that every format keeps."""
    files = {image.id: image.file for image in labels.images}
    return [(files[box.image], box.name, box.left, box.top, box.width, box.height) for box in labels.boxes]
