"""How pix2pixHD learns: each term and each step, against the formulas and a plain loop; stages, masks and pools."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.losses.l1 import L1
from spectra.modalities import Task
from spectra.model import validated
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, PairedBatch, Stage, Update
from spectra.training.trainer import Trainer
from spectra_pix2pixhd import Pix2PixHD, Settings
from spectra_pix2pixhd.local_enhancer import LocalEnhancer
from spectra_pix2pixhd.presets import PRESETS

LR = 1e-3
SMALL: dict[str, Any] = {"width": 4, "downs": 1, "blocks": 1, "discriminator_width": 4}
LOCAL: dict[str, Any] = {**SMALL, "generator": "local", "local_blocks": 1, "fix_global": True}


class Duel:
    """A translator with its stages, in float64, and a trainer that carries them; with an L1 loss of weight 3."""

    def __init__(self, weights: Any = None, **settings: Any) -> None:
        torch.manual_seed(0)
        self.translator = Pix2PixHD(Task.parse("rgb2nir"), Settings(**{**SMALL, **settings})).double()
        self.stages = self.translator.stages()
        self.generator = self.translator.generator
        self.discriminator = self.stages[0].players["discriminator"].modules[0].double()
        self.trainer = Trainer(self.translator, TrainSettings(lr=LR), {"l1": (L1(Config()), 3.0)}, weights)

    def begin(self, place: int = 0) -> Stage:
        self.trainer.prepare(self.stages[place])
        return self.stages[place]

    def terms(self, batch: Batch) -> dict[str, Tensor]:
        """By player and name, before anybody learns."""
        stage = self.stages[0]
        stage.losses, stage.present = dict(self.trainer.losses), batch
        updates: Iterator[Update] = stage.step(batch)
        return {f"{u.player} {name}": term.compute() for u in updates for name, term in u.terms.items()}

    def state(self) -> dict[str, Tensor]:
        nets = {"generator": self.generator, "discriminator": self.discriminator}
        return {f"{n} {key}": t.clone() for n, net in nets.items() for key, t in net.state_dict().items()}


def made_batch(seed: int = 0, valid: Tensor | None = None) -> Batch:
    generator = torch.Generator().manual_seed(seed)
    images = [torch.rand(2, channels, 24, 24, generator=generator, dtype=torch.float64) for channels in (3, 1)]
    return Batch(pairs=PairedBatch(images, valid))


def moved(before: dict[str, Tensor], after: dict[str, Tensor]) -> set[str]:
    return {key for key in before if not torch.equal(before[key], after[key])}


def terms_by_hand(duel: Duel, source: Tensor, target: Tensor, scales: int, layers: int) -> dict[str, Tensor]:
    """LSGAN summed over the scales, feature matching of all maps but the last, on images of [-1, 1]."""
    x, y = 2 * source - 1, 2 * target - 1
    fake = duel.generator(x)
    with_fake = duel.discriminator(torch.cat([x, fake], 1))
    unhooked = duel.discriminator(torch.cat([x, fake.detach()], 1))
    with_real = duel.discriminator(torch.cat([x, y], 1))
    matching = torch.zeros((), dtype=torch.float64)
    for one, other in zip(with_fake, with_real, strict=True):
        assert len(one) == layers + 2
        for place in range(layers + 1):
            matching = matching + (one[place] - other[place].detach()).abs().mean() / scales * 4 / (layers + 1)
    return {
        "generator adversarial": torch.stack([((maps[-1] - 1) ** 2).mean() for maps in with_fake]).sum(),
        "generator matching": matching,
        "generator l1": ((fake + 1) / 2 - target).abs().mean(),
        "discriminator real": torch.stack([((maps[-1] - 1) ** 2).mean() for maps in with_real]).sum(),
        "discriminator fake": torch.stack([(maps[-1] ** 2).mean() for maps in unhooked]).sum(),
    }


@pytest.mark.parametrize(("scales", "layers"), [(2, 3), (1, 1), (3, 2)])
def test_each_term_is_that_of_its_formula(scales: int, layers: int) -> None:
    duel, batch = Duel(scales=scales, discriminator_layers=layers), made_batch()
    expected = terms_by_hand(duel, *batch.pairs, scales, layers)
    found = duel.terms(batch)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=1e-12), name


def test_three_steps_are_those_of_a_plain_loop() -> None:
    """All losses from one forward pass, then G learns, then D, of the fake from before G learned."""
    duel, plain = Duel(), Duel()
    duel.begin()
    optimizers = [torch.optim.Adam(n.parameters(), LR, (0.5, 0.999)) for n in (plain.generator, plain.discriminator)]
    for seed in range(3):
        batch = made_batch(seed)
        duel.trainer.step(duel.stages[0], batch)
        terms = terms_by_hand(plain, *batch.pairs, 2, 3)
        generator = terms["generator adversarial"] + 10 * terms["generator matching"] + 3 * terms["generator l1"]
        discriminator = 0.5 * (terms["discriminator real"] + terms["discriminator fake"])
        for optimizer, total in zip(optimizers, (generator, discriminator), strict=True):
            optimizer.zero_grad()
            total.backward()
            optimizer.step()
    expected, found = plain.state(), duel.state()
    idle = idle_biases(duel.generator) | idle_biases(duel.discriminator)
    for key in expected:
        if key.split()[1] not in idle:
            assert torch.allclose(found[key], expected[key], rtol=0, atol=1e-10), key


def idle_biases(net: nn.Module) -> set[str]:
    """An instance norm takes them out again: what moves them is rounding."""
    biases = [key for key in net.state_dict() if key.endswith("bias")]
    shown = [key for key in biases if "_layer0." in key or "_layer4." in key or key == biases[-1]]
    return set(biases) - set(shown)


@pytest.mark.parametrize(
    "settings",
    [
        {"scales": 1},
        {"discriminator_layers": 2},
        {"discriminator_width": 6},
        {"adversarial": "vanilla"},
        {"adversarial": "hinge"},
        {"norm": "batch"},
    ],
    ids=str,
)
def test_every_setting_of_the_discriminator_changes_what_the_generator_learns(settings: dict[str, Any]) -> None:
    values = [duel.terms(made_batch())["generator adversarial"] for duel in (Duel(), Duel(**settings))]
    assert not torch.allclose(*values)


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
def test_every_weight_counts_for_its_player_alone(player: str, term: str) -> None:
    states = []
    for weights in (None, {player: {term: 0.0}}):
        duel = Duel(weights)
        duel.begin()
        duel.trainer.step(duel.stages[0], made_batch())
        states.append(duel.state())
    changed = {key.split()[0] for key in moved(*states)}
    assert changed == {player}


def test_the_real_maps_take_no_gradient_from_feature_matching() -> None:
    duel = Duel()
    duel.terms(made_batch())["generator matching"].backward()
    twin = Duel()
    terms_by_hand(twin, *made_batch().pairs, 2, 3)["generator matching"].backward()
    for one, other in zip(duel.discriminator.parameters(), twin.discriminator.parameters(), strict=True):
        assert (one.grad is None) == (other.grad is None)
        if one.grad is not None and other.grad is not None:
            assert torch.allclose(one.grad, other.grad, atol=1e-12)


def quarter() -> Tensor:
    valid = torch.ones(2, 1, 24, 24, dtype=torch.bool)
    valid[:, :, :12, :12] = False
    return valid


def test_what_pixels_without_data_hold_plays_no_part() -> None:
    batch = made_batch(valid=quarter())
    source, target = batch.pairs
    other = Batch(pairs=PairedBatch([source, torch.where(quarter(), target, 0.9)], quarter()))
    one, again = Duel().terms(batch), Duel().terms(other)
    for name in one:
        assert torch.allclose(one[name], again[name], rtol=1e-12), name
    without = Duel().terms(made_batch())
    assert all(not torch.allclose(one[name], without[name]) for name in one)


def test_only_the_outermost_enhancer_learns_while_the_global_generator_is_fixed() -> None:
    duel = Duel(**LOCAL, enhancers=2)
    stage, before = duel.begin(0), duel.state()
    assert stage.name == "fixed_global"
    duel.trainer.step(stage, made_batch())
    changed = {key.split()[1].split(".")[0] for key in moved(before, duel.state()) if key.startswith("generator")}
    assert changed == {"model2_1", "model2_2"}
    assert all(parameter.grad is None for parameter in duel.generator.get_submodule("model").parameters())
    assert any(key.startswith("discriminator") for key in moved(before, duel.state()))


def test_the_fixed_part_keeps_no_graph_for_a_gradient() -> None:
    duel = Duel(**LOCAL)
    duel.begin(0)
    assert isinstance(duel.generator, LocalEnhancer)
    seen: list[bool] = []
    hook = duel.generator.model.register_forward_hook(lambda *given: seen.append(given[2].requires_grad))
    duel.trainer.step(duel.stages[0], made_batch())
    hook.remove()
    assert seen == [False]


def test_set_free_all_learn_the_generator_with_a_new_optimizer_and_the_discriminator_with_its_own() -> None:
    duel = Duel(**LOCAL)
    stage = duel.begin(0)
    for seed in range(3):
        duel.trainer.step(stage, made_batch(seed))
    stage, before = duel.begin(1), duel.state()
    assert stage.name == "train"
    duel.trainer.step(stage, made_batch(3))
    after = duel.state()
    assert moved(before, after) == before.keys()
    sizes = {key: (after[key] - before[key]).abs() / LR for key in before if key.endswith("weight")}
    first = [bool(((size - 1).abs() < 1e-3).float().mean() > 0.95) for key, size in sizes.items() if key[0] == "g"]
    assert all(first), "Adam's first step is as long as the rate, whatever the gradient"
    later = [bool(((size - 1).abs() < 1e-3).float().mean() > 0.5) for key, size in sizes.items() if key[0] == "d"]
    assert not any(later), "the discriminator has forgotten its moments"


def test_a_run_that_goes_on_in_its_second_stage_sets_the_generator_free() -> None:
    duel = Duel(**LOCAL)
    for stage in duel.stages:
        stage.begin()
    assert all(parameter.requires_grad for parameter in duel.generator.parameters())
    player = duel.stages[1].players["generator"]
    assert len(player.parameters) == len(list(duel.generator.parameters()))
    assert player.fresh == "optimizer"
    assert not duel.stages[1].players["discriminator"].fresh


def test_without_the_fixed_phase_there_is_one_stage_and_the_whole_generator_learns() -> None:
    duel = Duel(**{**LOCAL, "fix_global": False})
    (stage,) = duel.stages
    before = duel.state()
    duel.begin()
    duel.trainer.step(stage, made_batch())
    assert moved(before, duel.state()) == before.keys()


def test_with_a_pool_the_discriminator_learns_of_earlier_fakes_too() -> None:
    values = []
    for pool in (0, 2):
        duel = Duel(pool=pool)
        stage = duel.begin()
        torch.manual_seed(1)  # with draws that exchange
        values.append([duel.trainer.step(stage, made_batch(seed))["discriminator"]["fake"] for seed in range(4)])
    assert values[0][0] == pytest.approx(values[1][0], rel=1e-12)  # a pool that fills up gives back what it takes
    assert values[0][1:] != values[1][1:]


def test_a_pool_goes_on_where_it_was() -> None:
    duel = Duel(pool=3)
    stage = duel.begin()
    for seed in range(2):
        duel.trainer.step(stage, made_batch(seed))
    state = copy.deepcopy(stage.state())
    kept = state["pool"]["images"]
    assert [tuple(image.shape) for image in kept] == [(4, 24, 24)] * 3
    other = Duel(pool=3).stages[0]
    other.restore(state)
    assert all(torch.equal(one, again) for one, again in zip(kept, other.state()["pool"]["images"], strict=True))


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid(name: str) -> None:
    said = PRESETS[name]
    validated(Pix2PixHD, "pix2pixhd", said["settings"])
    train = TrainSettings.model_validate(said["train"])
    assert train.lr == 2e-4
    assert train.betas == (0.5, 0.999)
    assert train.schedule.name == ("halving" if name.startswith("pbvs") else "linear")


@pytest.mark.parametrize("name", PRESETS)
def test_the_lengths_of_a_preset_are_those_of_its_stages(name: str) -> None:
    with torch.device("meta"):
        translator = Pix2PixHD(Task.parse("sar2rgb"), Settings(**PRESETS[name]["settings"]))
        names = [stage.name for stage in translator.stages()]
    assert names == list(PRESETS[name]["train"].get("stages", {"train": {}}))


def test_the_presets_name_the_losses_of_their_papers() -> None:
    assert PRESETS["official"]["losses"] == PRESETS["local"]["losses"] == {"vgg": 10}
    pbvs, literal = PRESETS["pbvs"]["losses"], PRESETS["pbvs_literal"]["losses"]
    assert pbvs.keys() == literal.keys() == {"vgg", "lpips", "l2"}
    assert pbvs["l2"] == {"weight": 1, "kind": "rmse", "range": "unit"}
    assert literal["l2"] == {"weight": 1, "kind": "norm", "range": "sym"}
    assert pbvs["lpips"] == literal["lpips"] == {"weight": 1, "net": "vgg"}


def test_a_matching_weight_is_ten_times_its_formula() -> None:
    duel = Duel()
    stage = duel.stages[0]
    stage.losses = {}
    (first, second) = stage.step(made_batch())
    assert {name: term.weight for name, term in first.terms.items()} == {"adversarial": 1.0, "matching": 10.0}
    assert {name: term.weight for name, term in second.terms.items()} == {"real": 0.5, "fake": 0.5}


def test_scales_are_halved_by_means_that_leave_the_border_out() -> None:
    duel = Duel(scales=2)
    image = torch.rand(1, 4, 16, 16, dtype=torch.float64)
    small = functional.avg_pool2d(image, 3, 2, 1, count_include_pad=False)
    coarse = Duel(scales=1)
    known = {key: t for key, t in duel.discriminator.state_dict().items() if "scale0" in key}
    coarse.discriminator.load_state_dict(known)
    assert torch.allclose(duel.discriminator(image)[1][-1], coarse.discriminator(small)[0][-1])
