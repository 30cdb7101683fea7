"""What a user may set."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from spectra import Config

RGB2IR, SAR2IR = 1.3, 1.15

Variant = Literal["factor", "affine", "channels", "lookup"]


class Settings(Config):
    factor: Annotated[float, Field(gt=0)] | Literal["fit"] = Field(
        RGB2IR,
        description="the intensity factor f, or `fit` to find on pairs what the variant needs",
    )
    variant: Variant = Field(
        "factor",
        description="what becomes of the mean A of the channels: `factor` f·A, `affine` a·A + b, `lookup` the mean "
        "target of each level of A; or `channels`, a weight for each channel in place of the mean",
    )

    @model_validator(mode="after")
    def fitted_variants_take_no_factor(self) -> Settings:
        if self.variant != "factor" and self.factor != "fit":
            raise ValueError(
                f"the variant {self.variant!r} is fitted on pairs and takes no factor: "
                f"set factor: fit in place of {self.factor}"
            )
        return self
