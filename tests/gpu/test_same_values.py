"""What a GPU learns is what a CPU learns, but for rounding; and so with every way of computing it faster."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from spectra.nn.norms import InstanceNorm
from spectra.recipe.train import TrainSettings
from spectra.testing.made import MadePairs
from spectra.training.averages import Average
from spectra.training.feed import PairFeed
from spectra.training.prefetch import prefetched
from tests.gpu.learning import DEVICE, GENTLE, furthest, learned, trainer_on
from tests.training.small_gan import TASK

pytestmark = pytest.mark.gpu

WAYS: dict[str, dict[str, Any]] = {
    "plain": {},
    "accumulated": {"accumulate": 3},
    "average": {"ema": 0.9},
    "clipped": {"clip": 0.05},
    "scheduled": {"schedule": {"cosine": {"warmup": 3}}},
    "recomputed": {"recompute": True},
    "channels last": {"channels_last": True},
    "threads": {"workers": 3},
}


@pytest.mark.parametrize("way", WAYS)
def test_it_learns_what_the_cpu_learns(way: str) -> None:
    said = {**GENTLE, **WAYS[way]}
    on_cpu = learned(trainer_on("cpu", plain=True, **said))
    assert furthest(on_cpu, learned(trainer_on(DEVICE, plain=True, **said))) < 1e-4


@pytest.mark.parametrize("way", ["accumulated", "average", "clipped", "scheduled"])
def test_each_way_is_another_result(way: str) -> None:
    plain = learned(trainer_on(DEVICE, plain=True, **GENTLE))
    assert furthest(plain, learned(trainer_on(DEVICE, plain=True, **GENTLE, **WAYS[way]))) > 1e-4


def test_channels_lie_last_in_the_weights() -> None:
    trainer = trainer_on(DEVICE, channels_last=True)
    learned(trainer)
    weight = trainer.translator.get_parameter("first.0.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last) and not weight.is_contiguous()


@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")  # the compiler's own advice
@pytest.mark.parametrize("channels_last", [False, True])
def test_compiled_networks_learn_what_eager_ones_learn(channels_last: bool) -> None:
    said = {**GENTLE, "steps": 3, "channels_last": channels_last}
    eager = learned(trainer_on(DEVICE, plain=True, **said))
    assert furthest(eager, learned(trainer_on(DEVICE, plain=True, **said, compile=True))) < 1e-3


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_batches_from_pinned_memory_are_those_of_the_cpu(workers: int) -> None:
    said = TrainSettings.model_validate({"augment": ["flip", {"rotate": {"quarter": True}}, "noise"]})

    def feed(device: str) -> PairFeed:
        return PairFeed(MadePairs(TASK, 32), TASK, 3, 16, 3, device, augment_of=said.augment_of)

    stage = trainer_on("cpu").translator.stages()[0]
    expected, ours = feed("cpu"), feed(DEVICE)
    with prefetched(ours, stage, 12, workers) as batches:
        for step, batch in enumerate(batches):
            for here, there in zip(batch.pairs, expected.batch(stage, step).pairs, strict=True):
                assert here.device.type == torch.device(DEVICE).type
                assert torch.equal(here.cpu(), there)


def test_an_average_is_that_of_a_float64_loop() -> None:
    weight = torch.zeros(3, device=DEVICE)
    average, expected = Average([weight], 0.8), torch.zeros(3, dtype=torch.float64)
    for step in range(1, 60):
        weight += 0.5
        average.update()
        decay = min(0.8, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * weight.cpu().double()
    assert average.values[0].device.type == torch.device(DEVICE).type
    assert torch.allclose(average.values[0].cpu().double(), expected, atol=1e-5)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(
    ("kind", "bound"), [(torch.float32, 1e-4), (torch.bfloat16, 5e-2), (torch.float16, 5e-3)], ids=str
)
def test_instance_norm_is_that_of_torch(kind: torch.dtype, bound: float, layout: torch.memory_format) -> None:
    drawn = torch.Generator().manual_seed(0)
    image = (3 + 2 * torch.randn(2, 16, 24, 20, generator=drawn)).to(kind)
    slope = torch.randn(2, 16, 24, 20, generator=drawn)
    exact = image.double().requires_grad_()
    wanted = nn.InstanceNorm2d(16)(exact)
    (wanted * slope.double()).sum().backward()
    ours = image.to(DEVICE, memory_format=layout).requires_grad_()
    found = InstanceNorm(16)(ours)
    (found * slope.to(DEVICE)).sum().backward()
    assert found.dtype == kind and found.device.type == torch.device(DEVICE).type
    assert exact.grad is not None and ours.grad is not None
    assert torch.allclose(found.detach().cpu().double(), wanted.detach(), atol=bound)
    assert torch.allclose(ours.grad.cpu().double(), exact.grad, atol=bound)
    theirs = nn.InstanceNorm2d(16)(image.to(DEVICE, memory_format=layout))
    assert torch.allclose(found.detach().float(), theirs.float(), atol=bound)
