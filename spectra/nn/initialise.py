"""Initial weights of adversarial networks."""

from __future__ import annotations

from typing import Literal

from torch import nn


def normal_(module: nn.Module, std: float = 0.02, bias: Literal["keep", "zero"] = "keep") -> nn.Module:
    """Draw the weights of convolutions and linear layers from N(0, std), those of batch norms from N(1, std).

    ``bias``: that of convolutions stays as torch drew it (pix2pixHD), or becomes zero (CycleGAN, pix2pix). A batch
    norm's is zero.
    """
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(part.weight, 0.0, std)
            if bias == "zero" and part.bias is not None:
                nn.init.zeros_(part.bias)
        elif isinstance(part, nn.BatchNorm2d) and part.affine:
            nn.init.normal_(part.weight, 1.0, std)
            nn.init.zeros_(part.bias)
    return module
