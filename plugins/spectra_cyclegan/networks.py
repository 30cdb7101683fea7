"""Networks, as the settings describe them."""

from __future__ import annotations

from torch import Tensor, nn

from spectra import SpectraError
from spectra.nn.initialise import normal_
from spectra.nn.patch_discriminator import PatchDiscriminator, PixelDiscriminator
from spectra.nn.residual import ResidualBlock
from spectra.nn.resnet_generator import ResnetGenerator
from spectra.nn.unet_generator import UnetGenerator, UnetLevel
from spectra.nn.upsample import Upsampling
from spectra_cyclegan.settings import NetworkSettings


def generator_of(settings: NetworkSettings, source: int, target: int) -> nn.Module:
    """Images of [-1, 1] to images of [-1, 1], with initial weights."""
    width, norm, dropout = settings.width, settings.norm, settings.dropout
    if settings.is_unet:
        made: nn.Module = UnetGenerator(source, target, width, settings.halvings, norm, dropout, upsampling(settings))
    else:
        made = ResnetGenerator(
            source, target, width, settings.residual_blocks, norm, dropout, settings.halvings, upsampling(settings)
        )
    return normal_(made, settings.init_std, bias="zero")


def discriminator_of(settings: NetworkSettings, channels: int) -> nn.Module:
    """Images of [-1, 1] to a map of verdicts, with initial weights."""
    width, layers = settings.discriminator_width, settings.discriminator_layers
    if settings.discriminator == "pixel":
        made: nn.Module = PixelDiscriminator(channels, width, settings.norm)
    else:
        made = PatchDiscriminator(channels, width, layers, settings.norm)
    return normal_(made, settings.init_std, bias="zero")


def upsampling(settings: NetworkSettings) -> Upsampling:
    if settings.upsample == "official":
        return "k4" if settings.is_unet else "transposed"
    return settings.upsample


def recomputable(generator: nn.Module) -> list[nn.Module]:
    """Its residual blocks; or of a U-Net all but the outermost level, which holds all others."""
    level = next((module for module in generator.modules() if isinstance(module, UnetLevel)), None)
    if level is not None:
        return [level]
    return [module for module in generator.modules() if isinstance(module, ResidualBlock)]


def translated(generator: nn.Module, source: Tensor, settings: NetworkSettings) -> Tensor:
    """From the unit interval to the unit interval."""
    least = 2**settings.halvings * (1 if settings.is_unet else 2)
    if min(source.shape[-2:]) < least:
        raise SpectraError(
            f"An image of {source.shape[-2]}×{source.shape[-1]} is too small: with `generator: {settings.generator}`, "
            f"which halves it {settings.halvings} times, both sides need {least} pixels or more. Enlarge it, or train "
            "with fewer `downs`."
        )
    target: Tensor = generator(2 * source - 1)
    return (target + 1) / 2
