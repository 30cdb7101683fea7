"""What a user may set."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from spectra import Config

Norm = Literal["instance", "batch"]
Upsampling = Literal["transposed", "k4", "nearest", "bilinear"]
Padding = Literal["zero", "reflect"]
Output = Literal["tanh", "sigmoid", "linear"]


class Settings(Config):
    """The defaults are the official ones."""

    generator: Literal["global", "local"] = Field(
        "global", description="`global`: one network; `local`: with enhancers around it, from coarse to fine"
    )
    width: int = Field(64, gt=0, description="channels of the first layer at full size (its `ngf`)")
    downs: int = Field(4, ge=1, le=8, description="how often the global generator halves the image")
    blocks: int = Field(9, ge=1, description="residual blocks of the global generator")
    enhancers: int = Field(1, ge=1, le=4, description="local enhancers; each doubles the size (only `local`)")
    local_blocks: int = Field(3, ge=0, description="residual blocks of each enhancer (only `local`)")
    fix_global: bool = Field(
        False, description="a stage `fixed_global` first, in which only the outermost enhancer learns (only `local`)"
    )
    norm: Norm = Field("instance", description="how activations are normalised, in all networks")
    upsample: Upsampling = Field(
        "transposed",
        description="how the generator doubles the size: `transposed` 3×3 as the official code, `k4` a transposed "
        "convolution of even overlap, or interpolation and a convolution, against checkerboards",
    )
    padding: Padding = Field(
        "zero",
        description="what lies beyond the edge for the generator's strided convolutions; `reflect` against spots",
    )
    output: Output = Field("tanh", description="the generator's last activation; `linear`: none")
    discriminator_width: int = Field(64, gt=0, description="channels of its first layer (its `ndf`)")
    discriminator_layers: int = Field(3, ge=1, le=6, description="layers that halve, at each scale; 3 see 70 pixels")
    scales: int = Field(2, ge=1, le=6, description="sizes at which a discriminator looks (its `num_D`)")
    adversarial: Literal["least_squares", "vanilla", "hinge"] = Field(
        "least_squares", description="what the discriminator's verdict is compared by"
    )
    pool: int = Field(0, ge=0, description="earlier fakes that the discriminator is shown besides; 0: only new ones")

    @model_validator(mode="after")
    def only_enhancers_leave_the_rest_fixed(self) -> Self:
        if self.fix_global and self.generator == "global":
            raise ValueError("`fix_global` needs local enhancers: set `generator: local`, or leave it out")
        return self
