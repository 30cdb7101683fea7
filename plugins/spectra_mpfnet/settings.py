"""What a user may set. Where the paper is silent, the default is our choice; docs/mpfnet.md says why."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from spectra import Config

StageName = Literal["translation", "colorization", "joint"]
Part = Literal["translation", "pretraining", "rcab", "scales", "feature_discriminator"]
Skip = Literal["pre_act", "post_act"]
Activation = Literal["leaky_relu", "relu"]
AttentionNorm = Literal["batch", "group", "none"]
DiscriminatorNorm = Literal["spectral", "instance"]
FeatureLoss = Literal["lsgan", "wgan", "vanilla"]
Depth = Annotated[int, Field(ge=1, le=8)]
Weight = Annotated[float, Field(ge=0)]


class Settings(Config):
    """The defaults are the preset `paper`."""

    width: int = Field(64, gt=0, description="channels at the size of each scale; they double with each halving")
    depths: tuple[Depth, ...] = Field(
        (2, 3, 4), min_length=1, max_length=5, description="halvings of each scale's feature embedding, coarsest first"
    )
    csff: bool = Field(
        True, description="what the encoder of a coarser scale found is added to that of the next, besides its features"
    )
    activation: Activation = Field("leaky_relu", description="of the decoders; the encoders have a leaky ReLU")
    skip_source: Skip = Field("pre_act", description="whether a decoder is handed features before or after activation")
    norm_affine: bool = Field(False, description="whether its instance norms learn a scale and a shift")
    norm_first: bool = Field(
        True, description="whether the first block of an encoder has one too: then little brightness gets through"
    )
    rcab_convs: Literal[0, 1, 2] = Field(2, description="3×3 convolutions in a residual coordinate attention block")
    rcab_reduction: int = Field(32, gt=0, description="how many times fewer channels coordinate attention has within")
    rcab_norm: AttentionNorm = Field("batch", description="norm within coordinate attention; an instance norm kills it")
    sccm_residual: Literal["none", "input"] = Field(
        "none", description="`input`: a prediction is what is added to the input; needs `sccm_activation: linear`"
    )
    sccm_activation: Literal["tanh", "linear"] = Field("tanh", description="of each prediction")
    init_std: float = Field(0.02, gt=0, description="standard deviation of the weights to begin with")

    discriminator_width: int = Field(64, gt=0, description="channels of a discriminator's first layer")
    discriminator_layers: int = Field(3, ge=1, le=6, description="its layers that halve; 3 see 70 pixels")
    discriminator_norm: DiscriminatorNorm = Field("spectral", description="how the layers between its ends are kept")
    pool: int = Field(50, ge=0, description="earlier fakes that each discriminator is shown besides; 0: only new ones")

    stages: tuple[StageName, ...] = Field(
        ("translation", "colorization", "joint"), min_length=1, description="the stages that are carried out"
    )
    without: tuple[Part, ...] = Field(
        (),
        description="what is left out: `translation` (no grey between, the colours are made of the source), "
        "`pretraining` (only the stage `joint`), `rcab`, `scales` (only the finest), `feature_discriminator`",
    )
    online: bool = Field(True, description="grey is made of images without a partner too, where the data has such")
    pretrain_unpaired: bool = Field(True, description="colours are learned from images without a partner too")

    adversarial: Weight = Field(1.0, description="weight of the adversarial terms of the translation")
    cycle: Weight = Field(1.0, description="weight of its cycles, there and back again (the paper's λ₁ of eq. 1)")
    identity: Weight = Field(1.0, description="weight of its identities (the paper's λ₂ of eq. 1)")
    pair: Weight = Field(0.0, description="weight of the mean absolute error of a pair's grey; not in the paper")
    joint_translation: Weight = Field(1.0, description="weight of the translation in `joint` (the paper's λ₁ of eq. 5)")
    joint_feature: Weight = Field(1.0, description="weight of the feature term in `joint` (the paper's λ₂ of eq. 5)")
    replay: Weight = Field(0.0, description="weight in `joint` of what `colorization` learned from; not in the paper")
    joint_target: Literal["rgb", "source", "grey"] = Field(
        "rgb", description="what the colours of a translated source are compared with in `joint`"
    )
    feature_loss: FeatureLoss = Field("lsgan", description="of eq. 4: with its squares, linear, or cross entropy")
    feature_real: Literal["colorized", "gt"] = Field(
        "colorized", description="what the feature discriminator takes for real: coloured true grey, or true colours"
    )

    mix_kind: Literal["multi", "single"] = Field("multi", description="SSIM of L_mix by several Gaussians, or by one")
    mix_alpha: float = Field(0.84, ge=0, le=1, description="share of the structure in L_mix")
    mix_window: int = Field(
        33, ge=3, description="side of the windows of `multi`, odd; on scales too small for it, the largest that fits"
    )
    mix_scales: tuple[Weight, ...] | None = Field(
        None, description="weight of L_mix on each scale, coarsest first; none: 1 on each"
    )

    @property
    def used_depths(self) -> tuple[int, ...]:
        return self.depths[-1:] if "scales" in self.without else self.depths

    @property
    def used_stages(self) -> tuple[StageName, ...]:
        """In the order in which they are carried out."""
        left_out = {"translation"} if "translation" in self.without else set()
        left_out |= {"translation", "colorization"} if "pretraining" in self.without else set()
        return tuple(name for name in get_args(StageName) if name in self.stages and name not in left_out)

    @property
    def scale_weights(self) -> tuple[float, ...]:
        given = self.mix_scales
        if given is None:
            return (1.0,) * len(self.used_depths)
        return given[-len(self.used_depths) :]

    @model_validator(mode="after")
    def what_belongs_together_fits(self) -> Self:
        if self.sccm_residual == "input" and self.sccm_activation == "tanh":
            raise ValueError(
                "with `sccm_residual: input` a tanh could not leave the input as it is: `linear` is needed"
            )
        if self.mix_scales is not None and len(self.mix_scales) != len(self.depths):
            raise ValueError(f"`mix_scales` needs a weight for each of the {len(self.depths)} scales")
        if not any(self.scale_weights):
            raise ValueError(
                "`mix_scales` gives no scale that counts a weight: leave L_mix out in the recipe's `weights`"
            )
        if self.mix_window % 2 == 0:
            raise ValueError("`mix_window` has a pixel in its middle: it is odd")
        if not self.used_stages:
            raise ValueError("`without` leaves out every one of the `stages`")
        return self
