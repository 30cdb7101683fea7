"""From the last features of the U-Net to the image."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.nn.norms import InstanceNorm
from spectra_pix2next.activated import activated_convolution
from spectra_pix2next.precision import without_autocast
from spectra_pix2next.settings import Output


class StandardisedConvolution(nn.Conv2d):
    """A 3×3 convolution whose kernel has, for each output channel, mean 0 and deviation 1."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__(source, target, 3, padding=1)

    def standardised(self) -> Tensor:
        """The kernel it convolves with, in float at least: in bf16 a deviation would have 8 bits."""
        kernel = self.weight if self.weight.dtype == torch.float64 else self.weight.float()
        with without_autocast(kernel):
            std, mean = torch.std_mean(kernel, (1, 2, 3), keepdim=True)
            return (kernel - mean) / (std + 1e-5)

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(x, self.standardised().to(x.dtype), self.bias, padding=1)


class Half(nn.Module):
    """Half of the output block: convolution, instance norm, SiLU."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.proj = StandardisedConvolution(source, target)
        self.norm = InstanceNorm(target)


class OutputBlock(nn.Module):
    """Twice a standardised convolution, instance norm and SiLU, plus a 1×1 convolution of ``x``. Keys as official."""

    def __init__(self, source: int, target: int) -> None:
        super().__init__()
        self.block1 = Half(source, target)
        self.block2 = Half(target, target)
        self.residual_layer = nn.Conv2d(source, target, 1)

    def forward(self, x: Tensor) -> Tensor:
        first, second = self.block1, self.block2
        assert second.proj.bias is not None
        h = first.proj(x)
        h = activated_convolution(
            h, first.norm.channels, first.norm.eps, None, second.proj.standardised(), second.proj.bias
        )
        answer: Tensor = functional.silu(second.norm(h)) + self.residual_layer(x)
        return answer


class Head(nn.Module):
    """The last features and those of the stem together to an image, on [-1, 1] once it has learnt.

    The image is float in any autocast, and so is its convolution, since an image of 8 bits would lose levels.
    """

    def __init__(self, width: int, target: int, output: Output) -> None:
        super().__init__()
        self.block = OutputBlock(2 * width, width)
        self.conv = nn.Conv2d(width, target, 3, padding=1)
        self.output = output

    def forward(self, x: Tensor, stem: Tensor) -> Tensor:
        x = self.block(torch.cat([x, stem], 1))
        with without_autocast(x):
            image: Tensor = self.conv(x.to(self.conv.weight.dtype)).to(torch.promote_types(x.dtype, torch.float32))
        return torch.tanh(image) if self.output == "tanh" else image
