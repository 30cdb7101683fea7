"""The discriminator of pix2pix and CycleGAN: a verdict for each patch of an image, or for each pixel."""

from __future__ import annotations

from torch import Tensor, nn

from spectra.nn import norms
from spectra.nn.norms import Norm, biased


class PatchDiscriminator(nn.Module):
    """A map of verdicts (logits), each of a patch: with 3 ``layers`` that halve, of 70×70 pixels.

    Keys as in the official code, where the convolutions before a norm have a bias only if it is an instance norm.
    """

    def __init__(
        self,
        channels: int,
        width: int = 64,
        layers: int = 3,
        norm: Norm = "instance",
        padding: int = 1,
        use_bias: bool | None = None,
    ) -> None:
        super().__init__()
        bias = biased(norm) if use_bias is None else use_bias
        groups = patch_layers(channels, width, layers, norm, padding, bias, widest=8 * width)
        self.model = nn.Sequential(*(layer for group in groups for layer in group))

    def forward(self, image: Tensor) -> Tensor:
        verdicts: Tensor = self.model(image)
        return verdicts


class PixelDiscriminator(nn.Module):
    """A verdict (a logit) for each pixel by itself."""

    def __init__(self, channels: int, width: int = 64, norm: Norm = "instance") -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Conv2d(channels, width, 1),
            nn.LeakyReLU(0.2, True),
            nn.Conv2d(width, 2 * width, 1, bias=biased(norm)),
            norms.norm(norm, 2 * width),
            nn.LeakyReLU(0.2, True),
            nn.Conv2d(2 * width, 1, 1, bias=biased(norm)),
        )

    def forward(self, image: Tensor) -> Tensor:
        verdicts: Tensor = self.net(image)
        return verdicts


def patch_layers(
    channels: int, width: int, layers: int, kind: Norm, padding: int, bias: bool, widest: int
) -> list[list[nn.Module]]:
    """Convolutions with what follows them: ``layers`` that halve, one that does not, and the verdict."""
    groups: list[list[nn.Module]] = [[nn.Conv2d(channels, width, 4, 2, padding), nn.LeakyReLU(0.2, True)]]
    for layer in range(1, layers + 1):
        wider = min(2 * width, widest)
        convolution = nn.Conv2d(width, wider, 4, 2 if layer < layers else 1, padding, bias=bias)
        groups.append([convolution, norms.norm(kind, wider), nn.LeakyReLU(0.2, True)])
        width = wider
    return [*groups, [nn.Conv2d(width, 1, 4, 1, padding)]]
