"""From the settings of the recipe to operations; the ways of published methods are chains of our own."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch

from spectra.data.augment import photometry
from spectra.data.augment.operations import (
    Chain,
    Crop,
    Flip,
    Operation,
    Photometric,
    Resize,
    Rotate,
    Scale,
)
from spectra.recipe import augment as said
from spectra.settings import Config


@singledispatch
def operation_of(settings: Config) -> Operation:
    raise TypeError(f"{type(settings).__name__} is the settings of no operation.")


operation_of.register(said.FlipSettings, Flip)
operation_of.register(said.RotateSettings, Rotate)
operation_of.register(said.CropSettings, Crop)
operation_of.register(said.ResizeSettings, Resize)
operation_of.register(said.ScaleSettings, Scale)


@operation_of.register
def _(settings: said.ContrastSettings) -> Operation:
    return Photometric(settings, lambda s, random: photometry.Contrast(s.on, random.uniform(*s.factor), s.pivot))


@operation_of.register
def _(settings: said.BrightnessSettings) -> Operation:
    return Photometric(
        settings,
        lambda s, random: photometry.Brightness(s.on, random.uniform(*s.factor), random.uniform(*s.shift)),
    )


@operation_of.register
def _(settings: said.GammaSettings) -> Operation:
    return Photometric(settings, lambda s, random: photometry.Gamma(s.on, random.uniform(*s.exponent)))


@operation_of.register
def _(settings: said.NoiseSettings) -> Operation:
    return Photometric(
        settings, lambda s, random: photometry.Noise(s.on, random.uniform(*s.std), int(random.integers(2**63)))
    )


@operation_of.register
def _(settings: said.BlurSettings) -> Operation:
    return Photometric(settings, lambda s, random: photometry.Blur(s.on, random.uniform(*s.sigma)))


@operation_of.register
def _(settings: said.Pix2PixHDSettings) -> Operation:
    before: Sequence[Config]
    crop = said.CropSettings(size=(settings.crop, settings.crop))
    width = said.ResizeSettings(width=settings.load)
    if settings.mode == "resize_and_crop":
        before = [said.ResizeSettings(size=(settings.load, settings.load)), crop]
    elif settings.mode == "scale_width_and_crop":
        before = [width, crop]
    elif settings.mode == "none":
        before = [said.ResizeSettings(multiple=settings.multiple)]
    else:
        before = [crop] if settings.mode == "crop" else [width]
    return _chain(*before, said.FlipSettings(horizontal=settings.flip))


@operation_of.register
def _(settings: said.MPFNetSettings) -> Operation:
    contrast = said.ContrastSettings(factor=settings.factor, on="source")
    crop = said.CropSettings(size=settings.size, resize=settings.resize, interpolation=settings.interpolation)
    often = Chain((operation_of(contrast), operation_of(crop)), settings.probability)
    return Chain((often, operation_of(said.FlipSettings(horizontal=settings.flip))))


@operation_of.register
def _(settings: said.Pix2NextSettings) -> Operation:
    resize = said.ResizeSettings(size=settings.size, interpolation=settings.interpolation)
    return _chain(resize, said.FlipSettings(horizontal=settings.flip))


def _chain(*settings: Config) -> Operation:
    return Chain(tuple(operation_of(one) for one in settings))
