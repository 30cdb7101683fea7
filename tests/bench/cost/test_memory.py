"""Peak memory: what a model takes, and not what was there before it, or while it was loaded."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from spectra.bench.cost import memory
from spectra.bench.cost.limits import is_shortage
from spectra.bench.cost.measure import measure
from spectra.bench.cost.memory import CudaMeter, NoMeter, ResidentMeter, meter_of, resident
from tests.bench.cost.conftest import FolderOf
from tests.bench.cost.models import EACH, MEGABYTES

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="resident memory as Linux tells it")
MB = 10**6
QUICK = 0.05
NOISE = 30
"""Megabytes that torch and the system take by the way."""


@linux
def test_what_a_model_takes_while_it_translates_is_seen(folder_of: FolderOf) -> None:
    cost = measure(folder_of("hungry"), (20, 24), "cpu", seconds=QUICK)
    assert cost.peak_mb == pytest.approx(MEGABYTES, abs=NOISE)


@linux
@pytest.mark.slow
def test_weights_are_seen_once_though_loading_takes_them_several_times(folder_of: FolderOf) -> None:
    cost = measure(folder_of("heavy"), (20, 24), "cpu", seconds=QUICK)
    assert cost.peak_mb == pytest.approx(MEGABYTES, abs=NOISE)


@linux
@pytest.mark.slow
def test_throughput_is_that_of_the_batch_that_fits(folder_of: FolderOf) -> None:
    cost = measure(folder_of("crowded"), (20, 24), "cpu", seconds=QUICK, limit_mb=5.5 * EACH)
    assert "throughput: batch 5 (memory does not suffice for 8)" in cost.note
    assert cost.peak_mb == pytest.approx(EACH, abs=NOISE), "of one image"


@pytest.fixture
def status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What Linux would tell, in a file of our own."""
    path = tmp_path / "status"
    monkeypatch.setattr(memory, "STATUS", path)
    monkeypatch.setattr(memory, "MARKS", tmp_path / "clear_refs")
    yield path


def tell(status: Path, now: int, most: int) -> None:
    status.write_text(f"Name:\tpython\nVmPeak:\t 99999999 kB\nVmHWM:\t  {most} kB\nVmRSS:\t  {now} kB\n")


def test_the_growth_is_counted_from_before_the_model(status: Path) -> None:
    tell(status, 600_000, 900_000)
    meter = ResidentMeter()
    tell(status, 700_000, 950_000)
    meter.loaded()
    assert memory.MARKS.read_text() == "5", "the peak of loading is to be forgotten"
    tell(status, 650_000, 800_000)
    assert meter.peak_mb() == pytest.approx(200_000 * 1024 / MB)
    assert meter.note == "memory: growth of the process"


def test_where_the_peak_cannot_be_forgotten_that_is_said(status: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "MARKS", status / "not" / "there")
    tell(status, 600_000, 600_000)
    meter = ResidentMeter()
    meter.loaded()
    assert "that while it loaded included" in meter.note


def test_less_than_before_is_nothing(status: Path) -> None:
    tell(status, 600_000, 600_000)
    meter = ResidentMeter()
    tell(status, 500_000, 550_000)
    assert meter.peak_mb() == 0


@linux
def test_resident_memory_is_what_a_tensor_fills() -> None:
    before = resident("VmRSS")
    held = torch.ones(50 * 250_000)
    assert resident("VmRSS") - before == pytest.approx(held.numel() * 4, abs=10 * MB)
    assert resident("VmHWM") >= resident("VmRSS") - 10 * MB


def test_on_a_gpu_it_is_what_tensors_took_since_the_model_was_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A made-up device, of which the order of questions is what matters."""
    asked: list[str] = []
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 30 * MB)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: asked.append("synchronize"))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: asked.append("reset"))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: 230 * MB)
    meter = meter_of(torch.device("cuda"))
    assert isinstance(meter, CudaMeter) and asked == []
    meter.loaded()
    assert asked == ["synchronize", "reset"]
    assert meter.peak_mb() == 200


def test_where_memory_is_not_told_there_is_no_figure() -> None:
    meter = meter_of(torch.device("mps"))
    assert isinstance(meter, NoMeter)
    meter.loaded()
    assert meter.peak_mb() is None
    assert meter.note.startswith("peak memory is not measured on mps")


def test_on_another_system_there_is_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert meter_of(torch.device("cpu")).note == "peak memory is not measured on cpu of darwin"


@pytest.mark.parametrize(
    ("why", "short"),
    [
        (MemoryError(), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), True),
        (RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("MPS backend out of memory"), True),
        (RuntimeError("std::bad_alloc"), True),
        (RuntimeError("sizes do not fit"), False),
        (ValueError("out of memory"), False),
    ],
)
def test_a_lack_of_memory_is_known_by_its_words(why: Exception, short: bool) -> None:
    assert is_shortage(why) == short
