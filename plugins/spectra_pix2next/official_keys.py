"""What the keys and shapes of a released generator say of its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from torch import Tensor

from spectra.nn.official_state import Found, is_convolution, listed, refusing
from spectra_pix2next.settings import Settings

STEM, HEAD, EXTRACTOR = "init_conv", "unet.output_block.conv", "unet.internimage."
ATTENDED = {"encoder": "unet.encoder.6.1", "bottleneck": "unet.bottle_neck.1.1", "decoder": "unet.decoder.0.1"}
OTHERS = {
    "unet.swin.": "a SwinV2 of the authors' own writing, which sees the stem's features",
    "unet.vit.": "a vision transformer of the authors' own writing, which sees the stem's features",
}
"""Extractors of their other configurations: no backbone of timm is built like them."""
DISCRIMINATOR = re.compile(r"(discriminator\.)?scale\d+_layer\d+\.")
RELEASED = {"channels": 128, "depths": [4, 4, 21, 4], "group_channels": 16}
FIXED = {"groups": 32, "heads": 4, "merge": "scrambled"}
"""What weights cannot tell: as in the released configuration and code."""
OF_LEARNING = {"order": "generator_first", "discriminator_norm": "batch"}
"""Should it learn on, then as it has begun."""
refuse = refusing("Pix2Next")


def read(state: Mapping[str, Tensor]) -> Found[Settings]:
    """Settings that fit these keys. Where the keys contradict one another, they fit only some of them."""
    if any(DISCRIMINATOR.match(key) for key in state):
        refuse("it is a discriminator. The released checkpoints are of generators: look for `checkpoint_epoch_N.pt`.")
    for layer, kernel in ((STEM, 1), (HEAD, 3)):
        if not is_convolution(state, layer, kernel):
            refuse(f"it has no {kernel}×{kernel} convolution {layer!r}, but {listed(list(state)) or 'nothing at all'}.")
    for prefix, told in OTHERS.items():
        if any(key.startswith(prefix) for key in state):
            refuse(f"its extractor, {prefix.strip('.')!r}, is {told}. Only checkpoints with an InternImage come in.")
    width, source = state[f"{STEM}.weight"].shape[:2]
    said = {"width": width, **_blocks(state), **_attention(state), **_extractor(state, width)}
    return Found(_settings(said), source, len(state[f"{HEAD}.weight"]))


def _settings(said: Mapping[str, Any]) -> Settings:
    try:
        return Settings.model_validate({**FIXED, **OF_LEARNING, **said})
    except ValidationError as why:
        told = listed([f"{name} {value}" for name, value in said.items()], 9)
        refuse(f"{told} cannot be: {why.errors()[0]['msg']}.")


def _blocks(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """The first block of the decoder takes twice the channels where skips are concatenated to them."""
    taken, made = (state.get(f"unet.decoder.0.0.{norm}.weight", Tensor()) for norm in ("norm", "norm_merged"))
    return {"blocks": len(_numbers("unet.encoder.0", state)), "skips": "add" if len(taken) == len(made) else "concat"}


def _attention(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """Where it attends, and to which stages of the extractor: told by the channels of keys and values."""
    places = {place for place, layer in ATTENDED.items() if f"{layer}.attention_1.in_proj.weight" in state}
    seen = [state.get(f"{layer}.attention_2.K.weight") for layer in ATTENDED.values()]
    conditions = {weight.shape[1] for weight in seen if weight is not None and weight.ndim == 2}
    if places not in (set(ATTENDED), {"bottleneck"}, set()):
        refuse(f"it attends in {' and '.join(sorted(places))} alone, which no released configuration does.")
    attended = "all" if len(places) == 3 else "bottleneck" if places else "none"
    return {"attention": attended, "condition": "last" if len(conditions) < 2 else "pyramid"}


def _extractor(state: Mapping[str, Tensor], width: int) -> dict[str, Any]:
    held = {key.removeprefix(EXTRACTOR): tensor for key, tensor in state.items() if key.startswith(EXTRACTOR)}
    if not held:
        return {"extractor": "none", "condition": "last"}
    for layer in ("patch_embed.conv1", "patch_embed.conv2"):
        if not is_convolution(held, layer, 3):
            refuse(f"its extractor has no 3×3 convolution {EXTRACTOR + layer!r}.")
    channels, taken = len(held["patch_embed.conv2.weight"]), held["patch_embed.conv1.weight"].shape[1]
    mask = held.get("levels.0.blocks.0.dcn.mask.weight", Tensor())
    figures = {
        "channels": channels,
        "depths": [len(_numbers(f"levels.{level}.blocks", held)) for level in _numbers("levels", held)],
        "group_channels": 9 * channels // max(9, len(mask)),
    }
    return {
        "extractor": "internimage:official",
        "extractor_input": "stem" if taken == width else "image",
        "internimage": {name: value for name, value in figures.items() if value != RELEASED[name]},
        "dead_head": any(key.startswith(("conv_head.", "head.")) for key in held),
    }


def described(settings: Settings) -> str:
    """`a U-Net of width 128 with skips by concat, attention in all places, InternImage of the last stage`"""
    attended = {"all": "encoder, bottleneck and decoder", "bottleneck": "the bottleneck", "none": "no place"}
    seen = "no extractor"
    if settings.extractor != "none":
        figures = {**RELEASED, **settings.internimage.model_dump(exclude_none=True)}
        seen = (
            f"an InternImage of {figures['channels']} channels and depths {'-'.join(map(str, figures['depths']))} that "
            f"sees the {settings.extractor_input}"
        )
    return (
        f"a U-Net of width {settings.width}, {settings.blocks} blocks a level, attention in "
        f"{attended[settings.attention]} to {'its last stage' if settings.condition == 'last' else 'three stages'} of "
        f"{seen}"
    )


def _numbers(layer: str, state: Mapping[str, Tensor]) -> list[int]:
    """Those that follow the layer's name in keys, each once, ascending."""
    pattern = re.compile(rf"{re.escape(layer)}\.(\d+)\.")
    return sorted({int(match[1]) for key in state if (match := pattern.match(key))})
