"""The published sizes of InternImage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from spectra import SpectraError
from spectra_pix2next.settings import InternImageSettings


@dataclass(frozen=True)
class Variant:
    """The figures of an InternImage."""

    channels: int
    """Of the first stage; each further one has twice as many."""
    depths: tuple[int, ...]
    """Layers of each stage."""
    offset_scale: float = 1.0
    layer_scale: float | None = 1e-5
    """Initial factor of each branch; None: there is none."""
    post_norm: bool = True
    """Whether a branch ends with its norm. Where it begins with it, each stage ends with one more."""
    drop_path: float = 0.0
    """Share of branches left out in training: of the last layer, and in a straight line from none at the first."""
    group_channels: int = 16
    """Channels that share offsets and masks."""

    def __post_init__(self) -> None:
        if self.channels % self.group_channels or self.channels % 2:
            raise SpectraError(
                f"An InternImage of {self.channels} channels cannot have groups of {self.group_channels}: choose "
                "`internimage.channels` that are even and divide by `internimage.group_channels`."
            )

    @property
    def widths(self) -> tuple[int, ...]:
        return tuple(self.channels * 2**stage for stage in range(len(self.depths)))


VARIANTS: Mapping[str, Variant] = {
    "t": Variant(64, (4, 4, 18, 4), layer_scale=None, post_norm=False, drop_path=0.1),
    "s": Variant(80, (4, 4, 21, 4), drop_path=0.4),
    "b": Variant(112, (4, 4, 21, 4), drop_path=0.5),
    "l": Variant(160, (5, 5, 22, 5), offset_scale=2.0, drop_path=0.1),
    "xl": Variant(192, (5, 5, 24, 5), offset_scale=2.0, drop_path=0.2),
    "official": Variant(128, (4, 4, 21, 4), drop_path=0.2),
}
"""By the letters of OpenGVLab; ``official`` is that of Pix2Next's released code, which exists nowhere else."""


def variant_of(name: str, said: InternImageSettings) -> Variant:
    """The named variant, with the figures that settings put in the place of its own."""
    if name not in VARIANTS:
        near = get_close_matches(name, VARIANTS, n=1)
        hint = f" Did you mean 'internimage:{near[0]}'?" if near else ""
        raise SpectraError(f"There is no InternImage {name!r}.{hint} Known: {', '.join(VARIANTS)}.")
    own = said.model_dump(exclude_none=True)
    if "depths" in own:
        own["depths"] = tuple(own["depths"])
    return replace(VARIANTS[name], **own)
