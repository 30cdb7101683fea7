"""How many floating-point operations a call takes, seen from torch's dispatcher: however the network is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from spectra.bench.cost.formulas import FORMULAS

PER_MULTIPLY_ADD = 2
COMPLEX = 4
"""Real multiply-adds in a complex one."""

ELEMENTWISE = "elementwise operations"
LEFT_OUT: Mapping[str, str] = {
    r"_norm(_|$)|_norm_legit": "norms",
    r"upsample": "resampling",
    r"grid_sampler": "grid_sample",
    r"embedding_bag": "embedding_bag",
    r"pool\d?d?": "pooling",
    r"softmax": "softmax",
    r"^_?fft_": "Fourier transforms",
    r"linalg|cholesky|triangular_solve|^lu_|qr$|svd": "linear algebra",
}
"""What is not counted and worth saying: the first pattern that an operator's name has, and the words."""
HEAVY = re.compile(r"mm(_|$)|conv|rnn|lstm|gru|attention|linear|dist(_|$)")
"""An operator that may hold multiply-adds of which no formula is known: it is told by its own name."""


@dataclass(frozen=True)
class Counted:
    operations: int
    left_out: tuple[str, ...]
    """Kinds of operators that were carried out and have no count."""


def counted(work: Callable[[], object]) -> Counted:
    """The operations of ``work``, which is carried out once; in inference mode, as it is when it is timed."""
    with torch.inference_mode(), _attention_in_parts(), _Operations() as seen:
        work()
    return Counted(PER_MULTIPLY_ADD * seen.multiply_adds, tuple(sorted(seen.left_out)))


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.multiply_adds = 0
        self.left_out: set[str] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Mapping[str, Any] | None = None) -> Any:
        formula = FORMULAS.get(_name(func))
        if formula is None:
            before = self.multiply_adds
            with self:  # an operator that is made of others is counted as these
                made = func.decompose(*args, **(kwargs or {}))
            if made is not NotImplemented:
                self.left_out |= _kinds(func) if self.multiply_adds == before else set()
                return made
            self.left_out |= _told(func)
        result = func(*args, **(kwargs or {}))
        if formula is not None:
            self.multiply_adds += formula(args, _first(result)) * _real(args)
        return result


@contextmanager
def _attention_in_parts() -> Iterator[None]:
    """Without the fused form of torch's own attention layers, which shows nothing of the products within."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


def _name(func: Any) -> str:
    """``aten::addmm`` of each of its overloads, in place too."""
    return str(func._schema.name).rstrip("_")


def _first(result: Any) -> Any:
    return result[0] if isinstance(result, tuple | list) else result


def _real(arguments: Sequence[Any]) -> int:
    return COMPLEX if any(isinstance(given, Tensor) and given.is_complex() for given in arguments) else 1


def _kinds(func: Any) -> set[str]:
    name = _name(func).removeprefix("aten::")
    return set(next(([words] for pattern, words in LEFT_OUT.items() if re.search(pattern, name)), []))


def _told(func: Any) -> set[str]:
    """What to say of an operator that is not made of others and has no formula."""
    namespace, _, name = _name(func).partition("::")
    if namespace in ("prim", "prims"):
        return set()
    if namespace != "aten":
        return {f"{namespace}::{name}"}
    if torch.Tag.pointwise in func.tags:
        return {ELEMENTWISE}
    heavy = HEAVY.search(name) and not name.endswith("_cell")  # cells follow products that were counted
    return _kinds(func) or ({name} if heavy else set())
