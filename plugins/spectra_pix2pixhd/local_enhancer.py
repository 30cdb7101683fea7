"""Local enhancers around a global generator, from coarse to fine."""

from __future__ import annotations

from torch import Tensor, nn

from spectra.nn.pyramid import halved
from spectra_pix2pixhd.global_generator import DEFAULT
from spectra_pix2pixhd.layers import Style, down, head, residual, stem, trunk, up


class LocalEnhancer(nn.Module):
    """Images of [-1, 1] to images of [-1, 1]; ``width`` is that of the outermost enhancer.

    The trunk sees the image at its coarsest. Enhancer n adds what it sees in the image at twice the size of the one
    before, and doubles the size; the last, outermost one gives the image. Keys as in the official code.
    """

    def __init__(
        self,
        source: int,
        target: int,
        width: int = 32,
        downs: int = 4,
        blocks: int = 9,
        enhancers: int = 1,
        local_blocks: int = 3,
        style: Style = DEFAULT,
    ) -> None:
        super().__init__()
        self.enhancers = enhancers
        self.model = nn.Sequential(*trunk(source, width * 2**enhancers, downs, blocks, style))
        for n in range(1, enhancers + 1):
            channels = width * 2 ** (enhancers - n)
            inward = [*stem(source, channels, style), *down(channels, style)]
            outward = [*residual(2 * channels, local_blocks, style), *up(2 * channels, style)]
            if n == enhancers:
                outward += head(width, target, style)
            self.add_module(f"model{n}_1", nn.Sequential(*inward))
            self.add_module(f"model{n}_2", nn.Sequential(*outward))

    def forward(self, source: Tensor) -> Tensor:
        sizes = [source]
        for _ in range(self.enhancers):
            sizes.append(halved(sizes[-1]))
        target: Tensor = self.model(sizes.pop())
        for n in range(1, self.enhancers + 1):
            inward, outward = self.branches(n)
            target = outward(inward(sizes.pop()) + target)
        return target

    def branches(self, n: int) -> tuple[nn.Module, nn.Module]:
        """Into enhancer n, and out of it; 1 is the coarsest."""
        return self.get_submodule(f"model{n}_1"), self.get_submodule(f"model{n}_2")

    @property
    def outermost(self) -> tuple[nn.Module, nn.Module]:
        return self.branches(self.enhancers)
