"""All that training changes, by name: what a checkpoint must hold of the networks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.stage import Stage
from spectra.translator import Translator


def tensors_of(translator: Translator, stages: Sequence[Stage]) -> dict[str, Tensor]:
    """Every parameter and buffer once, of the translator, and of what its stages hold besides."""
    found: dict[str, Tensor] = {}
    known: set[int] = set()
    for name, module in _modules(translator, stages):
        for path, tensor in [*module.named_parameters(), *module.named_buffers()]:
            if id(tensor) not in known:
                known.add(id(tensor))
                found[f"{name}.{path}"] = tensor
    return found


def _modules(translator: Translator, stages: Sequence[Stage]) -> Iterator[tuple[str, nn.Module]]:
    yield "translator", translator
    for stage in stages:
        where = f"stage.{stage.name}"
        yield from ((f"{where}.{name}", held) for name, held in vars(stage).items() if isinstance(held, nn.Module))
        for name, player in stage.players.items():
            yield from ((f"{where}.player.{name}.{place}", held) for place, held in enumerate(player.modules))


@torch.no_grad()
def restore_tensors(tensors: Mapping[str, Tensor], saved: Mapping[str, Tensor]) -> None:
    """Take the saved values; all of them and no others."""
    differing = [name for name in sorted(tensors.keys() | saved.keys()) if _shape(tensors, name) != _shape(saved, name)]
    if differing:
        told = ", ".join(differing[:3]) + (f" and {len(differing) - 3} more" if len(differing) > 3 else "")
        raise SpectraError(f"The checkpoint does not fit the networks that the recipe builds now: {told} differ.")
    for name, tensor in tensors.items():
        tensor.copy_(saved[name])


def _shape(tensors: Mapping[str, Tensor], name: str) -> torch.Size | None:
    return tensors[name].shape if name in tensors else None


def not_finite(tensors: Mapping[str, Tensor]) -> list[str]:
    """Names of the tensors that hold NaN or infinity."""
    return [name for name, tensor in tensors.items() if tensor.is_floating_point() and not tensor.isfinite().all()]
