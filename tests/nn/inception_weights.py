"""torch-fidelity's Inception, with random numbers in place of what was learned."""

from __future__ import annotations

from functools import cache
from typing import Any

import torch
import torch_fidelity.feature_extractor_inceptionv3 as package
from torch import Tensor

REFERENCE: Any = package  # which has no types
WIDTHS = (64, 192, 768, 2048)


@cache
def reference() -> Any:
    """A module that gives the features of all widths. Its weights are random, such that nothing dies or explodes."""

    class Unloaded(REFERENCE.FeatureExtractorInceptionV3):  # type: ignore[misc]
        def load_state_dict(self, *_: Any, **__: Any) -> None:
            return None

    patched, REFERENCE.load_state_dict_from_url = REFERENCE.load_state_dict_from_url, lambda *_, **__: {}
    try:
        with torch.device("meta"):
            network = Unloaded("random", list(map(str, WIDTHS)), verbose=False)
    finally:
        REFERENCE.load_state_dict_from_url = patched
    network.to_empty(device="cpu")
    for name, tensor in network.state_dict().items():
        _randomise(name, tensor)
    return network.eval().requires_grad_(False)


def random_inception() -> dict[str, Tensor]:
    """Under the names of the file of weights."""
    state: dict[str, Tensor] = reference().state_dict()
    return state


def _randomise(name: str, tensor: Tensor) -> None:
    random = torch.Generator().manual_seed(sum(map(ord, name)))
    if name.endswith("num_batches_tracked"):
        tensor.zero_()
    elif name.endswith(("bn.weight", "running_var")):
        tensor.uniform_(0.5, 1.5, generator=random)
    elif tensor.ndim > 1:
        torch.nn.init.kaiming_normal_(tensor, generator=random)
    else:
        tensor.normal_(0, 0.1, generator=random)
