"""Tensors that are not where they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from spectra.testing.check import Fault

REGISTERED = {"_parameters", "_buffers", "_modules"}
ACROSS: set[Callable[..., Any]] = {Tensor.to, Tensor.copy_, Tensor.type_as}
"""What is meant to take tensors of two devices."""


def loose_tensors(module: nn.Module) -> list[str]:
    """Those that a module holds and has not registered, such as ``Firefly.net.0.table``."""
    known = {id(tensor) for tensor in [*module.parameters(), *module.buffers()]}
    top = type(module).__name__
    return [
        ".".join(part for part in (top, path, name) if part)
        for path, inner in module.named_modules()
        for name, value in vars(inner).items()
        if name not in REGISTERED and any(id(tensor) not in known for tensor in _tensors(value))
    ]


class OneDevice(TorchFunctionMode):
    """Refuses every operation on tensors of the meta device (which have no data) together with tensors elsewhere."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        found = list(_tensors([args, kwargs]))
        if func not in ACROSS and any(tensor.is_meta for tensor in found):
            for stray in found:
                if stray.ndim and not stray.is_meta:
                    what = f"a tensor {tuple(stray.shape)} made on the device {str(stray.device)!r}"
                    raise Fault(f"{getattr(func, '__name__', func)} meets {what}, not on the source's device")
        return func(*args, **kwargs)


def _tensors(value: Any) -> Iterator[Tensor]:
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _tensors(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _tensors(inner)
