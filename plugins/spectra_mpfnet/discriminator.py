"""The discriminator of patches, its layers between the ends kept in bounds by a spectral or an instance norm."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.losses.precision import without_autocast
from spectra.nn.norms import InstanceNorm
from spectra_mpfnet.residual_attention import SLOPE
from spectra_mpfnet.settings import DiscriminatorNorm

EPS = 1e-12
SETTLING = 15
"""Power iterations before it learns: of weights just drawn, one alone would be far off."""


class SpectralConvolution(nn.Conv2d):
    """A convolution whose weight is divided by its largest singular value (Miyato et al., 2018).

    That value is followed by one power iteration a step of learning. It is computed in float under autocast too.
    """

    left: Tensor
    right: Tensor

    def __init__(self, source: int, target: int, kernel: int, stride: int, padding: int) -> None:
        super().__init__(source, target, kernel, stride, padding)
        self.register_buffer("left", functional.normalize(torch.randn(target), dim=0))
        self.register_buffer("right", functional.normalize(torch.randn(source * kernel**2), dim=0))

    def forward(self, x: Tensor) -> Tensor:
        with without_autocast(x):
            weight = self.weight / self._largest(self.weight.flatten(1))
        convolved: Tensor = self._conv_forward(x, weight, self.bias)
        return convolved

    def _largest(self, weight: Tensor) -> Tensor:
        if self.training:
            self._follow(weight.detach())
        return torch.dot(self.left.clone(), weight @ self.right.clone())

    def settle(self) -> None:
        for _ in range(SETTLING):
            self._follow(self.weight.detach().flatten(1))

    @torch.no_grad()
    def _follow(self, weight: Tensor) -> None:
        self.right.copy_(functional.normalize(weight.T @ self.left, dim=0, eps=EPS))
        self.left.copy_(functional.normalize(weight @ self.right, dim=0, eps=EPS))


class Discriminator(nn.Module):
    """Images of [-1, 1] to a map of verdicts (logits); with 3 ``layers`` that halve, each is of 70×70 pixels."""

    def __init__(self, channels: int, width: int = 64, layers: int = 3, norm: DiscriminatorNorm = "spectral") -> None:
        super().__init__()
        found: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1), nn.LeakyReLU(SLOPE)]
        wide = width
        for layer in range(1, layers + 1):
            wider = min(2 * wide, 8 * width)
            found += _between(wide, wider, 2 if layer < layers else 1, norm)
            wide = wider
        self.model = nn.Sequential(*found, nn.Conv2d(wide, 1, 4, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        verdicts: Tensor = self.model(image)
        return verdicts


def _between(source: int, target: int, stride: int, norm: DiscriminatorNorm) -> list[nn.Module]:
    if norm == "spectral":
        return [SpectralConvolution(source, target, 4, stride, 1), nn.LeakyReLU(SLOPE)]
    return [nn.Conv2d(source, target, 4, stride, 1), InstanceNorm(target), nn.LeakyReLU(SLOPE)]
