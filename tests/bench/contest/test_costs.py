"""What a network costs is measured once, whatever tasks it is taught."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from spectra.bench.contest import costs
from spectra.bench.contest.options import BenchOptions
from spectra.bench.cost.cost import Cost
from spectra.bench.counted import silent
from spectra.model import create


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[int, int], str]]:
    """What was measured; how many there were before stands for the figure."""
    found: list[tuple[str, tuple[int, int], str]] = []

    def measure(model: Path, size: tuple[int, int], device: str) -> Cost:
        found.append((model.name, size, device))
        return Cost(parameters=len(found), size=size, device=device)

    monkeypatch.setattr(costs, "measure", measure)
    monkeypatch.setattr(costs, "own_source", lambda: "as it is")
    return found


def entry(folder: Path, name: str, task: str = "rgb2ir", seconds: float = 1.0, **settings: Any) -> Any:
    """As the bench has one, of a model that is saved."""
    model = create(name.partition("-")[0], task, settings=settings)
    model.trained = True
    if not (folder / name).exists():
        model.save(folder / name)
    trial, kept = SimpleNamespace(method=name), SimpleNamespace(done={"seconds": seconds})
    return SimpleNamespace(model=folder / name, trial=trial, kept=[kept])


def costs_of(folder: Path, *entries: Any, size: tuple[int, int] = (8, 6), **said: Any) -> dict[str, dict[str, Any]]:
    image = SimpleNamespace(source=SimpleNamespace(pixels=torch.zeros(3, *size)))
    contest: Any = SimpleNamespace(entries=list(entries), data=SimpleNamespace(test=[image]))
    return costs.costs_of(contest, BenchOptions((), **said), folder / "kept", silent)


def test_the_same_network_is_measured_once_and_each_has_its_own_training(measured: list[Any], tmp_path: Path) -> None:
    """Of two tasks with as many bands; the second bench finds it again."""
    one = entry(tmp_path, "graydef-one", "rgb2ir", 1.5)
    other = entry(tmp_path, "graydef-other", "rgb2nir", 2.5)
    for _ in range(2):
        found = costs_of(tmp_path, one, other)
        assert [name for name, *_ in measured] == ["graydef-one"]
        assert [found[name]["parameters"] for name in found] == [1, 1]
        assert [found[name]["train_s"] for name in found] == [1.5, 2.5]


def test_whatever_makes_it_another_is_measured(measured: list[Any], tmp_path: Path) -> None:
    """Bands, settings, method, size, device, threads and source code."""
    one = entry(tmp_path, "graydef-one")
    costs_of(tmp_path, one)
    others = [
        entry(tmp_path, "graydef-bands", "sar2ir"),
        entry(tmp_path, "graydef-settings", factor=1.1),
        entry(tmp_path, "inverse-other"),
    ]
    costs_of(tmp_path, *others)
    assert [name for name, *_ in measured[1:]] == ["graydef-bands", "graydef-settings", "inverse-other"]
    costs_of(tmp_path, one, size=(8, 8))
    assert measured[4] == ("graydef-one", (8, 8), "cpu")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costs, "own_source", lambda: "another")
        costs_of(tmp_path, one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch, "get_num_threads", lambda: 77)
        costs_of(tmp_path, one)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(costs, "surroundings", lambda device: {"device": "another card"})
        costs_of(tmp_path, one)
    assert len(measured) == 8
    costs_of(tmp_path, one, *others)
    assert len(measured) == 8


def test_a_damaged_model_is_measured_each_time_and_what_is_damaged_beside_it_too(
    measured: list[Any], tmp_path: Path
) -> None:
    one = entry(tmp_path, "linear-one")
    costs_of(tmp_path, one)
    (kept,) = (tmp_path / "kept").iterdir()
    kept.write_text("{", encoding="utf-8")
    costs_of(tmp_path, one)
    assert len(measured) == 2
    (one.model / "weights.safetensors").write_bytes(b"torn")
    for _ in range(2):
        costs_of(tmp_path, one)
    assert len(measured) == 4 and len(list((tmp_path / "kept").iterdir())) == 1


def test_without_cost_nothing_is_measured(measured: list[Any], tmp_path: Path) -> None:
    assert costs_of(tmp_path, entry(tmp_path, "graydef-one"), cost=False) == {} and measured == []
