"""One spelling for splits that are folders, however those are written."""

from __future__ import annotations

from collections.abc import Mapping

USUAL: Mapping[str, str] = {"train": "train", "val|validation": "val", "test": "test"}
