"""Images with boxes, as a detector learns from them: read from a folder with COCO labels."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from spectra import DataError
from spectra.labels import coco
from spectra.labels.labels import Box, Image
from spectra_detect.settings import LabelSettings

LABELS, IMAGES = "labels.json", "images"
KEPT_BYTES = 1 << 30
GREY = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Found:
    """What stands on one image: ``boxes`` ``(k, 4)`` as left, top, right, bottom; ``classes`` count from 1."""

    boxes: Tensor
    classes: Tensor
    ignored: Tensor
    """Neither to be found nor to be missed: crowds, and what is too small."""


class LabelledImages:
    """A folder ``images/`` with ``labels.json``. Pixels are read when asked for, and kept while there is room."""

    def __init__(self, root: Path, settings: LabelSettings, *, group: str | None = None, grey: bool = False) -> None:
        self.root, self.settings, self.grey = Path(root), settings, grey
        self.labels = coco.read(self.root / LABELS)
        self.images: Sequence[Image] = self.labels.images
        if not self.images:
            raise DataError(f"{str(self.root / LABELS)!r} names no image.")
        self.classes = tuple(settings.classes)
        self._group = re.compile(group) if group else None
        self._kept: dict[int, Tensor] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self.images)

    @property
    def names(self) -> list[str]:
        """File names without suffix and folder."""
        return [Path(image.file).stem for image in self.images]

    @property
    def grouped(self) -> bool:
        """Whether several images may show one scene."""
        return self._group is not None

    @property
    def groups(self) -> list[str]:
        """The scene that each image shows."""
        found = [self._group.search(image.file) if self._group else None for image in self.images]
        return [match[1] if match else image.file for match, image in zip(found, self.images, strict=True)]

    @cached_property
    def found(self) -> list[Found]:
        merged = {name: number for number, names in enumerate(self.settings.classes.values(), 1) for name in names}
        boxes: dict[int, list[Box]] = {image.id: [] for image in self.images}
        for box in self.labels.boxes:
            if box.name in merged:
                boxes[box.image].append(box)
        return [self._found(boxes[image.id], merged) for image in self.images]

    def pixels(self, place: int) -> Tensor:
        """``(3, h, w)``, uint8. One channel is shown three times."""
        if place not in self._kept:
            read = self._read(self.images[place])
            if self._bytes + read.numel() > KEPT_BYTES:
                return read
            self._kept[place] = read
            self._bytes += read.numel()
        return self._kept[place]

    @cached_property
    def digest(self) -> str:
        """Of labels and image files: what a detector that learned from them depends on."""
        total = hashlib.sha256((self.root / LABELS).read_bytes())
        for image in self.images:
            total.update(self.file_digest(image).encode())
        return total.hexdigest()

    def file_digest(self, image: Image) -> str:
        try:
            return hashlib.sha256((self.root / IMAGES / image.file).read_bytes()).hexdigest()
        except OSError as why:
            raise DataError(f"{str(self.root / IMAGES / image.file)!r} cannot be read: {why.strerror}.") from None

    def _found(self, boxes: Sequence[Box], merged: Mapping[str, int]) -> Found:
        corners = [[b.left, b.top, b.left + b.width, b.top + b.height] for b in boxes]
        small = [b.crowd or max(b.width, b.height) < self.settings.smallest for b in boxes]
        return Found(
            torch.tensor(corners, dtype=torch.float32).reshape(-1, 4),
            torch.tensor([merged[b.name] for b in boxes], dtype=torch.long),
            torch.tensor(small, dtype=torch.bool),
        )

    def _read(self, image: Image) -> Tensor:
        path = self.root / IMAGES / image.file
        read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if read is None:
            raise DataError(f"{str(path)!r} is no image that can be read.")
        if read.shape[:2] != (image.height, image.width):
            raise DataError(
                f"{str(path)!r} is {read.shape[1]}×{read.shape[0]}, its labels are for {image.width}×{image.height}."
            )
        eight = _eight_bits(read, path).reshape(*read.shape[:2], -1)
        if eight.shape[2] not in (1, 3):
            raise DataError(f"{str(path)!r} has {eight.shape[2]} channels, and the detector sees one or three.")
        planes = torch.from_numpy(eight[..., ::-1].copy()).permute(2, 0, 1)
        if self.grey and len(planes) == 3:
            planes = (planes * torch.tensor(GREY)[:, None, None]).sum(0, keepdim=True).round().to(torch.uint8)
        return planes.expand(3, -1, -1)


def _eight_bits(read: NDArray[Any], path: Path) -> NDArray[Any]:
    """16 bits hold the same scale, finer."""
    if read.dtype == np.uint8:
        return read
    if read.dtype == np.uint16:
        return np.round(read / 257.0).astype(np.uint8)
    raise DataError(f"{str(path)!r} holds {read.dtype}, and the detector sees 8 or 16 bits.")
