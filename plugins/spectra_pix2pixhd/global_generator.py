"""The global generator: one flat sequence, with the keys of the official code."""

from __future__ import annotations

from torch import Tensor, nn

from spectra_pix2pixhd.layers import Style, head, trunk

DEFAULT = Style()


class GlobalGenerator(nn.Module):
    """Images of [-1, 1] to images of [-1, 1]; height and width divide by 2 to the number of ``downs``."""

    def __init__(
        self, source: int, target: int, width: int = 64, downs: int = 4, blocks: int = 9, style: Style = DEFAULT
    ) -> None:
        super().__init__()
        self.model = nn.Sequential(*trunk(source, width, downs, blocks, style), *head(width, target, style))

    def forward(self, source: Tensor) -> Tensor:
        target: Tensor = self.model(source)
        return target
