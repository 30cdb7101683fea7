"""Backward reaches one player and no other, goes through each graph once, and lets it go."""

from __future__ import annotations

import math
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from spectra.errors import SpectraError
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Stage, Update
from spectra.training import learner
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


def test_what_a_parameter_gets_from_several_graphs_is_told_once_all_of_it_has_come() -> None:
    stage, g, d = Free(), line(2.0), line(3.0)
    fake = stage.share(g * 5)
    told: list[tuple[bool, float]] = []

    terms = [d * fake * g, fake * g * 7, g * g]
    backward(terms, [g], stage.cuts, [d], ready=lambda p: told.append((p is g, float(p.grad))))  # type: ignore[arg-type]

    assert told == [(True, 3 * 2 * 2 * 5 + 7 * 2 * 2 * 5 + 2 * 2)]


def test_terms_that_lead_to_no_other_player_are_freed_before_the_graph_behind_the_cut_is_entered() -> None:
    stage, g, d, held = Free(), line(2.0), line(3.0), weakref.WeakSet[Held]()
    alive: list[int] = []
    made = g * 5
    fake = stage.share(made)
    made.register_hook(lambda _: alive.append(len(held)))  # type: ignore[no-untyped-call]
    with saved_tensors_hooks(lambda tensor: keep(held, tensor), lambda one: one.tensor):
        apart = (fake**2).exp()
    through = d * fake

    backward([through, apart], [g], stage.cuts, [d])

    assert alive == [0]
    backward(through, [d], stage.cuts, [g])
    assert gradients(d) == [10]


def test_terms_that_share_a_graph_are_gone_through_though_only_one_leads_to_another_player() -> None:
    stage, g, d = Free(), line(2.0), line(3.0)
    common = stage.share(g * 5) ** 2

    backward([common * 7, common * d], [g], stage.cuts, [d])

    assert gradients(g, d) == [2 * 10 * 5 * 7 + 2 * 10 * 5 * 3, None]


def keep(held: weakref.WeakSet[Held], tensor: Tensor) -> Held:
    one = Held(tensor)
    held.add(one)
    return one


@pytest.mark.parametrize("said", [{}, {"ema": 0.5}, {"optimizer": "sgd"}, {"precision": "bf16"}, {"clip": 0.1}])
def test_a_step_taken_during_backward_is_the_step_taken_after_it(
    monkeypatch: pytest.MonkeyPatch, said: dict[str, Any]
) -> None:
    found, norms = [], []
    for large in (0, 2**18):
        monkeypatch.setattr(learner, "LARGE", large)
        torch.manual_seed(0)
        translator = SharedPass(task("nir2lwir"), Config())
        stage = SharedPassStage(translator)
        trainer = Trainer(translator, TrainSettings.model_validate(said))
        trainer.prepare(stage)
        for _ in range(3):
            images = torch.rand(2, 1, 6, 6, dtype=torch.float64), torch.rand(2, 1, 6, 6, dtype=torch.float64)
            terms = trainer.step(stage, Batch(pairs=images), measure=True)
        parameters = [p for player in stage.players.values() for p in player.parameters]
        assert all((p.grad is None) == (large == 0 and not said.get("clip")) for p in parameters)
        states = [one.state() for one in trainer.learners.values()]
        norms.append([one.norm for one in trainer.learners.values()])
        found.append((terms, parameters, states))
    assert norms[0] == pytest.approx(norms[1], rel=1e-12)
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_no_weight_changes_where_a_term_is_not_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learner, "LARGE", 0)
    translator = SharedPass(task("nir2lwir"), Config())
    stage = SharedPassStage(translator)
    trainer = Trainer(translator, TrainSettings())
    trainer.prepare(stage)
    parameters = [p for player in stage.players.values() for p in player.parameters]
    before = [p.detach().clone() for p in parameters]
    images = torch.rand(2, 1, 6, 6, dtype=torch.float64), torch.full((2, 1, 6, 6), math.nan, dtype=torch.float64)

    with pytest.raises(SpectraError, match="became nan"):
        trainer.step(stage, Batch(pairs=images))

    torch.testing.assert_close(parameters, before, rtol=0, atol=0)
