"""The discriminator of pix2pixHD: the same patches at several sizes of the image."""

from __future__ import annotations

from torch import Tensor, nn

from spectra.nn.norms import Norm
from spectra.nn.patch_discriminator import patch_layers
from spectra.nn.pyramid import halved

WIDEST = 512


class MultiscaleDiscriminator(nn.Module):
    """For each scale, the finest first, the maps after each layer, of which the last holds the verdicts (logits).

    Keys as in the official code with feature matching: there ``scale0`` is the coarsest.
    """

    def __init__(
        self, channels: int, width: int = 64, layers: int = 3, scales: int = 2, norm: Norm = "instance"
    ) -> None:
        super().__init__()
        self.scales = scales
        self.layers = layers
        for scale in range(scales):
            groups = patch_layers(channels, width, layers, norm, padding=2, bias=True, widest=WIDEST)
            for place, group in enumerate(groups):
                self.add_module(f"scale{scale}_layer{place}", nn.Sequential(*group))

    def forward(self, image: Tensor) -> list[list[Tensor]]:
        found = []
        for scale in reversed(range(self.scales)):
            found.append(self._maps(image, scale))
            image = halved(image) if scale else image
        return found

    def _maps(self, image: Tensor, scale: int) -> list[Tensor]:
        maps = [image]
        for place in range(self.layers + 2):
            maps.append(self.get_submodule(f"scale{scale}_layer{place}")(maps[-1]))
        return maps[1:]
