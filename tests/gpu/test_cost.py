"""What a model costs on a GPU: all that it does there is waited for, and all that it takes there is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from spectra.bench.cost.cost import Cost
from spectra.bench.cost.measure import measure
from spectra.model import create
from tests.bench.cost.models import DEAR, EACH, MEGABYTES, NAMES
from tests.plugin_packages import PluginPackages

pytestmark = pytest.mark.gpu

QUICK = 0.05
CostOf = Callable[..., Cost]


@pytest.fixture
def cost_of(plugin_packages: PluginPackages, tmp_path: Path) -> CostOf:
    plugin_packages.add("dear", {"translators": {name.lower(): f"dear:{name}" for name in NAMES}}, DEAR)

    def measured(name: str, device: str = "cuda", **said: float) -> Cost:
        create(name, "rgb2ir").save(tmp_path / f"{name}_{device}")
        return measure(tmp_path / f"{name}_{device}", (20, 24), device, seconds=QUICK, **said)

    return measured


def test_all_figures_of_a_model_are_found(cost_of: CostOf) -> None:
    cost, on_cpu = cost_of("plain"), cost_of("plain", "cpu")
    assert (cost.parameters, cost.gflop) == (on_cpu.parameters, on_cpu.gflop) == (28, 2 * 20 * 24 * 27 / 1e9)
    assert cost.latency_ms and cost.latency_p95_ms and cost.images_per_s and cost.peak_mb is not None
    assert cost.device == "cuda" and "threads" not in cost.note and "on the GPU" in cost.note


def test_the_work_that_a_call_has_only_queued_is_in_its_time(cost_of: CostOf) -> None:
    cost = cost_of("queuing")
    assert cost.latency_ms is not None and cost.latency_ms > 20
    assert cost.images_per_s is not None and cost.images_per_s < 8 / 0.020


def test_what_a_model_takes_while_it_translates_is_seen(cost_of: CostOf) -> None:
    assert cost_of("hungry").peak_mb == pytest.approx(MEGABYTES, abs=40)


def test_weights_are_seen_once(cost_of: CostOf) -> None:
    assert cost_of("heavy").peak_mb == pytest.approx(MEGABYTES, abs=40)


def test_throughput_is_that_of_the_batch_that_fits(cost_of: CostOf) -> None:
    cost = cost_of("crowded", limit_mb=5.7 * EACH)
    assert "throughput: batch 5 (memory does not suffice for 8)" in cost.note
    assert cost.images_per_s


def test_a_model_that_takes_all_memory_says_so(cost_of: CostOf) -> None:
    assert cost_of("leaky", limit_mb=300).note.startswith("not measured further: memory does not suffice: ")
