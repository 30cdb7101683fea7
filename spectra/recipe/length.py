"""How long something lasts: `1000` optimizer steps, or `200 epochs`."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Length = Annotated[int, Field(ge=0)] | Annotated[str, Field(pattern=r"^[1-9][0-9]{0,6} epochs?$")]
"""An epoch is one pass over the stage's longest stream."""


def steps_in(length: int | str, epoch: int) -> int:
    """The number of steps, where an epoch has ``epoch`` of them."""
    return length if isinstance(length, int) else int(length.split()[0]) * epoch
