"""The residual block of the U-Net."""

from __future__ import annotations

from torch import Tensor, nn

from spectra_pix2next.activated import activated_convolution


class Residual(nn.Module):
    """``x``, through a 1×1 convolution where channels change, plus twice norm, SiLU, convolution. Keys as official."""

    def __init__(self, source: int, target: int, groups: int) -> None:
        super().__init__()
        self.norm = group_norm(groups, source)
        self.conv_feature = nn.Conv2d(source, target, 3, padding=1)
        self.norm_merged = group_norm(groups, target)
        self.conv_merged = nn.Conv2d(target, target, 3, padding=1)
        self.residual_layer = nn.Identity() if source == target else nn.Conv2d(source, target, 1)

    def forward(self, x: Tensor) -> Tensor:
        branch = _convolved(self.conv_merged, self.norm_merged, _convolved(self.conv_feature, self.norm, x))
        branch += self.residual_layer(x)
        return branch


def group_norm(groups: int, channels: int, eps: float = 1e-5) -> nn.GroupNorm:
    """With the greatest number of groups, not above ``groups``, that divides the channels."""
    return nn.GroupNorm(next(n for n in range(min(groups, channels), 0, -1) if channels % n == 0), channels, eps)


def _convolved(convolution: nn.Conv2d, norm: nn.GroupNorm, x: Tensor) -> Tensor:
    assert convolution.bias is not None
    affine = norm.weight, norm.bias
    return activated_convolution(x, norm.num_groups, norm.eps, affine, convolution.weight, convolution.bias)
