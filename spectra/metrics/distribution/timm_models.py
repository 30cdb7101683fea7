"""Networks of timm: what is known of one without its weights, where these are, and the network with them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from spectra.errors import SpectraError
from spectra.metrics.distribution.passes import Passes
from spectra.metrics.distribution.whole_set import NotHere
from spectra.weights import timm_files
from spectra.weights.finding import digest_of

Triple = tuple[float, float, float]


@dataclass(frozen=True)
class Preprocessing:
    """What a network wants to be shown: the whole image at its size, less a mean, over a deviation."""

    size: tuple[int, int]
    mode: str
    mean: Triple
    deviation: Triple

    def __call__(self, image: Tensor) -> Tensor:
        """Of ``(3, h, w)`` on [0, 1]."""
        resized = functional.interpolate(image[None].float(), self.size, mode=self.mode, antialias=True)[0]
        mean, deviation = (resized.new_tensor(values)[:, None, None] for values in (self.mean, self.deviation))
        return (resized - mean) / deviation

    def __str__(self) -> str:
        mean, deviation = (",".join(f"{value:g}" for value in values) for values in (self.mean, self.deviation))
        size = f"{self.size[0]}x{self.size[1]}"
        return f"input:unit|resize:{self.mode}-antialias-{size}|crop:none|mean:{mean}|std:{deviation}"


def preprocessing(name: str) -> Preprocessing:
    """As timm states it for these weights."""
    known = _known(name)
    mode = known.interpolation if known.interpolation in ("bilinear", "bicubic") else "bicubic"
    return Preprocessing(tuple(known.input_size[1:]), mode, tuple(known.mean), tuple(known.std))


def told_weights(path: str | None) -> str:
    """For a signature: which of the weights, where it is not timm's own under the name."""
    if path is None:
        return "timm"
    file = Path(path).expanduser()
    return f"{file.name}-{digest_of(file)[:8]}" if file.is_file() else file.name


@cache
def timm_passes(name: str, path: str | None, device: str) -> Passes:
    """One for the whole process; ``timm_passes.cache_clear()`` where other weights are to be loaded."""
    shown = preprocessing(name)
    return Passes(_network(name, _file(name, path)).to(device), shown, device)


def _network(name: str, file: Path) -> nn.Module:
    """What comes out of it is pooled, and has not met a classifier."""
    try:
        return timm_files.network(name, file).eval().requires_grad_(False)
    except SpectraError as why:
        raise NotHere(str(why)) from None


def _file(name: str, path: str | None) -> Path:
    if path is not None:
        file = Path(path).expanduser()
        if not file.is_file():
            raise NotHere(f"there is no file {path!r} with the weights of {name!r}; mend the setting `weights`")
        return file
    found = timm_files.cached(_known(name))
    if found is None:
        raise NotHere(
            f"needs the weights of {name!r}, which are not in timm's cache; with a network: "
            f"python -c \"import timm; timm.create_model('{name}', pretrained=True)\"; or name a file of them in the "
            "setting `weights`"
        )
    return found


def _known(name: str) -> Any:
    """What timm says of a model and its weights."""
    if find_spec("timm") is None:
        raise NotHere("needs timm; run: pip install 'spectra-translate[eval]'")
    try:
        return timm_files.known(name)
    except SpectraError as why:
        raise NotHere(str(why)) from None
