"""What the keys and shapes of an official generator say of its settings."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from spectra.nn import official_state
from spectra.nn.official_state import is_convolution, listed, refusing

STEM, OUTERMOST, SECOND = "model.1", "model.model.0", "model.model.1.model"
BLOCK = re.compile(r"model\.(\d+)\.conv_block\.")
DROPOUT = 0.5
refuse = refusing("CycleGAN or pix2pix")


@dataclass(frozen=True)
class Found(official_state.Found[dict[str, Any]]):
    told: str
    """The generator in words."""


def read(state: Mapping[str, Tensor]) -> Found:
    """Settings that fit these keys. Where the keys contradict one another, they fit only some of them."""
    if is_convolution(state, "model.0") or is_convolution(state, "net.0"):
        refuse("it is a discriminator. Its generator is the file with `_net_G` in its name.")
    if is_convolution(state, OUTERMOST):
        return _unet(state)
    if not is_convolution(state, STEM):
        what = listed(list(state)) or "nothing at all"
        refuse(f"it has neither a first convolution {STEM!r} nor {OUTERMOST!r}, but {what}.")
    return _resnet(state)


def _resnet(state: Mapping[str, Tensor]) -> Found:
    blocks = sorted({int(found[1]) for key in state if (found := BLOCK.match(key))})
    if not blocks:
        refuse("it has no residual blocks.")
    downs = (blocks[0] - 4) // 3
    last = f"model.{blocks[-1] + 3 * downs + 2}"
    width, source = _sizes(state, STEM)
    norm = _norm(state, STEM, "model.2")
    dropout = DROPOUT if is_convolution(state, f"model.{blocks[0]}.conv_block.6") else 0.0
    kind = "resnet_6" if len(blocks) == 6 else "resnet_9"
    own = {} if len(blocks) in (6, 9) else {"blocks": len(blocks)}
    settings = {"generator": kind, "width": width, "norm": norm, "dropout": dropout, **own}
    if downs != 2:
        settings["downs"] = downs
    if downs < 2 or not is_convolution(state, last):
        refuse(f"it has no last convolution {last!r}, though it has {len(blocks)} residual blocks from {blocks[0]} on.")
    told = f"a residual generator with {len(blocks)} blocks, width {width}, {_named(norm)}"
    return Found(settings, source, _sizes(state, last)[0], told + (", dropout" if dropout else ""))


def _unet(state: Mapping[str, Tensor]) -> Found:
    downs, level = 2, SECOND
    while f"{level}.3.model.1.weight" in state:
        downs, level = downs + 1, f"{level}.3.model"
    width, source = _sizes(state, OUTERMOST)
    if not is_convolution(state, "model.model.3"):
        refuse("it has no last convolution 'model.model.3', though its first is that of a U-Net.")
    norm = _norm(state, OUTERMOST, f"{SECOND}.2")
    settings = {"generator": "unet_128" if downs == 7 else "unet_256", "width": width, "norm": norm}
    if downs not in (7, 8):
        settings["downs"] = downs
    # The weights of a transposed convolution have their outputs second.
    return Found(settings, source, state["model.model.3.weight"].shape[1], _told_unet(downs, width, norm))


def _told_unet(downs: int, width: int, norm: str) -> str:
    return f"a U-Net that halves {downs} times, width {width}, {_named(norm)}"


def _named(norm: str) -> str:
    return "no norm" if norm == "none" else f"{norm} norm"


def _norm(state: Mapping[str, Tensor], convolution: str, norm: str) -> str:
    """Only a batch norm has weights of its own, and only in front of an instance norm there is a bias."""
    if f"{norm}.weight" in state:
        return "batch"
    return "instance" if f"{convolution}.bias" in state else "none"


def _sizes(state: Mapping[str, Tensor], layer: str) -> tuple[int, int]:
    target, source = state[f"{layer}.weight"].shape[:2]
    return int(target), int(source)
