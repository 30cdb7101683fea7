"""Any backbone of timm as an extractor."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from spectra import SpectraError
from spectra.weights import MissingWeights, timm_files
from spectra_pix2next.extractors.extractor import Extractor
from spectra_pix2next.extractors.normalised import Normalised, spread

FINEST = 4
"""Maps finer than a quarter of the image are left out: there would be too many places to attend to."""
TAKEN = 4
"""How many maps of a network are taken whose maps all have one size, as those of vision transformers."""
SIZES: tuple[Mapping[str, bool], ...] = (
    {"dynamic_img_size": True, "dynamic_img_pad": True},
    {"dynamic_img_size": True},
    {},
)
"""What lets a network see images of any size, the best first; some take none of it."""


class TimmBackbone(Extractor):
    """The maps of the backbone of that name; of a vision transformer, after each quarter of its blocks.

    It normalises the image as its description in timm says. Images have any size: positions are interpolated and
    images padded to whole patches where the network can do so; else images are resized to the one size it knows.
    """

    def __init__(self, name: str, channels: int, normalised: bool = True) -> None:
        super().__init__()
        self.name, self.told = name, _told(name)
        self.network, sized = _created(name, channels)
        self.shown = Normalised(channels, self.told.mean, self.told.std) if normalised else nn.Identity()
        self.size = None if sized or not self.told.fixed_input_size else tuple(self.told.input_size[1:])
        places, self.widths = _places(name, self.network)
        self.places = self.network.prune_intermediate_layers(places, prune_norm=False, prune_head=True)

    def forward(self, image: Tensor) -> list[Tensor]:
        shown = self.shown(image)
        if self.size is not None and shown.shape[-2:] != self.size:
            shown = functional.interpolate(shown, self.size, mode="bicubic", antialias=True)
        maps: list[Tensor] = self.network.forward_intermediates(
            shown, indices=self.places, norm=True, output_fmt="NCHW", intermediates_only=True
        )
        return maps

    def load_weights(self, path: str | None, image: bool = True) -> None:
        """Those of a file, or timm's own, from where timm keeps them. ``image``: whether the network sees images."""
        file = Path(path).expanduser() if path is not None else self._cached()
        if not image:
            raise SpectraError(
                f"The weights of {self.name!r} have seen images, and the stem's features are none: set "
                "`extractor_input: image`, or leave out `extractor_weights`."
            )
        found = timm_files.network(self.name, file)
        state, held = found.state_dict(), self.network.state_dict()
        for first in _first(self.told):
            state[first] = spread(state[first], held[first].shape[1])
        self.network.load_state_dict({key: state[key] for key in held})

    def _cached(self) -> Path:
        found = timm_files.cached(self.told)
        if found is None:
            raise MissingWeights(
                f"The weights of 'timm:{self.name}' are missing: they are not in timm's cache.\nWith a network: "
                f"python -c \"import timm; timm.create_model('{self.name}', pretrained=True)\"\n"
                "Or say where they are: `extractor_weights: FILE`.",
                (f"timm:{self.name}",),
            )
        return found


def _told(name: str) -> Any:
    if find_spec("timm") is None:
        raise SpectraError(
            f"The extractor 'timm:{name}' needs timm; run: pip install 'spectra-translate[eval]'. InternImage does not."
        )
    return timm_files.known(name)


def _created(name: str, channels: int) -> tuple[Any, bool]:
    """A network without weights, and whether it sees images of any size because it was asked to."""
    import timm

    create: Any = timm.create_model
    for sizes in SIZES:
        try:
            created = create(name, pretrained=False, in_chans=channels, num_classes=0, **sizes)
        except TypeError as why:
            reason = why
        else:
            return created, bool(sizes)
    raise SpectraError(f"timm cannot make {name!r} for images of {channels} bands: {reason}.")


def _places(name: str, network: Any) -> tuple[list[int], tuple[int, ...]]:
    """Which of its maps are taken, and their channels."""
    if not hasattr(network, "forward_intermediates") or not hasattr(network, "prune_intermediate_layers"):
        raise SpectraError(f"timm's {name!r} gives no maps of features: choose another, such as 'timm:resnet50'.")
    maps = [(int(it["num_chs"]), int(it["reduction"])) for it in network.feature_info]
    coarse = [place for place, (_, reduction) in enumerate(maps) if reduction >= FINEST]
    if len({reduction for _, reduction in maps}) == 1:
        coarse = sorted({-(-len(maps) * quarter // TAKEN) - 1 for quarter in range(1, TAKEN + 1)})
    return coarse, tuple(maps[place][0] for place in coarse)


def _first(told: Any) -> list[str]:
    """The weights of its first convolutions."""
    names = told.first_conv or ()
    return [f"{name}.weight" for name in ([names] if isinstance(names, str) else names)]
