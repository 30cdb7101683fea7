"""Networks, as the settings describe them, with their initial weights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm

from spectra.nn.initialise import normal_
from spectra_mpfnet.discriminator import Discriminator, SpectralConvolution
from spectra_mpfnet.feature_embedding import Style
from spectra_mpfnet.progressive import Progressive
from spectra_mpfnet.settings import Settings


def progressive_of(settings: Settings, source: int, target: int) -> Progressive:
    network = Progressive(
        source,
        target,
        settings.width,
        settings.used_depths,
        Style.of(settings),
        csff=settings.csff,
        residual=settings.sccm_residual == "input",
        tanh=settings.sccm_activation == "tanh",
    )
    normal_(network, settings.init_std, bias="zero")
    return network


def discriminator_of(settings: Settings, channels: int) -> Discriminator:
    discriminator = Discriminator(
        channels, settings.discriminator_width, settings.discriminator_layers, settings.discriminator_norm
    )
    normal_(discriminator, bias="zero")
    for part in discriminator.modules():
        if isinstance(part, SpectralConvolution):
            part.settle()
    return discriminator


@contextmanager
def aside(network: nn.Module) -> Iterator[None]:
    """Batch norms go by this batch, and remember nothing of it.

    A translator also sees images of another kind than it will translate: its own side of the cycle, and what it is to
    leave alone. Their statistics must not become those that translating goes by.
    """
    norms = [part for part in network.modules() if isinstance(part, _BatchNorm)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


@contextmanager
def frozen(network: nn.Module) -> Iterator[None]:
    """What is computed within leads to no parameter of the network: its graph is freed as soon as it was gone through.

    For a discriminator whose verdict somebody else learns from.
    """
    learning = [parameter for parameter in network.parameters() if parameter.requires_grad]
    for parameter in learning:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in learning:
            parameter.requires_grad_(True)
