"""Backward reaches one player and no other, goes through each graph once, and lets it go."""

from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Stage, Update
from spectra.training.backward import StaleGraph, backward, fault_of, leading_to
from spectra.training.trainer import Trainer
from tests.training.miniatures import SharedPass, SharedPassStage, network, task


class Free(Stage):
    """A stage whose step is made up by the test."""

    def step(self, batch: Batch) -> Iterator[Update]:
        yield from ()


def line(value: float) -> nn.Parameter:
    return nn.Parameter(torch.tensor(value, dtype=torch.float64))


def gradients(*parameters: nn.Parameter) -> list[float | None]:
    return [None if p.grad is None else p.grad.item() for p in parameters]


def test_only_the_players_parameters_get_a_gradient() -> None:
    stage, g, d = Free(), line(2.0), line(3.0)
    fake = stage.share(g * 5)
    total = d * fake * fake

    backward(total, [g], stage.cuts, [d])
    assert gradients(g, d) == [3 * 2 * 10 * 5, None]
    backward(total, [d], stage.cuts, [g])
    assert gradients(g, d) == [300, 100]


def test_a_shared_tensor_made_from_a_shared_tensor_passes_gradients_on() -> None:
    stage, a, b, c = Free(), line(2.0), line(3.0), line(5.0)
    first = stage.share(a * a)
    second = stage.share(b * first * first)
    total = c * second + first

    backward(total, [a], stage.cuts, [b, c])
    assert gradients(a, b, c) == [5 * 3 * 2 * 4 * 4 + 4, None, None]
    backward(total, [b], stage.cuts, [a, c])
    backward(total, [c], stage.cuts, [a, b])
    assert gradients(a, b, c) == [484, 5 * 16, 48]


def test_a_tensor_with_two_owners_gives_each_its_own_gradient() -> None:
    stage, encoder, left, right = Free(), line(2.0), line(3.0), line(5.0)
    code = stage.share(encoder * 7)
    one, two = left * code, right * code * code

    backward(one, [encoder, left], stage.cuts, [encoder, right])
    assert gradients(encoder, left, right) == [21, 14, None]
    encoder.grad = None
    backward(two, [encoder, right], stage.cuts, [encoder, left])
    assert gradients(encoder, left, right) == [5 * 2 * 14 * 7, 14, 196]


def test_no_gradient_is_left_on_a_leaf() -> None:
    stage, g, d = Free(), line(2.0), line(3.0)
    fake = stage.share(g * 5)
    verdict = fake * d

    backward(verdict, [d], stage.cuts, [g])
    assert fake.grad is None
    backward(verdict, [g], stage.cuts, [d])
    assert fake.grad is None
    assert gradients(g, d) == [15, 10]


def test_a_parameter_itself_can_be_shared() -> None:
    stage, g, d = Free(), line(2.0), line(3.0)
    fake = stage.share(g)

    backward(fake * fake * d, [g], stage.cuts, [d])

    assert gradients(g, d) == [12, None]


def test_two_shared_tensors_that_meet_in_one_term_serve_both_owners() -> None:
    stage, a, b = Free(), line(2.0), line(3.0)
    left, right = stage.share(a * 5), stage.share(b * 7)
    apart = (left - right) ** 2

    backward(apart, [a], stage.cuts, [b])
    backward(apart, [b], stage.cuts, [a])

    assert gradients(a, b) == [2 * (10 - 21) * 5, -2 * (10 - 21) * 7]


def test_only_cuts_that_start_from_the_parameters_lead_to_them() -> None:
    stage, a, b = Free(), line(2.0), line(3.0)
    first = stage.share(a * 1)
    stage.share(b * 1)
    stage.share(first * 1)

    assert leading_to([a], stage.cuts) == [stage.cuts[0], stage.cuts[2]]
    assert leading_to([b], stage.cuts) == [stage.cuts[1]]


def test_a_term_computed_before_its_player_stepped_is_refused_as_stale() -> None:
    stage, g, d = Free(), line(2.0), line(3.0)
    fake = stage.share(g * 5)
    verdict = fake * fake * d
    backward(verdict, [d], stage.cuts, [g])
    with torch.no_grad():
        d.sub_(0.1)

    with pytest.raises(StaleGraph, match="stepped since it was computed"):
        backward(verdict, [g], stage.cuts, [d])


def test_other_faults_of_torch_keep_their_own_words() -> None:
    parameter = line(2.0)
    broken = parameter * 1

    def raising(gradient: Tensor) -> Tensor:
        raise RuntimeError("out of luck")

    broken.register_hook(raising)  # type: ignore[no-untyped-call]
    with pytest.raises(RuntimeError, match="out of luck"):
        backward(broken * 2, [parameter], [])


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (torch.tensor(1.0), "no gradient"),
        (torch.ones(2, 3, requires_grad=True), r"the shape \(2, 3\)"),
        (torch.tensor(1.0, requires_grad=True) * 2, "no gradient"),
    ],
)
def test_a_term_that_cannot_be_learnt_from_is_told_why(value: Tensor, fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        assert fault_of(value, [line(1.0)], []) is None, fault_of(value, [line(1.0)], [])


def test_a_term_is_found_to_lead_through_cuts() -> None:
    stage, g, d = Free(), line(2.0), line(3.0)
    fake = stage.share(stage.share(g * 5) * 2)

    assert fault_of(d * fake, [g], stage.cuts) is None
    assert "no gradient" in (fault_of(d * fake.detach(), [g], stage.cuts) or "")
    assert fault_of(d * fake.detach(), [g], stage.cuts, trace=False) is None


class Watched(SharedPassStage):
    """Counts how often gradients enter the generator's graph, and how many tensors it still holds after each yield."""

    def __init__(self, translator: SharedPass) -> None:
        super().__init__(translator)
        self.entered: list[str] = []
        self.holding: list[int] = []

    def step(self, batch: Batch) -> Iterator[Update]:
        held: weakref.WeakSet[Held] = weakref.WeakSet()
        inner = self.generator
        self.generator = Hooked(inner, held, self.entered)
        for update in super().step(batch):
            self.holding.append(len(held))
            yield update
            self.entered.append(update.player)
        self.holding.append(len(held))
        self.generator = inner


class Held:
    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


class Hooked(nn.Module):
    def __init__(self, inner: nn.Module, held: weakref.WeakSet[Held], entered: list[str]) -> None:
        super().__init__()
        self.inner, self.held, self.entered = inner, held, entered

    def forward(self, source: Tensor) -> Tensor:
        with saved_tensors_hooks(self.pack, lambda held: held.tensor):
            output: Tensor = self.inner(source)
        output.register_hook(lambda _: self.entered.append("graph"))  # type: ignore[no-untyped-call]
        return output

    def pack(self, tensor: Tensor) -> Held:
        held = Held(tensor)
        self.held.add(held)
        return held


def test_the_generators_graph_is_gone_through_once_and_freed_after_its_owner() -> None:
    translator = SharedPass(task("nir2lwir"), Config())
    stage = Watched(translator)
    trainer = Trainer(translator, TrainSettings())
    trainer.prepare(stage)
    images = torch.rand(2, 1, 6, 6, dtype=torch.float64), torch.rand(2, 1, 6, 6, dtype=torch.float64)

    trainer.step(stage, Batch(pairs=images))

    assert stage.entered == ["graph", "generator", "discriminator"]
    before, after_generator, after_all = stage.holding
    assert before > 0
    assert (after_generator, after_all) == (0, 0)


def test_a_single_players_graph_is_freed_by_its_backward() -> None:
    net, held = network(1, 1), weakref.WeakSet[Held]()
    total = Hooked(net, held, [])(torch.rand(1, 1, 6, 6, dtype=torch.float64)).mean()
    assert len(held) > 0

    backward(total, list(net.parameters()), [])

    assert len(held) == 0
