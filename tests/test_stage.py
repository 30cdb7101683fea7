from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.settings import Config
from spectra.stage import Batch, PairedBatch, Pairs, Player, Stage, Term, Update


class Plain(Stage):
    def step(self, batch: Batch) -> Iterator[Update]:
        yield from ()


class Distance(Loss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).abs().mean()


def test_a_batch_has_its_streams_by_name() -> None:
    source, target = torch.zeros(1), torch.ones(1)

    batch = Batch(pairs=(source, target))

    assert batch.pairs == (source, target)


def test_a_stream_that_is_not_there_names_the_nearest() -> None:
    with pytest.raises(SpectraError, match=r"no stream 'pair'\. Did you mean 'pairs'\? Known: pairs, colour\."):
        _ = Batch(pairs=(), colour=()).pair


def test_a_batch_can_be_asked_copied_and_pickled() -> None:
    batch = Batch(pairs=(torch.zeros(1), torch.ones(1)))

    assert hasattr(batch, "pairs") and not hasattr(batch, "colour") and not hasattr(batch, "__array__")
    assert getattr(batch, "colour", None) is None
    assert copy.copy(batch).pairs is batch.pairs
    assert torch.equal(copy.deepcopy(batch).pairs[1], torch.ones(1))
    assert torch.equal(pickle.loads(pickle.dumps(batch)).pairs[1], torch.ones(1))


def test_a_paired_batch_is_a_tuple_with_a_mask_and_stays_one_when_it_is_copied() -> None:
    valid = torch.tensor([[[[True, False]]]])
    pairs = PairedBatch([torch.zeros(1, 3, 1, 2), torch.ones(1, 1, 1, 2)], valid)
    source, target = pairs

    assert (source.shape[1], target.shape[1], len(pairs)) == (3, 1, 2)
    assert PairedBatch([source, target]).valid is None
    for other in (copy.copy(pairs), copy.deepcopy(pairs), pickle.loads(pickle.dumps(pairs))):
        assert type(other) is PairedBatch and torch.equal(other.valid, valid) and torch.equal(other[1], target)


def test_terms_are_functions_tensors_or_terms_and_functions_wait() -> None:
    called: list[str] = []

    def late() -> Tensor:
        called.append("late")
        return torch.tensor(2.0)

    update = Update("generator", now=torch.tensor(1.0), late=late, weighted=Term(late, 0.5))

    assert called == []
    assert {name: (float(term.compute()), term.weight) for name, term in update.terms.items()} == {
        "now": (1.0, 1.0),
        "late": (2.0, 1.0),
        "weighted": (2.0, 0.5),
    }


def test_a_term_may_bear_any_name_even_player() -> None:
    assert list(Update("generator", player=torch.tensor(1.0), self=torch.tensor(2.0)).terms) == ["player", "self"]


def test_a_shared_tensor_is_a_leaf_with_the_same_values_and_memory() -> None:
    stage, weight = Plain(), nn.Parameter(torch.tensor([2.0, 3.0]))
    made = weight * 2

    shared = stage.share(made)

    assert torch.equal(shared, made) and shared.data_ptr() == made.data_ptr()
    assert shared.is_leaf and shared.requires_grad and shared is not made
    assert stage.cuts[0].original is made and stage.cuts[0].leaf is shared


def test_what_has_no_gradient_is_shared_as_it_is() -> None:
    stage, plain = Plain(), torch.zeros(2)

    assert stage.share(plain) is plain
    with torch.no_grad():
        made = nn.Parameter(torch.zeros(2)) * 2
        assert stage.share(made) is made
    assert stage.cuts == []


def test_pairwise_gives_the_recipes_losses_with_their_weights_and_waits() -> None:
    stage = Plain()
    stage.losses = {"l1": (Distance(Config()), 10.0), "none": (Distance(Config()), 0.0)}

    terms = stage.pairwise(torch.tensor([3.0]), torch.tensor([1.0]), prefix="rough_")

    assert {name: term.weight for name, term in terms.items()} == {"rough_l1": 10.0, "rough_none": 0.0}
    assert float(terms["rough_l1"].compute()) == 2.0


def test_a_players_parameters_are_unique_ordered_and_not_frozen() -> None:
    first, second = nn.Linear(1, 1), nn.Linear(1, 1, bias=False)
    first.bias.requires_grad_(False)

    parameters = Player(second, first, second).parameters

    assert len(parameters) == 2
    assert parameters[0] is second.weight and parameters[1] is first.weight


def test_a_stage_has_the_tasks_pairs_and_remembers_nothing_unless_it_says_otherwise() -> None:
    stage = Plain()

    assert stage.streams == {"pairs": Pairs()}
    assert stage.state() == {}
