"""What the random generators of a process draw next comes back with a checkpoint."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from spectra.errors import SpectraError
from spectra.training import random_state as room
from spectra.training.random_state import random_state, restore_random_state
from spectra.training.state import packed, unpacked

DRAWS: dict[str, Callable[[], object]] = {
    "python": random.random,
    "python's second normal": lambda: random.gauss(0, 1),
    "numpy": lambda: np.random.rand(3).tolist(),
    "numpy's second normal": np.random.normal,
    "torch": lambda: torch.rand(3).tolist(),
    "torch's normals": lambda: torch.randn(17).tolist(),
}


def kept() -> Any:
    return unpacked(*packed(random_state()))


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_the_next_draws_repeat(draw: Callable[[], object]) -> None:
    for _ in range(3):  # at whichever of two normals that are made at once
        state = kept()
        first = [draw() for _ in range(5)]
        restore_random_state(state)
        assert [draw() for _ in range(5)] == first


def test_taking_a_state_draws_nothing() -> None:
    restore_random_state(state := kept())
    first = [draw() for draw in DRAWS.values()]
    restore_random_state(state)
    random_state()
    assert [draw() for draw in DRAWS.values()] == first


@pytest.mark.parametrize("generator", [np.random.PCG64, np.random.Philox, np.random.SFC64])
def test_another_generator_behind_numpy_comes_back(generator: Any) -> None:
    before = np.random.get_bit_generator()
    try:
        np.random.set_bit_generator(generator(3))
        state = kept()
        first = np.random.rand(3).tolist()
        restore_random_state(state)
        assert np.random.rand(3).tolist() == first
    finally:
        np.random.set_bit_generator(before)


def test_another_number_of_cuda_devices_is_refused_before_anything_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    state = {**kept(), "cuda": [torch.zeros(16, dtype=torch.uint8)] * 2}
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    restore_random_state(here := kept())
    first = [draw() for draw in DRAWS.values()]
    restore_random_state(here)
    with pytest.raises(SpectraError, match="random states of 2 CUDA devices, and there are 1 here"):
        restore_random_state(state)
    assert [draw() for draw in DRAWS.values()] == first


def test_every_cuda_device_that_is_in_use_is_kept_and_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    states = [torch.full((16,), number, dtype=torch.uint8) for number in (1, 2)]
    restored: list[Any] = []
    monkeypatch.setattr(room, "_cuda_in_use", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: states)
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", restored.extend)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    restore_random_state(kept())
    assert [state.tolist() for state in restored] == [[1] * 16, [2] * 16]


def test_where_cuda_was_not_in_use_it_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "set_rng_state_all", lambda _: pytest.fail("CUDA was touched"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 4)
    monkeypatch.setattr(room, "_cuda_in_use", lambda: False)
    state = kept()
    assert state["cuda"] is None
    restore_random_state(state)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"python": None},
        {"python": {"version": 3, "numbers": torch.zeros(3, dtype=torch.int64), "gauss": None}},
        {"python": {"version": 2, "numbers": torch.zeros(625), "gauss": "x"}},
        {"numpy": {"bit_generator": "MT19937", "state": {}}},
        {"numpy": 3},
        {"torch": torch.zeros(3)},
        {"torch": torch.zeros(3, dtype=torch.uint8)},
        {"torch": None},
        {"cuda": 3},
    ],
    ids=str,
)
def test_a_spoilt_state_is_an_error_and_changes_nothing(spoilt: dict[str, Any]) -> None:
    restore_random_state(here := kept())
    first = [draw() for draw in DRAWS.values()]
    restore_random_state(here)
    with pytest.raises(SpectraError, match="random states"):
        restore_random_state({**kept(), **spoilt})
    assert [draw() for draw in DRAWS.values()] == first


@pytest.mark.gpu
def test_a_cuda_device_draws_the_same_again() -> None:
    torch.rand(3, device="cuda")
    state = kept()
    assert len(state["cuda"]) == torch.cuda.device_count()
    first = torch.rand(5, device="cuda").tolist()
    restore_random_state(state)
    assert torch.rand(5, device="cuda").tolist() == first
