"""The classification head of the released checkpoints' InternImage, which no pass uses."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

FACTOR, CLASSES = 1.5, 1000
PREFIXES = ("conv_head.", "head.")


class DeadHead(nn.Module):
    """Its tensors under the released keys, as buffers: they are kept with the model, and learned by nobody."""

    def __init__(self, features: int) -> None:
        super().__init__()
        for key, tensor in blank(features).items():
            *path, name = key.split(".")
            _grown(self, path).register_buffer(name, tensor)


def blank(features: int) -> dict[str, Tensor]:
    """By key, for the channels of the extractor's last stage: zeros, since nothing looks at them."""
    hidden = int(FACTOR * features)
    of_norm = ("weight", "bias", "running_mean", "running_var")
    return {
        "conv_head.0.weight": torch.zeros(hidden, features, 1, 1),
        **{f"conv_head.1.0.{name}": torch.zeros(hidden) for name in of_norm},
        "conv_head.1.0.num_batches_tracked": torch.tensor(0),
        "head.weight": torch.zeros(CLASSES, hidden),
        "head.bias": torch.zeros(CLASSES),
    }


def numbers(tensors: Mapping[str, Tensor]) -> int:
    """How many of them were parameters, and no statistics."""
    return sum(tensor.numel() for key, tensor in tensors.items() if key.endswith(("weight", "bias")))


def _grown(module: nn.Module, path: list[str]) -> nn.Module:
    for name in path:
        if name not in dict(module.named_children()):
            module.add_module(name, nn.Module())
        module = module.get_submodule(name)
    return module
