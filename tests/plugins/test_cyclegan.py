from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from spectra import Batch, Config, ImagePool, Modality, SpectraError, Stage, Task
from spectra.losses.l1 import L1
from spectra.recipe.train import TrainSettings
from spectra.stage import Images, PairedBatch, Pairs
from spectra.training.trainer import Trainer
from spectra_cyclegan import CycleGAN, CycleGANSettings

SMALL: dict[str, Any] = {"width": 4, "blocks": 2, "discriminator_width": 4, "discriminator_layers": 2, "init_std": 0.2}
SAME, OTHER = Task(Modality("day", 3), Modality("night", 3)), Task.parse("rgb2nir")
State = dict[str, Tensor]


@pytest.fixture(autouse=True)
def in_double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def made(task: Task = SAME, **settings: Any) -> CycleGAN:
    torch.manual_seed(0)
    return CycleGAN(task, CycleGANSettings(**{**SMALL, **settings}))


def batch(task: Task, step: int, pairs: bool = False) -> Batch:
    torch.manual_seed(1000 + step)
    images = [torch.rand(2, modality.channels, 16, 16) for modality in (task.source, task.target)]
    entries: dict[str, Any] = {"source": images[0], "target": images[1]}
    return Batch(**entries, **({"pairs": PairedBatch([image.flip(3) for image in images])} if pairs else {}))


def learning(translator: CycleGAN, losses: Any = None, weights: Any = None, **train: Any) -> tuple[Trainer, Stage]:
    torch.manual_seed(7)
    (stage,) = translator.stages()
    trainer = Trainer(translator, TrainSettings(**train), losses, weights)
    trainer.prepare(stage)
    return trainer, stage


def steps(trainer: Trainer, stage: Stage, task: Task, count: int = 3, start: int = 0) -> list[Any]:
    told = []
    for step in range(start, start + count):
        drawn = batch(task, step, pairs="pairs" in stage.streams)
        told.append(trainer.step(stage, drawn))
    return told


class ByHand:
    """CycleGAN as its paper has it, in plain torch: G and F with one Adam, both discriminators with another."""

    def __init__(self, stage: Any, settings: CycleGANSettings, identity: float) -> None:
        nets = (stage.there, stage.back, stage.of_target, stage.of_source)
        self.g, self.f, self.d_target, self.d_source = copy.deepcopy(nets)
        self.settings, self.identity = settings, identity
        self.pools = {"target": ImagePool(settings.pool), "source": ImagePool(settings.pool)}
        self.generators = torch.optim.Adam([*self.g.parameters(), *self.f.parameters()], 2e-4, (0.5, 0.999))
        self.judges = torch.optim.Adam([*self.d_target.parameters(), *self.d_source.parameters()], 2e-4, (0.5, 0.999))

    def step(self, source: Tensor, target: Tensor) -> dict[str, float]:
        a, b, chosen = 2 * source - 1, 2 * target - 1, self.settings
        fake_b, fake_a = self.g(a), self.f(b)
        rebuilt_a, rebuilt_b = self.f(fake_b), self.g(fake_a)
        losses = {
            "adversarial_target": ((self.d_target(fake_b) - 1) ** 2).mean(),
            "adversarial_source": ((self.d_source(fake_a) - 1) ** 2).mean(),
            "cycle_source": l1_loss(rebuilt_a, a),
            "cycle_target": l1_loss(rebuilt_b, b),
        }
        total = losses["adversarial_target"] + losses["adversarial_source"]
        total = total + chosen.cycle_source * losses["cycle_source"] + chosen.cycle_target * losses["cycle_target"]
        if self.identity:
            losses |= {"identity_target": l1_loss(self.g(b), b), "identity_source": l1_loss(self.f(a), a)}
            total = total + self.identity * chosen.cycle_target * losses["identity_target"]
            total = total + self.identity * chosen.cycle_source * losses["identity_source"]
        self.generators.zero_grad()
        total.backward()
        self.generators.step()
        self.judges.zero_grad()
        for name, judge, real, fake in (("target", self.d_target, b, fake_b), ("source", self.d_source, a, fake_a)):
            shown = self.pools[name](fake.detach())
            losses[name] = (((judge(real) - 1) ** 2).mean() + (judge(shown) ** 2).mean()) / 2
            losses[name].backward()
        self.judges.step()
        return {name: float(value.detach()) for name, value in losses.items()}


@pytest.mark.parametrize(
    ("task", "settings", "identity"),
    [
        (SAME, {"pool": 3}, 0.5),
        (SAME, {"pool": 50, "identity": 0.2, "cycle_source": 5, "cycle_target": 20}, 0.2),
        (SAME, {"pool": 0, "identity": 0.0}, 0.0),
        (OTHER, {"pool": 2}, 0.0),
    ],
)
def test_its_steps_are_those_of_the_paper(task: Task, settings: dict[str, Any], identity: float) -> None:
    translator = made(task, **settings)
    trainer, stage = learning(translator)
    hand = ByHand(stage, translator.settings, identity)
    told = steps(trainer, stage, task, 5)
    for step in range(5):
        drawn = batch(task, step)
        expected = hand.step(drawn.source, drawn.target)
        for name, value in told[step]["generators"].items():
            assert abs(value - expected.pop(name)) < 1e-10, name
        for side in ("source", "target"):
            judged = told[step][f"discriminator_{side}"]
            assert abs((judged["real"] + judged["fake"]) / 2 - expected.pop(side)) < 1e-10
        assert not expected
    held: Any = stage
    for own, other in (
        (held.there, hand.g),
        (held.back, hand.f),
        (held.of_target, hand.d_target),
        (held.of_source, hand.d_source),
    ):
        for key, value in other.state_dict().items():
            assert torch.allclose(own.state_dict()[key], value, atol=1e-8, rtol=0), key
    assert translator.generator is held.there


def after_learning(task: Task = SAME, losses: Any = None, weights: Any = None, **settings: Any) -> State:
    translator = made(task, **settings)
    trainer, stage = learning(translator, losses, weights)
    steps(trainer, stage, task)
    held: Any = stage
    nets = {"there": held.there, "back": held.back, "target": held.of_target, "source": held.of_source}
    return {f"{name}.{key}": value for name, net in nets.items() for key, value in net.state_dict().items()}


def differ(one: State, other: State) -> bool:
    if {key: value.shape for key, value in one.items()} != {key: value.shape for key, value in other.items()}:
        return True
    return any(not torch.allclose(one[key], other[key], atol=1e-7, rtol=0) for key in one)


@pytest.fixture(scope="module")
def plain() -> State:
    torch.set_default_dtype(torch.float64)
    return after_learning()


@pytest.mark.parametrize(
    "change",
    [
        {"generator": "unet_128", "blocks": None, "downs": 3},
        {"blocks": 3},
        {"downs": 3},
        {"width": 6},
        {"norm": "batch"},
        {"norm": "none"},
        {"dropout": 0.5},
        {"upsample": "nearest"},
        {"upsample": "bilinear"},
        {"upsample": "k4"},
        {"discriminator": "pixel"},
        {"discriminator_width": 6},
        {"discriminator_layers": 1},
        {"adversarial": "vanilla"},
        {"adversarial": "hinge"},
        {"init_std": 0.1},
        {"cycle_source": 5},
        {"cycle_target": 5},
        {"identity": 0.1},
        {"identity": 0},
        {"pool": 1},
        {"pool": 0},
    ],
    ids=str,
)
def test_every_setting_changes_what_is_learned(change: dict[str, Any], plain: State) -> None:
    base = after_learning(pool=2) if "pool" in change else plain
    assert differ(after_learning(**change), base)


def test_every_network_begins_with_weights_of_that_deviation_and_biases_of_zero() -> None:
    (stage,) = made(width=16, discriminator_width=32, init_std=0.1).stages()
    held: Any = stage
    for net in (held.there, held.back, held.of_source, held.of_target):
        layers = [part for part in net.modules() if isinstance(part, nn.Conv2d | nn.ConvTranspose2d)]
        weights = torch.cat([layer.weight.detach().flatten() for layer in layers])
        assert abs(float(weights.std()) - 0.1) < 3e-3
        assert not any(layer.bias is not None and layer.bias.any() for layer in layers)


def test_generators_have_the_official_numbers_of_blocks_and_halvings() -> None:
    for name, blocks, downs in (("resnet_9", 9, 2), ("resnet_6", 6, 2), ("unet_256", 0, 8), ("unet_128", 0, 7)):
        settings = CycleGANSettings(generator=name)
        assert (settings.residual_blocks, settings.halvings) == (blocks, downs)
    assert CycleGAN(SAME, CycleGANSettings(generator="unet_128", width=1)).multiple == 128
    with pytest.raises(ValueError, match="no residual blocks"):
        CycleGANSettings(generator="unet_256", blocks=3)


@pytest.mark.parametrize("term", ["cycle_source", "cycle_target", "identity_source", "adversarial_target"])
def test_a_recipe_weighs_each_term_by_itself(term: str, plain: State) -> None:
    translator = made()
    trainer, stage = learning(translator, weights={"generators": {term: 0.0}})
    told = steps(trainer, stage, SAME, 1)
    assert term not in told[0]["generators"]
    assert differ(after_learning(weights={"generators": {term: 0.0}}), plain)


def test_identity_is_off_where_channels_differ_and_is_said_to_be() -> None:
    translator = made(OTHER)
    trainer, stage = learning(translator)
    (told,) = steps(trainer, stage, OTHER, 1)
    assert not any(name.startswith("identity") for name in told["generators"])
    assert translator.diagnostics() == {"identity": "off: 3 channels of source, 1 of target"}
    assert made(SAME).diagnostics() == {"identity": 0.5}


def test_identity_that_is_asked_for_where_channels_differ_is_refused() -> None:
    with pytest.raises(SpectraError, match="as many channels of source and target"):
        made(OTHER, identity=0.5)
    assert made(OTHER, identity=0).identity == 0


def test_it_draws_single_images_and_pairs_only_where_paired_losses_are_named() -> None:
    _, stage = learning(made(OTHER))
    assert stage.streams == {"source": Images("rgb"), "target": Images("nir")}
    losses = {"l1": (L1(Config()), 10.0)}
    _, stage = learning(made(OTHER), losses)
    assert stage.streams["pairs"] == Pairs()
    assert differ(after_learning(losses=losses), after_learning())


def test_a_task_whose_sides_have_one_name_can_be_translated_and_not_learned() -> None:
    translator = made(Task.parse("rgb2rgb"))
    assert translator(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8, 8)
    with pytest.raises(SpectraError, match="name them apart"):
        translator.stages()


def test_paired_losses_compare_what_it_makes_of_a_pairs_source_with_its_target() -> None:
    translator = made(OTHER)
    trainer, stage = learning(translator, {"l1": (L1(Config()), 10.0)})
    drawn = batch(OTHER, 0, pairs=True)
    with torch.no_grad():
        expected = float((translator(drawn.pairs[0]) - drawn.pairs[1]).abs().mean())
    assert abs(trainer.step(stage, drawn)["generators"]["l1"] - expected) < 1e-12


def test_a_stage_that_took_back_its_state_goes_on_as_if_nothing_had_been() -> None:
    trainer, stage = learning(made(pool=2))
    steps(trainer, stage, SAME)
    other: Any = copy.deepcopy(stage)
    other.pool_source, other.pool_target = ImagePool(2), ImagePool(2)
    other.restore(stage.state())
    held: Any = stage
    for one, again in ((held.pool_source, other.pool_source), (held.pool_target, other.pool_target)):
        assert len(again.images) == 2
        assert all(torch.equal(a, b) for a, b in zip(one.images, again.images, strict=True))


def test_it_translates_from_the_unit_interval_to_the_unit_interval() -> None:
    translator, source = made(OTHER).eval(), torch.rand(1, 3, 16, 24)
    with torch.no_grad():
        found = translator(source)
        assert torch.allclose(found, (translator.generator(2 * source - 1) + 1) / 2)
    assert found.shape == (1, 1, 16, 24)
    assert found.min() >= 0 and found.max() <= 1


def test_an_image_too_small_for_it_is_refused() -> None:
    with pytest.raises(SpectraError, match="need 8 pixels"):
        made()(torch.rand(1, 3, 4, 8))
    assert made()(torch.rand(1, 3, 8, 8)).shape == (1, 3, 8, 8)


@pytest.mark.parametrize("settings", [{}, {"generator": "unet_128", "blocks": None, "downs": 3}], ids=str)
def test_recomputing_changes_no_gradient(settings: dict[str, Any]) -> None:
    found = []
    for recompute in (False, True):
        translator = made(**settings)
        trainer, stage = learning(translator, recompute=recompute)
        steps(trainer, stage, SAME, 2)
        held: Any = stage
        found.append([p.detach() for net in (held.there, held.back) for p in net.parameters()])
    assert all(torch.equal(one, other) for one, other in zip(*found, strict=True))


def test_both_generators_can_be_recomputed() -> None:
    translator = made()
    assert len(translator.recomputed()) == 2
    translator.stages()
    assert len(translator.recomputed()) == 4


def test_the_way_back_is_no_part_of_the_model() -> None:
    translator = made()
    before = set(translator.state_dict())
    translator.stages()
    assert set(translator.state_dict()) == before == {f"generator.{key}" for key in translator.generator.state_dict()}


def test_the_tiny_preset_learns_to_come_back() -> None:
    """Two kinds of images that are one another's negatives."""
    tiny = CycleGAN.presets["tiny"]["settings"]
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    translator = CycleGAN(Task.parse("nir2gray"), CycleGANSettings(**tiny))
    (stage,) = translator.stages()
    trainer = Trainer(translator, TrainSettings(lr=2e-3))
    trainer.prepare(stage)
    told = []
    for _ in range(40):
        smooth = [nn.functional.interpolate(torch.rand(2, 1, 4, 4), (32, 32), mode="bilinear") for _ in range(2)]
        values = trainer.step(stage, Batch(source=smooth[0], target=1 - smooth[1]))["generators"]
        told.append(values["cycle_source"] + values["cycle_target"])
    assert sum(told[-5:]) < 0.6 * sum(told[:5])
