from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, l1_loss

from spectra import Batch, Config, SpectraError, Stage, Task
from spectra.losses.l1 import L1
from spectra.recipe.train import TrainSettings
from spectra.stage import PairedBatch
from spectra.training.trainer import Trainer
from spectra_cyclegan import Pix2Pix, Pix2PixSettings
from spectra_cyclegan.networks import generator_of

SMALL: dict[str, Any] = {"width": 4, "downs": 4, "discriminator_width": 4, "discriminator_layers": 2, "init_std": 0.2}
DEEP = {"downs": 6}
"""Deep enough for a level with dropout."""
TASK = "rgb2nir"
State = dict[str, Tensor]


@pytest.fixture(autouse=True)
def in_double() -> Iterator[None]:
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def made(**settings: Any) -> Pix2Pix:
    torch.manual_seed(0)
    return Pix2Pix(Task.parse(TASK), Pix2PixSettings(**{**SMALL, **settings}))


def batch(step: int, valid: Tensor | None = None) -> Batch:
    torch.manual_seed(1000 + step)
    return Batch(pairs=PairedBatch([torch.rand(2, 3, 64, 64), torch.rand(2, 1, 64, 64)], valid))


def learning(translator: Pix2Pix, weight: float = 200.0, **train: Any) -> tuple[Trainer, Stage]:
    torch.manual_seed(7)
    (stage,) = translator.stages()
    trainer = Trainer(translator, TrainSettings(**train), {"l1": (L1(Config()), weight)})
    trainer.prepare(stage)
    return trainer, stage


class ByHand:
    """pix2pix as its authors have it, in plain torch, on images in [-1, 1]: D first, then G against the new D."""

    def __init__(self, stage: Any) -> None:
        self.g, self.d = copy.deepcopy((stage.generator, stage.discriminator))
        self.of_g = torch.optim.Adam(self.g.parameters(), 2e-4, (0.5, 0.999))
        self.of_d = torch.optim.Adam(self.d.parameters(), 2e-4, (0.5, 0.999))

    def step(self, source: Tensor, target: Tensor) -> dict[str, float]:
        a, b = 2 * source - 1, 2 * target - 1
        fake = self.g(a)
        judged = self.d(torch.cat([a, fake.detach()], 1))
        d_fake = binary_cross_entropy_with_logits(judged, torch.zeros_like(judged))
        judged = self.d(torch.cat([a, b], 1))
        d_real = binary_cross_entropy_with_logits(judged, torch.ones_like(judged))
        self.of_d.zero_grad()
        ((d_fake + d_real) * 0.5).backward()
        self.of_d.step()
        judged = self.d(torch.cat([a, fake], 1))
        g_gan = binary_cross_entropy_with_logits(judged, torch.ones_like(judged))
        g_l1 = l1_loss(fake, b)
        self.of_g.zero_grad()
        (g_gan + 100 * g_l1).backward()
        self.of_g.step()
        values = {"fake": d_fake, "real": d_real, "adversarial": g_gan, "l1": g_l1 / 2}
        return {name: float(value.detach()) for name, value in values.items()}


@pytest.mark.parametrize("settings", [{}, DEEP, {"norm": "instance"}], ids=str)
def test_its_steps_are_those_of_the_official_program(settings: dict[str, Any]) -> None:
    """With dropout: both draw from the same generator. 100 times L1 of [-1, 1] is 200 times L1 of [0, 1]."""
    translator = made(**settings)
    trainer, stage = learning(translator)
    hand = ByHand(stage)
    for step in range(4):
        drawn = batch(step)
        state = torch.get_rng_state()
        told = trainer.step(stage, drawn)
        torch.set_rng_state(state)
        expected = hand.step(*drawn.pairs)
        found = {**told["discriminator"], **told["generator"]}
        assert found.keys() == expected.keys()
        assert all(abs(found[name] - expected[name]) < 1e-10 for name in expected)
    held: Any = stage
    for own, other in ((held.generator, hand.g), (held.discriminator, hand.d)):
        for key, value in other.state_dict().items():
            assert torch.allclose(own.state_dict()[key], value, atol=1e-8, rtol=0), key


def after_learning(**settings: Any) -> State:
    trainer, stage = learning(made(**settings))
    for step in range(3):
        trainer.step(stage, batch(step))
    held: Any = stage
    nets = {"generator": held.generator, "discriminator": held.discriminator}
    return {f"{name}.{key}": value for name, net in nets.items() for key, value in net.state_dict().items()}


@pytest.mark.parametrize(
    "change",
    [
        {"generator": "resnet_6", "downs": None, "blocks": 1},
        {"downs": 5},
        {"width": 6},
        {"norm": "instance"},
        {"norm": "none"},
        {**DEEP, "dropout": 0.0},
        {"upsample": "nearest"},
        {"upsample": "bilinear"},
        {"upsample": "transposed"},
        {"discriminator": "pixel"},
        {"discriminator_width": 6},
        {"discriminator_layers": 3},
        {"adversarial": "least_squares"},
        {"adversarial": "hinge"},
        {"init_std": 0.1},
    ],
    ids=str,
)
def test_every_setting_changes_what_is_learned(change: dict[str, Any]) -> None:
    one, other = after_learning(**change), after_learning(**(DEEP if "dropout" in change else {}))
    same = {key: value.shape for key, value in one.items()} == {key: value.shape for key, value in other.items()}
    assert not same or any(not torch.allclose(one[key], other[key], atol=1e-7, rtol=0) for key in one)


def test_the_weight_of_l1_is_the_recipes() -> None:
    found = []
    for weight in (200.0, 20.0, 0.0):
        translator = made()
        trainer, stage = learning(translator, weight)
        told = trainer.step(stage, batch(0))
        assert ("l1" in told["generator"]) == bool(weight)
        found.append(translator.generator.state_dict()["model.model.0.weight"].clone())
    assert not torch.allclose(found[0], found[1], atol=1e-9) and not torch.allclose(found[1], found[2], atol=1e-9)


def test_its_presets_weigh_l1_as_the_official_program_does_in_its_own_range() -> None:
    assert all(Pix2Pix.presets[name]["losses"] == {"l1": 200} for name in ("official", "tiny"))


def test_pixels_without_data_play_no_part() -> None:
    valid = torch.ones(2, 1, 64, 64, dtype=torch.bool)
    valid[..., 20:40, 10:50] = False
    found = []
    for value in (0.0, 1.0):
        translator = made(norm="instance")
        trainer, stage = learning(translator)
        drawn = batch(0, valid)
        mean = drawn.pairs[1][valid].mean()
        drawn.pairs[1][~valid] = value
        told = trainer.step(stage, drawn)
        found.append({**told["discriminator"], **told["generator"]})
        assert 0 < mean < 1
    assert found[0] == pytest.approx(found[1], abs=1e-12)


def test_translating_is_the_same_each_time_and_goes_by_what_was_learned() -> None:
    translator, source = made(**DEEP), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        translator(source)
        translator.eval()
        assert torch.equal(translator(source), translator(source))
        assert torch.allclose(translator(source)[:1], translator(source[:1]), atol=1e-12)


def test_noise_makes_another_image_each_time() -> None:
    translator, source = made(**DEEP, noise=True).eval(), torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert not torch.equal(translator(source), translator(source))


def test_statistics_of_the_batch_are_those_of_training_and_change_nothing_that_was_learned() -> None:
    translator, source = made(dropout=0.0, statistics="batch"), torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        expected = translator.train()(source)
        before = copy.deepcopy(translator.state_dict())
        assert torch.allclose(translator.eval()(source), expected, atol=1e-12)
        assert all(torch.equal(value, before[key]) for key, value in translator.state_dict().items())
        plain = made(dropout=0.0).eval()
        plain.load_state_dict(before)
        assert not torch.allclose(plain(source), expected, atol=1e-4)
        translator.train()(source)
    assert not torch.equal(
        translator.state_dict()["generator.model.model.1.model.2.running_mean"],
        before["generator.model.model.1.model.2.running_mean"],
    )


def test_training_after_translating_is_training_again() -> None:
    translator = made(**DEEP)
    translator.eval()
    translator.train()
    assert all(part.training for part in translator.modules())


def test_sides_must_divide_by_what_its_name_says() -> None:
    for name, side in (("unet_256", 256), ("unet_128", 128), ("resnet_9", 4)):
        assert Pix2Pix(Task.parse(TASK), Pix2PixSettings(generator=name, width=1)).multiple == side
    with pytest.raises(SpectraError, match="need 16 pixels"):
        made()(torch.rand(1, 3, 8, 16))


def test_recomputing_changes_no_gradient_though_activations_are_dropped() -> None:
    found = []
    for recompute in (False, True):
        trainer, stage = learning(made(**DEEP, norm="instance"), recompute=recompute)
        for step in range(2):
            trainer.step(stage, batch(step))
        held: Any = stage
        found.append([parameter.detach() for parameter in held.generator.parameters()])
    assert all(torch.allclose(one, other, atol=1e-12) for one, other in zip(*found, strict=True))


def test_an_official_u_net_comes_in_and_out_tensor_for_tensor() -> None:
    torch.set_default_dtype(torch.float32)
    net = generator_of(Pix2PixSettings(width=2), 3, 3)
    state = net.state_dict()
    imported = Pix2Pix.import_official(state, Task.parse("rgb2rgb"))
    assert imported.translator.settings == Pix2PixSettings(width=2)
    assert any("`dropout: 0.5` is assumed" in note for note in imported.notes)
    assert any("`--eval`" in note for note in imported.notes)
    out = imported.translator.export_official()
    assert list(out) == list(state) and all(torch.equal(out[key], state[key]) for key in state)
    source = torch.rand(1, 3, 256, 256)
    with torch.no_grad():
        found, expected = imported.translator.eval()(source), net.eval()(2 * source - 1)
    assert torch.allclose(2 * found - 1, expected, atol=1e-6)


def test_the_tiny_preset_learns_a_negative() -> None:
    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    tiny = Pix2Pix.presets["tiny"]
    translator = Pix2Pix(Task.parse("nir2gray"), Pix2PixSettings(**tiny["settings"]))
    (stage,) = translator.stages()
    trainer = Trainer(translator, TrainSettings(lr=tiny["train"]["lr"]), {"l1": (L1(Config()), tiny["losses"]["l1"])})
    trainer.prepare(stage)
    told = []
    for _ in range(60):
        source = nn.functional.interpolate(torch.rand(2, 1, 4, 4), (32, 32), mode="bilinear")
        told.append(trainer.step(stage, Batch(pairs=PairedBatch([source, 1 - source])))["generator"]["l1"])
    assert sum(told[-5:]) < 0.5 * sum(told[:5])
