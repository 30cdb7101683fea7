"""What a user may set."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from spectra import Config

GeneratorKind = Literal["resnet_9", "resnet_6", "unet_256", "unet_128"]


class NetworkSettings(Config):
    """What both methods have in common."""

    generator: GeneratorKind = Field(
        "resnet_9", description="residual network with so many blocks, or U-Net for sides that divide by that number"
    )
    width: int = Field(64, gt=0, description="channels of the generator's first layer (its `ngf`)")
    blocks: int | None = Field(None, ge=0, description="residual blocks, in place of the generator's own number")
    downs: int | None = Field(
        None, ge=2, le=10, description="how often it halves the image, in place of the generator's own number"
    )
    norm: Literal["instance", "batch", "none"] = Field(
        "instance", description="how activations are normalised, in all networks"
    )
    dropout: float = Field(0.0, ge=0, lt=1, description="share of the generator's activations that is dropped")
    upsample: Literal["official", "transposed", "k4", "nearest", "bilinear"] = Field(
        "official",
        description="how the generator doubles the size: `official` is `transposed` 3×3 of residual networks and `k4` "
        "of U-Nets; interpolation and a convolution work against checkerboards",
    )
    discriminator: Literal["patch", "pixel"] = Field(
        "patch", description="what has a verdict of its own: each patch, or each pixel by itself"
    )
    discriminator_width: int = Field(64, gt=0, description="channels of its first layer (its `ndf`)")
    discriminator_layers: int = Field(3, ge=1, le=6, description="layers that halve; 3 see 70 pixels (only `patch`)")
    adversarial: Literal["least_squares", "vanilla", "hinge"] = Field(
        "least_squares", description="what a discriminator's verdict is compared by"
    )
    init_std: float = Field(0.02, gt=0, description="standard deviation of the weights to begin with")

    @property
    def is_unet(self) -> bool:
        return self.generator.startswith("unet")

    @property
    def halvings(self) -> int:
        own = {"unet_256": 8, "unet_128": 7}.get(self.generator, 2)
        return own if self.downs is None else self.downs

    @property
    def residual_blocks(self) -> int:
        own = {"resnet_9": 9, "resnet_6": 6}.get(self.generator, 0)
        return own if self.blocks is None else self.blocks

    @model_validator(mode="after")
    def only_residual_networks_have_blocks(self) -> Self:
        if self.blocks is not None and self.is_unet:
            raise ValueError(f"`{self.generator}` has no residual blocks: leave `blocks` out, or choose `resnet_9`")
        return self


class CycleGANSettings(NetworkSettings):
    """The defaults are the official ones."""

    cycle_source: float = Field(10.0, ge=0, description="weight of the cycle source → target → source (its `lambda_A`)")
    cycle_target: float = Field(10.0, ge=0, description="weight of the cycle target → source → target (its `lambda_B`)")
    identity: float | None = Field(
        None,
        ge=0,
        description="weight of the identity terms, as a share of the cycles'; none: 0.5 where source and target have "
        "as many channels, else 0",
    )
    pool: int = Field(50, ge=0, description="earlier fakes that each discriminator is shown besides; 0: only new ones")


class Pix2PixSettings(NetworkSettings):
    """The defaults are the official ones, but for what becomes of noise in translating."""

    generator: GeneratorKind = Field(
        "unet_256", description="U-Net for sides that divide by that number, or residual network with so many blocks"
    )
    norm: Literal["instance", "batch", "none"] = Field(
        "batch", description="how activations are normalised, in all networks"
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="share of the generator's activations that is dropped")
    adversarial: Literal["least_squares", "vanilla", "hinge"] = Field(
        "vanilla", description="what the discriminator's verdict is compared by"
    )
    noise: bool = Field(
        False, description="drop activations in translating too: each time another image, as the official test does"
    )
    statistics: Literal["running", "batch"] = Field(
        "running",
        description="what batch norms go by in translating: what they have learned, or, as the official test does, the "
        "images that are translated together",
    )
