"""Which values of a metric are the better ones."""

from __future__ import annotations

from typing import Literal

Better = Literal["higher", "lower"]
