"""What the tests of image files share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def put(tmp_path: Path) -> Callable[[str, bytes], Path]:
    def put(suffix: str, data: bytes) -> Path:
        path = tmp_path / f"image{suffix}"
        path.write_bytes(data)
        return path

    return put
