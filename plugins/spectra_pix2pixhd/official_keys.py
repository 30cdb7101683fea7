"""What the keys and shapes of an official generator say of its settings."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pydantic import ValidationError
from torch import Tensor

from spectra.nn.official_state import Found, is_convolution, listed, refusing
from spectra_pix2pixhd.settings import Settings

STEM = "model.1"
DISCRIMINATOR = re.compile(r"scale\d+_layer\d+\.|layer\d+\.\d+\.")
BRANCH = re.compile(r"model(\d+)_[12]\.")
TRUNK_BLOCK = re.compile(r"model\.(\d+)\.conv_block\.")
LOCAL_BLOCK = re.compile(r"model1_2\.(\d+)\.conv_block\.")
TRUNK_LAYER = re.compile(r"model\.(\d+)\.weight")
refuse = refusing("pix2pixHD")


def read(state: Mapping[str, Tensor]) -> Found[Settings]:
    """Settings that fit these keys. Where the keys contradict one another, they fit only some of them."""
    if any(DISCRIMINATOR.match(key) for key in state):
        refuse("it is a discriminator. Its generator is the file with `_net_G` in its name.")
    if not is_convolution(state, STEM):
        refuse(f"it has no first convolution {STEM!r}, but {listed(list(state)) or 'nothing at all'}.")
    if not _numbers(TRUNK_BLOCK, state):
        refuse(
            "it has no residual blocks. A file with `_net_E` in its name is the encoder of instance features, which "
            "image-to-image translation does not use."
        )
    settings = _settings(state)
    first, last = first_layers(settings)[-1], last_layer(settings)
    for key in (first, last):
        if not is_convolution(state, key):
            refuse(f"it has no convolution {key!r}, though its other keys are those of {described(settings)}.")
    return Found(settings, state[f"{first}.weight"].shape[1], len(state[f"{last}.weight"]))


def _settings(state: Mapping[str, Tensor]) -> Settings:
    blocks, enhancers = _numbers(TRUNK_BLOCK, state), max(_numbers(BRANCH, state), default=0)
    first_block = min(blocks)
    layers = [n for n in _numbers(TRUNK_LAYER, state) if is_convolution(state, f"model.{n}")]
    said = {
        "downs": sum(1 < n < first_block for n in layers),
        "blocks": len(blocks),
        "norm": "batch" if "model.2.weight" in state else "instance",
        "width": len(state[f"{STEM}.weight"]) // 2**enhancers,
    }
    if enhancers:
        local_blocks = len(_numbers(LOCAL_BLOCK, state))
        said |= {"generator": "local", "enhancers": enhancers, "local_blocks": local_blocks}
    try:
        return Settings.model_validate(said)
    except ValidationError as why:
        refuse(f"{listed([f'{name} {value}' for name, value in said.items()], 9)} cannot be: {why.errors()[0]['msg']}.")


def first_layers(settings: Settings) -> list[str]:
    """The convolutions that take the image; the outermost comes last."""
    enhancers = settings.enhancers if settings.generator == "local" else 0
    return [STEM, *(f"model{n}_1.1" for n in range(1, enhancers + 1))]


def last_layer(settings: Settings) -> str:
    """The convolution that gives the image."""
    if settings.generator == "global":
        return f"model.{6 * settings.downs + settings.blocks + 5}"
    return f"model{settings.enhancers}_2.{settings.local_blocks + 4}"


def described(settings: Settings) -> str:
    """`a global generator, width 64, 4 downs, 9 blocks, instance norm`"""
    local = (
        f", {settings.enhancers} enhancers of {settings.local_blocks} blocks" if settings.generator == "local" else ""
    )
    return (
        f"a {settings.generator} generator, width {settings.width}, {settings.downs} downs, {settings.blocks} blocks"
        f"{local}, {settings.norm} norm"
    )


def _numbers(pattern: re.Pattern[str], keys: Iterable[str]) -> list[int]:
    """Those that the pattern finds, each once, ascending."""
    return sorted({int(match[1]) for key in keys if (match := pattern.match(key))})
