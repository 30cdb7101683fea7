"""From a word of the settings to an extractor."""

from __future__ import annotations

from difflib import get_close_matches

from spectra import SpectraError
from spectra_pix2next.extractors.extractor import Extractor
from spectra_pix2next.extractors.internimage import InternImage
from spectra_pix2next.extractors.reference import load_file
from spectra_pix2next.extractors.timm_backbone import TimmBackbone
from spectra_pix2next.extractors.variants import VARIANTS, variant_of
from spectra_pix2next.settings import FAMILIES, Settings

KINDS = ("internimage", "timm")


def extractor_of(settings: Settings, channels: int) -> Extractor | None:
    """The extractor that settings name, with its weights where they ask for some.

    ``channels``: those of its input, the image's bands or the stem's width. InternImage sees an image normalised as
    ImageNet's where `extractor_weights` is set, else as it is; a backbone of timm, as its own description says; the
    stem's features are never normalised. Weights that are not here raise, when it is first used, unless those of a
    saved model have been loaded by then.
    """
    if settings.extractor == "none":
        return None
    kind, _, name = settings.extractor.partition(":")
    if kind not in KINDS or not name:
        raise _unknown(settings.extractor)
    extractor = _internimage(settings, name, channels) if kind == "internimage" else _timm(settings, name, channels)
    if settings.extractor_frozen:
        extractor.freeze()
    return extractor


def _internimage(settings: Settings, name: str, channels: int) -> Extractor:
    weights, image = settings.extractor_weights, settings.extractor_input == "image"
    network = InternImage(channels, variant_of(name, settings.internimage), normalised=image and weights is not None)
    if weights is not None:
        network.begin(lambda: load_file(network, name, weights, image))
    return network


def _timm(settings: Settings, name: str, channels: int) -> Extractor:
    weights, image = settings.extractor_weights, settings.extractor_input == "image"
    network = TimmBackbone(name, channels, normalised=image)
    if weights is not None:
        network.begin(lambda: network.load_weights(None if weights == "pretrained" else weights, image))
    return network


def _unknown(said: str) -> SpectraError:
    known = [*(f"internimage:{name}" for name in VARIANTS), *FAMILIES, "none"]
    near = get_close_matches(said, known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    return SpectraError(
        f"There is no extractor {said!r}.{hint} Known: {', '.join(known)}, and timm:NAME for any of timm's."
    )
