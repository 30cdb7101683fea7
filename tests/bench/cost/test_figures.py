"""The figures of a model, from what was timed and counted."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from spectra.bench.cost import figures
from spectra.bench.cost.figures import latency, operations, parameters, throughput
from spectra.bench.cost.latency import Patience, Stopwatch, Work
from spectra.bench.cost.words import Request
from spectra.model import Model, create
from tests.bench.cost.conftest import FolderOf

REQUEST = Request(folder=".", height=20, width=24, device="cpu", threads=1, seconds=5.0, timeout=60.0)
CPU = torch.device("cpu")


@pytest.fixture
def plain(folder_of: FolderOf) -> Model:
    return create("plain", "rgb2ir")


def test_parameters_are_those_of_the_translator_frozen_ones_too(plain: Model) -> None:
    plain.translator.requires_grad_(False)
    found = parameters(plain)
    assert found.parameters == 3 * 9 + 1
    assert found.notes == ("buffers, not counted: 7 numbers",)


def test_a_parameter_used_twice_counts_once(plain: Model) -> None:
    plain.translator.again = plain.translator.net
    assert parameters(plain).parameters == 3 * 9 + 1


def test_a_method_without_a_network_has_no_parameters() -> None:
    found = parameters(create("graydef", "rgb2ir"))
    assert found.parameters == 0 and found.notes == ("buffers, not counted: 1 number",)


def test_gflop_are_two_for_each_multiply_add(plain: Model) -> None:
    found = operations(plain, torch.rand(1, 3, 20, 24))
    assert found.gflop == pytest.approx(2 * 20 * 24 * 27 / 1e9)
    assert "2 FLOP per multiply-add" in found.notes[0] and "elementwise" in found.notes[0]


def test_what_is_padded_is_counted(folder_of: FolderOf) -> None:
    found = operations(create("padded", "rgb2ir"), torch.rand(1, 3, 20, 24))
    assert found.gflop == pytest.approx(2 * 32 * 32 * 27 / 1e9)


def test_what_cannot_be_counted_is_said(folder_of: FolderOf) -> None:
    found = operations(create("raising", "rgb2ir"), torch.rand(1, 3, 20, 24))
    assert found.gflop is None
    assert found.notes == ("operations were not counted: ValueError: the moon is full",)


def test_latency_is_the_median_in_milliseconds() -> None:
    found = latency([0.3, 0.1, 0.2, 0.4, 1.4], CPU)
    assert found.latency_ms == pytest.approx(300)
    assert found.latency_p95_ms == pytest.approx(1200)
    assert found.notes == (f"latency: batch 1, 5 calls, threads: {torch.get_num_threads()}",)


class Timed:
    """Stands in for timing: carries a call out once and says how long it is to have taken."""

    def __init__(self, most: int) -> None:
        self.most, self.batches, self.batch = most, list[int](), 0

    def images(self, batch: int) -> Tensor:
        self.batches.append(batch)
        self.batch = batch
        if batch > self.most:
            raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate much")
        return torch.rand(batch, 3, 20, 24)

    def __call__(self, work: Work, stopwatch: Stopwatch, patience: Patience) -> list[float]:
        assert stopwatch.device == CPU and patience.seconds == 5.0
        result = work()
        assert isinstance(result, Tensor) and len(result) == self.batch
        return [0.5, 0.25, 0.75]


def test_throughput_counts_all_eight_images(plain: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "timed", timer := Timed(most=8))
    found = throughput(plain, timer.images, [1.0], REQUEST)
    assert found.images_per_s == pytest.approx(8 / 0.5)
    assert found.notes == ("throughput: batch 8, 3 calls",)
    assert timer.batches == [8]


def test_throughput_is_that_of_the_largest_batch_that_fits(plain: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "timed", timer := Timed(most=5))
    found = throughput(plain, timer.images, [1.0], REQUEST)
    assert found.images_per_s == pytest.approx(5 / 0.5)
    assert found.notes == ("throughput: batch 5 (memory does not suffice for 8), 3 calls",)


def test_where_no_batch_fits_throughput_is_that_of_single_images(plain: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(figures, "timed", timer := Timed(most=1))
    found = throughput(plain, timer.images, [0.2, 0.1, 0.4], REQUEST)
    assert found.images_per_s == pytest.approx(5)
    assert found.notes == ("throughput: batch 1 (memory does not suffice for 8), 3 calls",)


def test_another_fault_than_a_lack_of_memory_is_no_reason_for_a_smaller_batch(folder_of: FolderOf) -> None:
    model = create("narrow", "rgb2ir")
    with pytest.raises(ValueError, match="one image at a time"):
        throughput(model, lambda batch: torch.rand(batch, 3, 20, 24), [1.0], REQUEST)


def test_images_are_of_the_model_and_the_same_each_time(plain: Model) -> None:
    one, other = (figures.images(plain, REQUEST, 2, CPU) for _ in range(2))
    assert one.shape == (2, 3, 20, 24) and one.dtype == torch.float32
    assert torch.equal(one, other)
    assert float(one.min()) >= 0 and float(one.max()) <= 1
