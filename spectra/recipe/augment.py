"""How training images are varied: the entries of `train.augment`, in the order in which they are applied."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from spectra.recipe.one_of import OneOf, entry
from spectra.settings import Config

Probability = Annotated[float, Field(ge=0, le=1)]
Side = Annotated[int, Field(gt=0, le=65536)]
Interpolation = Literal["nearest", "bilinear", "bicubic", "area"]
On = Literal["source", "target", "both"]

ALWAYS: Probability = 1.0


def _ends(value: Any) -> Any:
    """A single number stands for both ends."""
    ends = _two(value, "write a number, or the lowest and the highest value, such as [1, 2]")
    if all(isinstance(end, int | float) for end in ends) and ends[0] > ends[1]:
        raise ValueError(f"the lowest value comes first: write [{ends[1]}, {ends[0]}]")
    return ends


def _around_zero(value: Any) -> Any:
    """A single number stands for both directions."""
    return (-abs(value), abs(value)) if _is_number(value) else _ends(value)


def _both_sides(value: Any) -> Any:
    return _two(value, "write one number, or [HEIGHT, WIDTH]")


def _two(value: Any, otherwise: str) -> tuple[Any, Any]:
    if _is_number(value):
        return value, value
    if isinstance(value, list | tuple) and len(value) == 2:
        return value[0], value[1]
    raise ValueError(otherwise)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


Factor = Annotated[float, Field(ge=0.01, le=100)]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]
Angle = Annotated[float, Field(ge=-180, le=180)]
Spread = Annotated[float, Field(ge=0, le=1e6)]
Radius = Annotated[float, Field(ge=0, le=100)]
Factors = Annotated[
    tuple[Factor, Factor], BeforeValidator(_ends, json_schema_input_type=Factor | tuple[Factor, Factor])
]
Numbers = Annotated[
    tuple[Number, Number], BeforeValidator(_ends, json_schema_input_type=Number | tuple[Number, Number])
]
Angles = Annotated[
    tuple[Angle, Angle], BeforeValidator(_around_zero, json_schema_input_type=Angle | tuple[Angle, Angle])
]
Spreads = Annotated[
    tuple[Spread, Spread], BeforeValidator(_ends, json_schema_input_type=Spread | tuple[Spread, Spread])
]
Radii = Annotated[tuple[Radius, Radius], BeforeValidator(_ends, json_schema_input_type=Radius | tuple[Radius, Radius])]
Sides = Annotated[tuple[Side, Side], BeforeValidator(_ends, json_schema_input_type=Side | tuple[Side, Side])]
Shape = Annotated[tuple[Side, Side], BeforeValidator(_both_sides, json_schema_input_type=Side | tuple[Side, Side])]


class FlipSettings(Config):
    """Mirrored, the same way for both images."""

    horizontal: Probability = Field(0.5, description="how often left and right change places")
    vertical: Probability = Field(0.0, description="how often top and bottom change places")


class RotateSettings(Config):
    """Turned counter-clockwise about the centre, the same for both images."""

    quarter: bool = Field(False, description="turn by 0, 90, 180 or 270 degrees, exactly; sides change places")
    degrees: Angles = Field(
        (0.0, 0.0), description="turn by an angle between two limits (one number: either way); the size stays"
    )
    interpolation: Literal["nearest", "bilinear", "bicubic"] = Field(
        "bilinear", description="how values between pixels are found, for `degrees`"
    )
    border: Literal["reflect", "invalid"] = Field(
        "reflect", description="what comes in from outside: the image mirrored at its edge, or pixels without data"
    )
    probability: Probability = Field(ALWAYS, description="how often it is done")

    @model_validator(mode="after")
    def _turns(self) -> Self:
        if not self.quarter and self.degrees == (0, 0):
            raise ValueError("say by how much: `degrees: 10`, or `quarter: true`")
        return self


class CropSettings(Config):
    """A square from a random place, the same in both images."""

    size: Sides = Field(description="side in pixels; two numbers: drawn between them, both included")
    resize: Side | None = Field(None, description="side to which the square is brought; none: it stays as it is")
    interpolation: Interpolation = Field("bicubic", description="how it is brought there")


class ResizeSettings(Config):
    """Brought to another size. What shrinks is filtered first, as Pillow does. Say one of the four sizes."""

    size: Shape | None = Field(None, description="height and width; one number: a square; proportions may change")
    short: Side | None = Field(None, description="the shorter side; proportions are kept")
    width: Side | None = Field(None, description="the width; proportions are kept, the height is rounded down")
    multiple: Side | None = Field(None, description="each side becomes the nearest multiple of this")
    interpolation: Interpolation = Field("bicubic", description="how values between pixels are found")

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if sum(said is not None for said in (self.size, self.short, self.width, self.multiple)) != 1:
            raise ValueError("say one of `size`, `short`, `width` and `multiple`")
        return self


class ScaleSettings(Config):
    """Made larger or smaller by a random factor, both sides alike."""

    factor: Factors = Field((0.8, 1.25), description="drawn between these; above 1 enlarges")
    interpolation: Interpolation = Field("bicubic", description="how values between pixels are found")
    probability: Probability = Field(ALWAYS, description="how often it is done")


class ContrastSettings(Config):
    """Each value's distance from a pivot is multiplied."""

    factor: Factors = Field((0.5, 1.5), description="drawn between these; 1 changes nothing")
    pivot: Literal["mean", "bands"] | Number = Field(
        "mean",
        description="`mean`: that of the whole image, its bands together; `bands`: of each band; or a number, in the "
        "unit interval of the scale. Pixels without data do not count",
    )
    on: On = Field("source", description="which image is changed")
    probability: Probability = Field(ALWAYS, description="how often it is done")


class BrightnessSettings(Config):
    """Each value is multiplied, then shifted."""

    factor: Factors = Field((0.8, 1.2), description="drawn between these; 1 changes nothing")
    shift: Numbers = Field((0.0, 0.0), description="drawn between these, in the unit interval of the scale")
    on: On = Field("source", description="which image is changed")
    probability: Probability = Field(ALWAYS, description="how often it is done")


class GammaSettings(Config):
    """Each value is raised to a power; those below 0 as if above, with the sign kept."""

    exponent: Factors = Field((0.8, 1.25), description="drawn between these; 1 changes nothing, less brightens")
    on: On = Field("source", description="which image is changed")
    probability: Probability = Field(ALWAYS, description="how often it is done")


class NoiseSettings(Config):
    """Gaussian noise of its own for each pixel and band is added; on both: the same to both."""

    std: Spreads = Field((0.0, 0.02), description="standard deviation, drawn between these, in the unit interval")
    on: On = Field("source", description="which image is changed")
    probability: Probability = Field(ALWAYS, description="how often it is done")


class BlurSettings(Config):
    """Blurred by a Gaussian."""

    sigma: Radii = Field((0.0, 1.5), description="standard deviation in pixels, drawn between these")
    on: On = Field("source", description="which image is changed")
    probability: Probability = Field(ALWAYS, description="how often it is done")


class Pix2PixHDSettings(Config):
    """The five ways of pix2pixHD to prepare images, with a flip."""

    mode: Literal["resize_and_crop", "crop", "scale_width", "scale_width_and_crop", "none"] = Field(
        "scale_width", description="as its `resize_or_crop`; `none` brings each side to a multiple"
    )
    load: Side = Field(1024, description="as its `loadSize`: side or width to which images are brought")
    crop: Side = Field(512, description="as its `fineSize`: side of the random crop")
    multiple: Side = Field(16, description="for `none`: 2 to the number of downsamplings (32 with a local enhancer)")
    flip: Probability = Field(0.5, description="how often left and right change places")


class MPFNetSettings(Config):
    """As MPFNet does: with some probability contrast on the source and a crop of random size; then a flip."""

    probability: Probability = Field(0.8, description="how often contrast and crop are done; else only the flip")
    factor: Factors = Field((0.5, 1.5), description="of the contrast of the source, about its mean")
    size: Sides = Field((180, 256), description="side of the random crop, drawn between these")
    resize: Side = Field(256, description="side to which the crop is brought")
    interpolation: Interpolation = Field("bicubic", description="how it is brought there")
    flip: Probability = Field(0.5, description="how often left and right change places")


class Pix2NextSettings(Config):
    """As Pix2Next does: one size for all, proportions not kept."""

    size: Shape = Field((256, 256), description="height and width; one number: a square")
    interpolation: Interpolation = Field("bilinear", description="how values between pixels are found")
    flip: Probability = Field(0.0, description="how often left and right change places")


class Operation(OneOf):
    """One entry of the list: the name of one operation, and its settings."""

    wanted = "write one operation for each entry of the list"

    flip: FlipSettings | None = None
    rotate: RotateSettings | None = None
    crop: CropSettings | None = None
    resize: ResizeSettings | None = None
    scale: ScaleSettings | None = None
    contrast: ContrastSettings | None = None
    brightness: BrightnessSettings | None = None
    gamma: GammaSettings | None = None
    noise: NoiseSettings | None = None
    blur: BlurSettings | None = None
    pix2pixhd: Pix2PixHDSettings | None = None
    mpfnet: MPFNetSettings | None = None
    pix2next: Pix2NextSettings | None = None


Name = Literal[
    "flip", "scale", "contrast", "brightness", "gamma", "noise", "blur", "pix2pixhd", "mpfnet", "pix2next"
]  # fmt: skip
"""Operations that can do without settings."""


def _list(value: Any) -> Any:
    if isinstance(value, str | dict):
        raise ValueError("write a list of operations, such as [flip, {crop: {size: 256}}]")
    return value


Augment = Annotated[
    list[Annotated[Operation, BeforeValidator(entry, json_schema_input_type=Name | Operation)]], BeforeValidator(_list)
]
