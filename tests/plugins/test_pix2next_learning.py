"""How Pix2Next learns: each term and each step, against the formulas and plain loops, in both orders; masks, copies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spectra.losses.l1 import L1
from spectra.modalities import Task
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, PairedBatch, Stage, Update
from spectra.training.trainer import Trainer
from spectra_pix2next import Pix2Next, Settings, stages
from spectra_pix2next.stages import Maps

LR = 1e-3
SMALL: dict[str, Any] = {
    "width": 4,
    "blocks": 2,
    "groups": 4,
    "heads": 2,
    "extractor": "internimage:t",
    "internimage": {"channels": 8, "depths": [1, 1], "group_channels": 4, "drop_path": 0.0},
    "discriminator_width": 4,
    "discriminator_layers": 2,
    "scales": 2,
}
ORDERS = ("generator_first", "discriminator_first")


class Duel:
    """A translator with its stage, in float64, and a trainer that carries them; with an L1 loss of weight 3."""

    def __init__(self, weights: Any = None, task: str = "rgb2nir", **settings: Any) -> None:
        torch.manual_seed(0)
        self.translator = Pix2Next(Task.parse(task), Settings(**{**SMALL, **settings})).double()
        (self.stage,) = self.translator.stages()
        self.generator: nn.Module = self.translator.generator
        self.discriminator = self.stage.players["discriminator"].modules[0].double()
        self.trainer = Trainer(self.translator, TrainSettings(lr=LR), {"l1": (L1(Config()), 3.0)}, weights)

    def begin(self) -> Stage:
        self.trainer.prepare(self.stage)
        return self.stage

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """By player and name, before anybody learns."""
        self.stage.losses, self.stage.present = dict(self.trainer.losses), batch
        updates: Iterator[Update] = self.stage.step(batch)
        return {f"{u.player} {name}": term.compute() for u in updates for name, term in u.terms.items()}

    def state(self) -> dict[str, Tensor]:
        nets = {"generator": self.generator, "discriminator": self.discriminator}
        return {f"{n} {key}": t.clone() for n, net in nets.items() for key, t in net.state_dict().items()}


def made_batch(seed: int = 0, valid: Tensor | None = None, channels: tuple[int, int] = (3, 1)) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    images = [torch.rand(2, many, 24, 32, generator=generator, dtype=torch.float64) for many in channels]
    return Batch(pairs=PairedBatch(images, valid))


def of_discriminator(duel: Duel, batch: Batch, copies: int) -> tuple[Tensor, Tensor]:
    """What is lost by taking real images for fakes, and fakes for real ones: of least squares, summed over scales."""
    x, y = (2 * image - 1 for image in batch.pairs)
    fake = duel.generator(x).detach()
    with_fake = duel.discriminator(torch.cat([x, fake], 1))
    with_real = duel.discriminator(torch.cat([x, torch.cat([y] * copies, 1)], 1))
    real = sum((((maps[-1] - 1) ** 2).mean() for maps in with_real), start=torch.zeros(()))
    return real, sum(((maps[-1] ** 2).mean() for maps in with_fake), start=torch.zeros(()))


def of_generator(duel: Duel, batch: Batch, copies: int) -> tuple[Tensor, Tensor, Tensor]:
    """The verdicts, the distance of all maps but the last, as a sum over scales and layers, and L1 on [0, 1]."""
    x, y = (2 * image - 1 for image in batch.pairs)
    fake = duel.generator(x)
    with_fake = duel.discriminator(torch.cat([x, fake], 1))
    with_real = duel.discriminator(torch.cat([x, torch.cat([y] * copies, 1)], 1))
    matching = torch.zeros((), dtype=torch.float64)
    for one, other in zip(with_fake, with_real, strict=True):
        assert len(one) == duel.translator.settings.discriminator_layers + 2
        for place in range(len(one) - 1):
            matching = matching + (one[place] - other[place].detach()).abs().mean()
    adversarial = sum((((maps[-1] - 1) ** 2).mean() for maps in with_fake), start=torch.zeros(()))
    return adversarial, matching, ((fake + 1) / 2 - batch.pairs[1]).abs().mean()


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("scales", "layers", "tripled"), [(2, 3, False), (1, 1, True), (3, 2, False)])
def test_each_term_is_that_of_its_formula(order: str, scales: int, layers: int, tripled: bool) -> None:
    duel = Duel(order=order, scales=scales, discriminator_layers=layers, tripled=tripled)
    batch, copies = made_batch(), 3 if tripled else 1
    found = duel.terms(batch)
    names = ("generator adversarial", "generator matching", "generator l1", "discriminator real", "discriminator fake")
    assert set(found) == set(names)
    expected = (*of_generator(duel, batch, copies), *of_discriminator(duel, batch, copies))
    for name, value in zip(names, expected, strict=True):
        assert torch.allclose(found[name], value, rtol=1e-12), name


@pytest.mark.parametrize("order", ORDERS)
def test_who_learns_first_is_what_the_order_says(order: str) -> None:
    duel = Duel(order=order)
    duel.stage.losses = {}
    players = [update.player for update in duel.stage.step(made_batch())]
    assert players[0] == order.removesuffix("_first")
    assert len(players) == 2


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_three_steps_are_those_of_a_plain_loop(order: str, norm: str) -> None:
    """Generator first: all terms are of networks as they were. Discriminator first: it is the new one that judges."""
    duel, plain = Duel(order=order, discriminator_norm=norm), Duel(order=order, discriminator_norm=norm)
    stage = duel.begin()
    g, d = (torch.optim.Adam(n.parameters(), LR, (0.5, 0.999)) for n in (plain.generator, plain.discriminator))
    for seed in range(3):
        batch = made_batch(seed)
        duel.trainer.step(stage, batch)
        real, fake = of_discriminator(plain, batch, 1)
        if order == "discriminator_first":
            learn(d, 0.5 * (real + fake))
        adversarial, matching, l1 = of_generator(plain, batch, 1)
        learn(g, adversarial + 10 * matching + 3 * l1)
        if order == "generator_first":
            learn(d, 0.5 * (real + fake))
    expected, found = plain.state(), duel.state()
    idle = idle_biases(duel.discriminator)
    for key in expected:
        if key.split()[1] not in idle and "running_" not in key and "num_batches" not in key:
            assert torch.allclose(found[key], expected[key], rtol=0, atol=1e-9), key


def learn(optimizer: torch.optim.Optimizer, total: Tensor) -> None:
    optimizer.zero_grad()
    total.backward()
    optimizer.step()


def idle_biases(discriminator: nn.Module) -> set[str]:
    """A norm takes them out again: what moves them is rounding."""
    biases = [key for key in discriminator.state_dict() if key.endswith(".0.bias")]
    last = max(key.partition("_layer")[2] for key in biases)
    return {key for key in biases if "_layer0." not in key and not key.endswith(f"_layer{last}")}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "settings",
    [
        {"scales": 1},
        {"discriminator_layers": 3},
        {"discriminator_width": 6},
        {"discriminator_norm": "batch"},
        {"adversarial": "vanilla"},
        {"adversarial": "hinge"},
        {"tripled": True},
    ],
    ids=str,
)
def test_every_setting_of_the_duel_changes_what_the_generator_learns(order: str, settings: dict[str, Any]) -> None:
    values = [
        duel.terms(made_batch())["generator adversarial"] for duel in (Duel(order=order), Duel(order=order, **settings))
    ]
    assert not torch.allclose(*values)


def test_the_order_changes_what_the_generator_learns() -> None:
    states = []
    for order in ORDERS:
        duel = Duel(order=order)
        duel.trainer.step(duel.begin(), made_batch())
        states.append(duel.state())
    changed = {key.split()[0] for key in states[0] if not torch.equal(states[0][key], states[1][key])}
    assert "generator" in changed
    assert "discriminator" not in changed, "of the first batch it learns the same, first or last"


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("player", "term"),
    [
        ("generator", "adversarial"),
        ("generator", "matching"),
        ("generator", "l1"),
        ("discriminator", "real"),
        ("discriminator", "fake"),
    ],
)
def test_every_weight_counts_for_what_its_player_learns(order: str, player: str, term: str) -> None:
    gradients = []
    for weights in (None, {player: {term: 0.0}}):
        duel = Duel(weights, order=order)
        duel.trainer.step(duel.begin(), made_batch())
        gradients.append(duel.state())
    changed = {key.split()[0] for key in gradients[0] if not torch.equal(gradients[0][key], gradients[1][key])}
    faced = {"generator"} if player == "discriminator" and order == "discriminator_first" else set()
    assert changed == {player} | faced


def test_the_paper_weighs_feature_matching_by_ten_and_its_discriminator_by_a_half() -> None:
    duel = Duel(order="generator_first")
    duel.stage.losses = {}
    first, second = duel.stage.step(made_batch())
    assert {name: term.weight for name, term in first.terms.items()} == {"adversarial": 1.0, "matching": 10.0}
    assert {name: term.weight for name, term in second.terms.items()} == {"real": 0.5, "fake": 0.5}


@pytest.mark.parametrize("order", ORDERS)
def test_one_forward_pass_of_the_generator_serves_both_players(order: str) -> None:
    duel = Duel(order=order)
    stage, seen = duel.begin(), []
    hook = duel.generator.register_forward_hook(lambda *_: seen.append(1))
    duel.trainer.step(stage, made_batch())
    hook.remove()
    assert len(seen) == 1


@pytest.mark.parametrize("order", ORDERS)
def test_the_discriminator_learns_nothing_from_the_terms_of_the_generator(order: str) -> None:
    duel = Duel({"discriminator": {"real": 0.0, "fake": 0.0}}, order=order)
    before = duel.state()
    duel.trainer.step(duel.begin(), made_batch())
    after = duel.state()
    moved = {key.split()[0] for key in before if not torch.equal(before[key], after[key])}
    assert moved == {"generator"}


def test_what_real_images_call_forth_after_the_discriminator_has_learned_needs_no_graph(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matched, graphs = stages.feature_matching, []

    def watched(fakes: Maps, reals: Maps) -> Tensor:
        graphs.append(any(one.requires_grad for maps in reals for one in maps))
        return matched(fakes, reals)

    monkeypatch.setattr(stages, "feature_matching", watched)
    duel = Duel(order="discriminator_first")
    duel.trainer.step(duel.begin(), made_batch())
    assert graphs == [False]


def quarter() -> Tensor:
    valid = torch.ones(2, 1, 24, 32, dtype=torch.bool)
    valid[:, :, :12, :16] = False
    return valid


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("tripled", [False, True])
def test_what_pixels_without_data_hold_plays_no_part(order: str, tripled: bool) -> None:
    batch = made_batch(valid=quarter())
    source, target = batch.pairs
    other = Batch(pairs=PairedBatch([source, torch.where(quarter(), target, 0.9)], quarter()))
    one, again = (Duel(order=order, tripled=tripled).terms(each) for each in (batch, other))
    for name in one:
        assert torch.allclose(one[name], again[name], rtol=1e-12), name
    without = Duel(order=order, tripled=tripled).terms(made_batch())
    assert all(not torch.allclose(one[name], without[name]) for name in one)


def test_a_tripled_answer_is_the_mean_of_three() -> None:
    duel = Duel(tripled=True)
    source = made_batch().pairs[0]
    made = (duel.generator(2 * source - 1) + 1) / 2
    assert made.shape[1] == 3 and not torch.allclose(made[:, 0], made[:, 1])
    assert torch.allclose(duel.translator(source), made.mean(1, keepdim=True))


def test_only_a_target_of_one_channel_is_tripled() -> None:
    duel = Duel(task="rgb2ms4", tripled=True)
    assert duel.generator(made_batch().pairs[0]).shape[1] == 4
    assert duel.terms(made_batch(channels=(3, 4)))["generator l1"] > 0


@pytest.mark.parametrize("task", ["rgb2lwir", "ms52rgb", "sar2ms4", "gray2gray"])
def test_it_learns_between_any_modalities(task: str) -> None:
    parsed = Task.parse(task)
    duel = Duel(task=task)
    told = duel.trainer.step(duel.begin(), made_batch(channels=(parsed.source.channels, parsed.target.channels)))
    assert told["generator"].keys() == {"adversarial", "matching", "l1"}
