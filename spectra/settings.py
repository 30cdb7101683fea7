"""The base of everything a person may set: settings of plugins, and the parts of a recipe."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Config(BaseModel):
    """Frozen, and a key it does not know is an error: a typo must not become a default.

    Plugins subclass it for their own settings::

        class Settings(Config):
            width: int = Field(64, gt=0, description="channels of the first layer")
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)
