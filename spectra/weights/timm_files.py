"""Networks of timm with weights from a file: where timm keeps these, found and read without a network."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spectra.errors import SpectraError, did_you_mean

from .finding import folders
from .loading import read

if TYPE_CHECKING:
    from torch import nn


def known(name: str) -> Any:
    """What timm says of a model and its weights."""
    import timm

    found = timm.get_pretrained_cfg(name) if timm.is_model(name) else None
    if found is None:
        hint = did_you_mean(name, timm.list_models() + timm.list_pretrained())
        raise SpectraError(f"timm has no model {name!r}.{hint} All with weights: timm.list_pretrained()")
    return found


def cached(told: Any) -> Path | None:
    """Where timm would find what ``known`` told without a network: in the cache of the hub, or in that of torch."""
    if told.hf_hub_id and find_spec("huggingface_hub"):
        from huggingface_hub import try_to_load_from_cache

        for file in [told.hf_hub_filename] if told.hf_hub_filename else ["model.safetensors", "pytorch_model.bin"]:
            found = try_to_load_from_cache(told.hf_hub_id, file)
            if isinstance(found, str):
                return Path(found)
    if told.url:
        for folder in folders():
            if (path := folder / str(told.url).rpartition("/")[2]).is_file():
                return path
    return None


def network(name: str, file: Path, **arguments: Any) -> nn.Module:
    """A network without its classifier, every weight of it from the file: timm checks that."""
    import timm

    try:
        overlay = {"state_dict": read(file), "custom_load": False}
        found: Any = timm.create_model(name, pretrained=True, pretrained_cfg_overlay=overlay, **arguments)
    except (SpectraError, RuntimeError, KeyError, ValueError) as why:
        raise SpectraError(f"{str(file)!r} does not hold the weights of {name!r}: {str(why).splitlines()[0]}") from None
    found.reset_classifier(0)
    found.pretrained_cfg = {}  # which holds the tensors of the file
    result: nn.Module = found
    return result
