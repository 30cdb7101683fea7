"""What a user may set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from spectra import Config

Attended = Literal["all", "bottleneck", "none"]
Skips = Literal["concat", "add"]
Merge = Literal["heads", "scrambled"]
Condition = Literal["last", "pyramid"]
ExtractorInput = Literal["image", "stem"]
Output = Literal["linear", "tanh"]
Norm = Literal["instance", "batch"]
Size = Literal["base", "tiny"]

FAMILIES: Mapping[str, Mapping[Size, str]] = {
    "internimage": {"base": "internimage:b", "tiny": "internimage:t"},
    "swinv2": {"base": "timm:swinv2_base_window8_256", "tiny": "timm:swinv2_tiny_window8_256"},
    "vit": {"base": "timm:vit_base_patch16_224", "tiny": "timm:vit_tiny_patch16_224"},
    "resnet": {"base": "timm:resnet50", "tiny": "timm:resnet18"},
}
"""What the bare name of a family stands for. The paper names families alone (Table 4): which members is our choice."""


class InternImageSettings(Config):
    """What replaces a figure of the named variant of InternImage; what is not said stays."""

    channels: int | None = Field(None, gt=0, description="channels of its first stage; each further one has twice")
    depths: list[int] | None = Field(None, min_length=1, max_length=4, description="layers of each stage")
    group_channels: int | None = Field(None, gt=0, description="channels that share offsets and masks")
    offset_scale: float | None = Field(None, gt=0, description="how far offsets and the 3×3 lattice reach")
    layer_scale: float | None = Field(None, gt=0, description="initial factor of each branch")
    drop_path: float | None = Field(None, ge=0, lt=1, description="share of branches left out in training, at the end")


class Settings(Config):
    """The defaults are our reading of the paper."""

    generator: Literal["unet", "resnet"] = Field(
        "unet",
        description="`unet`: Pix2Next; `resnet`: pix2pixHD's global generator with layers of the InternImage that "
        "`extractor` names for its residual blocks (middle row of the paper's Table 6); nothing is attended to there",
    )
    width: int = Field(
        128,
        gt=0,
        description="channels at full size; the levels of `unet` have 2, 4, 4, 4 times as many, of `resnet` 2, 4, 8, …",
    )
    blocks: int = Field(
        3,
        ge=2,
        description="`unet`: residual blocks of a level, of which one is attention where it attends; `resnet`: layers "
        "of InternImage in the middle, 9 in pix2pixHD",
    )
    downs: int = Field(4, ge=1, le=8, description="how often `resnet` halves the image; `unet` does so 3 times")
    groups: int = Field(32, gt=0, description="groups of its group norms; fewer where channels do not divide by them")
    heads: int = Field(4, gt=0, description="heads of its attention")
    attention: Attended = Field("all", description="in encoder, bottleneck and decoder, in the bottleneck, or nowhere")
    skips: Skips = Field("concat", description="how the decoder takes in what the encoder found")
    merge: Merge = Field(
        "heads", description="how heads of the cross-attention come together; `scrambled`: as the released code"
    )
    condition: Condition = Field(
        "last",
        description="what is attended to: the extractor's last stage, or, as the code before July 2025, the first in "
        "the encoder, the second in the bottleneck, the last in the decoder",
    )
    extractor: str = Field(
        FAMILIES["internimage"]["base"],
        description="`internimage:t`, `s`, `b`, `l`, `xl`, `official`; `timm:NAME` for any backbone of timm; `none`, "
        "also where none is named and nothing attends; or a family, of which `extractor_size` says the member: "
        "`internimage`, `swinv2`, `vit`, `resnet`",
    )
    extractor_size: Size = Field("base", description="which member the bare name of a family stands for")
    extractor_input: ExtractorInput = Field("image", description="whether it sees the source or the stem's features")
    extractor_weights: str | None = Field(
        None, description="`pretrained`, or a file of the reference's weights; none: it learns from scratch"
    )
    extractor_frozen: bool = Field(False, description="whether it stays as it is while the rest learns")
    internimage: InternImageSettings = Field(
        default_factory=InternImageSettings, description="what replaces figures of the named InternImage"
    )
    output: Output = Field("linear", description="the last activation")
    tripled: bool = Field(
        False,
        description="a target of one channel is learned three times over, as the released code does, and the answer is "
        "the mean of the three",
    )
    order: Literal["discriminator_first", "generator_first"] = Field(
        "discriminator_first",
        description="who learns first in a step: as in the paper's Algorithm 1, or as in its code",
    )
    adversarial: Literal["least_squares", "vanilla", "hinge"] = Field(
        "least_squares", description="what the discriminator's verdict is compared by"
    )
    discriminator_width: int = Field(64, gt=0, description="channels of its first layer")
    discriminator_layers: int = Field(3, ge=1, le=6, description="layers that halve, at each scale; 3 see 70 pixels")
    discriminator_norm: Norm = Field("instance", description="the paper's; `batch`: the code's")
    scales: int = Field(3, ge=1, le=6, description="sizes at which a discriminator looks")
    dead_head: bool = Field(
        False,
        description="whether it holds the classification head that the released checkpoints have and no pass uses, so "
        "that it can be given back at export",
    )

    @model_validator(mode="before")
    @classmethod
    def family_by_its_member(cls, said: Any) -> Any:
        if not isinstance(said, dict):
            return said
        idle = said.get("generator", "unet") == "unet" and said.get("attention") == "none"
        extractor = said.get("extractor", "none" if idle else "internimage")
        members = FAMILIES.get(extractor, {}) if isinstance(extractor, str) else {}
        return {**said, "extractor": members.get(said.get("extractor_size", "base"), extractor)}

    @model_validator(mode="after")
    def only_what_is_there_is_set(self) -> Self:
        asked = self.extractor_weights or self.extractor_frozen or self.condition == "pyramid"
        if self.extractor == "none" and asked:
            raise ValueError(
                "`extractor: none` has no weights, cannot be frozen, and gives no pyramid: leave out "
                "`extractor_weights`, `extractor_frozen` and `condition`"
            )
        if self.generator == "unet" and self.attention == "none" and self.extractor != "none":
            raise ValueError(
                f"`attention: none` leaves nobody to look at what the extractor {self.extractor!r} finds: "
                "say `extractor: none` as well, or let it attend"
            )
        return self

    @model_validator(mode="after")
    def an_internimage_is_named_where_it_is_needed(self) -> Self:
        internimage = self.extractor.startswith("internimage:")
        if self.generator == "resnet" and not internimage:
            raise ValueError(
                "`generator: resnet` has layers of an InternImage: choose one as `extractor`, which names it"
            )
        if self.dead_head and (self.generator != "unet" or not internimage):
            raise ValueError(
                "`dead_head` is that of the InternImage of a `unet`: choose one as `extractor`, or leave it out"
            )
        return self

    @model_validator(mode="after")
    def heads_share_the_channels(self) -> Self:
        if self.generator == "unet" and self.attention != "none" and 4 * self.width % self.heads:
            raise ValueError(
                f"{self.heads} `heads` cannot share 4 × {self.width} channels: choose a `width` that divides by "
                f"{self.heads}, or fewer heads"
            )
        return self
