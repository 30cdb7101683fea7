"""The trainer against loops written by hand, in float64: every parameter and every term, to 1e-12."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import l1_loss, logsigmoid, mse_loss

from spectra.data.pairs import Pair, Picture
from spectra.modalities import Scale
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.stage import Batch, Player, Stage
from spectra.training.trainer import Trainer
from spectra.translator import Translator
from tests.training.miniatures import L1, Draws, Ear, HandAdam, Journey, SharedPass, Tone, Turns, task

Told = list[dict[str, dict[str, float]]]


def trained(translator: Translator, settings: Mapping[str, object], **options: object) -> Told:
    """Train in place, with the recipe's loss ``l1``; what was told after each step."""
    ear = Ear()
    losses = {"l1": (L1(Config()), 10.0)}
    trainer = Trainer(translator, TrainSettings.model_validate(settings), losses=losses, watchers=[ear], **options)  # type: ignore[arg-type]
    torch.manual_seed(5)
    trainer.train(Draws(translator.task))
    return [{player: dict(terms) for player, terms in one.terms.items()} for one in ear.told]


def same(ours: nn.Module, theirs: nn.Module) -> None:
    pairs = list(zip(ours.named_parameters(), theirs.named_parameters(), strict=True))
    assert pairs
    for (name, our), (_, their) in pairs:
        assert (our - their).abs().max() < 1e-12, name


def same_terms(ours: Told, theirs: Told) -> None:
    assert [{p: set(t) for p, t in step.items()} for step in ours] == [
        {p: set(t) for p, t in step.items()} for step in theirs
    ]
    for our, their in zip(ours, theirs, strict=True):
        for player, terms in our.items():
            assert terms == pytest.approx(their[player], rel=0, abs=1e-12)


def numbers(**terms: Tensor) -> dict[str, float]:
    return {name: term.item() for name, term in terms.items()}


def moved(before: nn.Module, after: nn.Module) -> bool:
    return any((b - a).abs().max() > 1e-4 for b, a in zip(before.parameters(), after.parameters(), strict=True))


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(11)


def picture(pixels: Tensor) -> Picture:
    return Picture(pixels, Scale(0, 1), "float32")


def test_a_closed_form_is_fitted_by_the_trainer() -> None:
    left, right = torch.rand(3, 1, 5, 4), torch.rand(3, 1, 5, 4)
    pairs = [
        Pair(str(n), "one", picture(x), picture(0.6 * x + 0.1 + 0.05 * y))
        for n, (x, y) in enumerate(zip(left, right, strict=True))
    ]
    translator = Tone(task("nir2lwir"), Config())

    Trainer(translator, TrainSettings()).train(Draws(translator.task), pairs)

    x = torch.cat([pair.source.pixels.flatten() for pair in pairs]).double()
    y = torch.cat([pair.target.pixels.flatten() for pair in pairs]).double()
    factor, offset = torch.linalg.lstsq(torch.stack([x, torch.ones_like(x)], 1), y[:, None]).solution[:, 0]
    assert translator.factor == pytest.approx(factor.item(), abs=1e-12)
    assert translator.offset == pytest.approx(offset.item(), abs=1e-12)


def test_one_forward_for_both_players_equals_the_classic_three_passes() -> None:
    ours = SharedPass(task("nir2lwir"), Config())
    start, theirs = copy.deepcopy(ours), copy.deepcopy(ours)
    told = trained(ours, {"steps": 6, "lr": 1e-2}, weights={"generator": {"matching": 0.3, "adversarial": 2.0}})

    feed, expected = Draws(theirs.task), Told()
    generator, discriminator = theirs.generator, theirs.discriminator
    learn_g, learn_d = HandAdam(generator.parameters(), 1e-2), HandAdam(discriminator.parameters(), 1e-2)
    for step in range(6):
        source, target = feed.batch(start.stages()[0], step).pairs
        fake = generator(source)
        maps = discriminator(torch.cat([source, fake], 1))
        real_maps = discriminator(torch.cat([source, target], 1))
        adversarial, matching = mse_loss(maps[1], torch.ones_like(maps[1])), l1_loss(maps[0], real_maps[0].detach())
        paired = (fake - target).abs().mean()
        old = fake.detach()
        learn_g.learn(2 * adversarial + 0.3 * matching + 10 * paired)
        on_real, on_fake = (
            discriminator(torch.cat([source, target], 1))[1],
            discriminator(torch.cat([source, old], 1))[1],
        )
        real, fool = mse_loss(on_real, torch.ones_like(on_real)), mse_loss(on_fake, torch.zeros_like(on_fake))
        learn_d.learn(real + fool)
        expected.append(
            {
                "generator": numbers(adversarial=adversarial, matching=matching, l1=paired),
                "discriminator": numbers(real=real, fake=fool),
            }
        )

    same_terms(told, expected)
    same(ours, theirs)
    assert moved(start.generator, ours.generator) and moved(start.discriminator, ours.discriminator)


def test_a_generator_that_learns_second_faces_the_discriminator_that_has_learned() -> None:
    ours = Turns(task("rgb2nir"), Config())
    theirs, start = copy.deepcopy(ours), copy.deepcopy(ours)
    told = trained(ours, {"steps": 6, "lr": 1e-2, "players": {"discriminator": {"lr": 3e-2}}})

    feed, expected = Draws(theirs.task), Told()
    generator, discriminator = theirs.generator, theirs.plan[0].discriminator  # type: ignore[attr-defined]
    learn_g, learn_d = HandAdam(generator.parameters(), 1e-2), HandAdam(discriminator.parameters(), 3e-2)
    for step in range(6):
        source, target = feed.batch(theirs.plan[0], step).pairs
        with torch.no_grad():
            old = generator(source)
        real, fool = -logsigmoid(discriminator(target)[1]).mean(), -logsigmoid(-discriminator(old)[1]).mean()
        learn_d.learn(real + fool)
        fake = generator(source)
        adversarial, paired = -logsigmoid(discriminator(fake)[1]).mean(), (fake - target).abs().mean()
        learn_g.learn(adversarial + 10 * paired)
        expected.append(
            {"discriminator": numbers(real=real, fake=fool), "generator": numbers(adversarial=adversarial, l1=paired)}
        )

    same_terms(told, expected)
    same(ours, theirs)
    same(ours.plan[0].discriminator, discriminator)  # type: ignore[attr-defined]
    assert moved(start.plan[0].discriminator, discriminator)  # type: ignore[attr-defined]


class HandPool:
    """Keeps three images; from the fourth on, a coin decides whether one of them is given back in exchange."""

    def __init__(self) -> None:
        self.kept: list[Tensor] = []
        self.given_back = 0

    def __call__(self, images: Tensor) -> Tensor:
        shown = []
        for image in images.detach().clone():
            if len(self.kept) < 3:
                self.kept.append(image)
                shown.append(image)
            elif torch.rand(()).item() < 0.5:
                shown.append(image)
            else:
                place = int(torch.randint(3, ()))
                shown.append(self.kept[place])
                self.kept[place] = image
                self.given_back += 1
        return torch.stack(shown)


class HandJourney:
    """The three stages of ``Journey``, written out."""

    def __init__(self, nets: Journey, feed: Draws) -> None:
        self.nets, self.feed = nets, feed
        self.stages = nets.stages()
        self.told = Told()
        self.learn_g = HandAdam(nets.there.parameters(), 1e-2)
        self.learn_target = HandAdam(nets.judge_target.parameters(), 1e-2)

    def batch(self, stage: int, step: int) -> Batch:
        return self.feed.batch(self.stages[stage], step)

    def judged(self, judge: nn.Module, image: Tensor, aim: float) -> Tensor:
        verdict: Tensor = judge(image)[1]
        return ((verdict - aim) ** 2).mean()

    def paired(self, steps: int) -> None:
        nets = self.nets
        for step in range(steps):
            source, target = self.batch(0, step).pairs
            fake = nets.there(source)
            adversarial, l1 = self.judged(nets.judge_target, fake, 1), l1_loss(fake, target)
            self.learn_g.learn(adversarial + 10 * l1)
            real, fool = self.judged(nets.judge_target, target, 1), self.judged(nets.judge_target, fake.detach(), 0)
            self.learn_target.learn(real + fool)
            generators = numbers(adversarial=adversarial, l1=l1)
            self.told.append({"generators": generators, "judge_target": numbers(real=real, fake=fool)})

    def cycle(self, steps: int) -> HandPool:
        nets = self.nets
        nets.back.get_parameter("0.bias").data.copy_(nets.there.get_parameter("0.bias").data)
        self.learn_g.grow(nets.back.parameters())
        learn_source = HandAdam(nets.judge_source.parameters(), 1e-2)
        pool_source, pool_target = HandPool(), HandPool()
        for step in range(steps):
            batch = self.batch(1, step)
            (source, target), here, there = batch.pairs, batch.sources, batch.targets
            fake_target, fake_source = nets.there(here), nets.back(there)
            adversarial = self.judged(nets.judge_target, fake_target, 1) + self.judged(
                nets.judge_source, fake_source, 1
            )
            cycle = l1_loss(nets.back(fake_target), here) + l1_loss(nets.there(fake_source), there)
            paired = l1_loss(nets.there(source), target)
            self.learn_g.learn(adversarial + 5 * cycle + 10 * paired)
            real_source = self.judged(nets.judge_source, here, 1)
            fool_source = self.judged(nets.judge_source, pool_source(fake_source), 0)
            learn_source.learn(real_source + fool_source)
            real_target = self.judged(nets.judge_target, there, 1)
            fool_target = self.judged(nets.judge_target, pool_target(fake_target), 0)
            self.learn_target.learn(real_target + fool_target)
            self.told.append(
                {
                    "generators": numbers(adversarial=adversarial, cycle=cycle, paired_l1=paired),
                    "judge_source": numbers(real=real_source, fake=fool_source),
                    "judge_target": numbers(real=real_target, fake=fool_target),
                }
            )
        return pool_source

    def refined(self, steps: int) -> None:
        nets = self.nets
        nets.teacher.load_state_dict(nets.there.state_dict())
        self.learn_g.lr = 3e-3
        learn_refiner = HandAdam(nets.refiner.parameters(), 3e-3)
        learn_target = HandAdam(nets.judge_target.parameters(), 3e-3)
        for step in range(steps):
            source, target = self.batch(2, step).pairs
            rough = nets.there(source)
            adversarial, keep = self.judged(nets.judge_target, rough, 1), mse_loss(rough, nets.teacher(source))
            back = mse_loss(nets.back(rough), source)
            self.learn_g.learn(adversarial + keep + back)
            old = rough.detach()
            fine = old + nets.refiner(old)
            fooling, l1 = self.judged(nets.judge_target, fine, 1), l1_loss(fine, target)
            learn_refiner.learn(fooling + 10 * l1)
            real, fool = self.judged(nets.judge_target, target, 1), self.judged(nets.judge_target, old, 0)
            fool_fine = self.judged(nets.judge_target, fine.detach(), 0)
            learn_target.learn(real + fool + fool_fine)
            self.told.append(
                {
                    "generators": numbers(adversarial=adversarial, keep=keep, back=back),
                    "refiner": numbers(adversarial=fooling, l1=l1),
                    "judge_target": numbers(real=real, rough=fool, fine=fool_fine),
                }
            )


def test_three_stages_with_unpaired_data_pools_and_a_detached_branch_equal_the_loop_by_hand() -> None:
    ours = Journey(task("rgb2nir"), Config())
    hand, start = HandJourney(copy.deepcopy(ours), Draws(ours.task)), copy.deepcopy(ours)
    settings = {
        "lr": 1e-2,
        "stages": {"paired": {"steps": 4}, "cycle": {"steps": 8}, "refined": {"steps": 4, "lr": 3e-3}},
    }
    told = trained(ours, settings, weights={"generators": {"cycle": 5.0}})

    torch.manual_seed(5)
    hand.paired(4)
    assert hand.cycle(8).given_back > 0
    hand.refined(4)

    same_terms(told, hand.told)
    same(ours, hand.nets)
    for name in ("there", "back", "refiner", "judge_source", "judge_target"):
        assert moved(start.get_submodule(name), ours.get_submodule(name)), name


def test_a_term_of_weight_zero_is_not_computed_and_not_told() -> None:
    translator = SharedPass(task("nir2lwir"), Config())
    stage = translator.stages()[0]
    translator.stages = lambda: [stage]  # type: ignore[method-assign]

    told = trained(translator, {"steps": 2}, weights={"generator": {"matching": 0}})

    assert stage.matched == 0  # type: ignore[attr-defined]
    assert set(told[1]["generator"]) == {"adversarial", "l1"}


def test_a_stage_of_no_steps_begins_and_learns_nothing() -> None:
    translator = Journey(task("rgb2nir"), Config())
    before = copy.deepcopy(translator)

    told = trained(translator, {"steps": 0})

    assert told == []
    same(translator.there, before.there)
    assert torch.equal(translator.back[0].bias, before.there[0].bias)  # type: ignore[arg-type]


def test_frozen_parameters_stay() -> None:
    translator = SharedPass(task("nir2lwir"), Config())
    translator.generator[0].requires_grad_(False)
    before = copy.deepcopy(translator)

    trained(translator, {"steps": 2, "lr": 1e-2})

    assert torch.equal(translator.generator[0].weight, before.generator[0].weight)  # type: ignore[arg-type]
    assert moved(before.generator[2], translator.generator[2])


def test_modules_of_a_stage_and_losses_move_to_the_translators_device_before_an_optimizer_is_built() -> None:
    moves: list[object] = []

    class Recorder(nn.Conv2d):
        def _apply(self, *arguments: object, **options: object) -> Recorder:
            moves.append(self)
            return super()._apply(*arguments, **options)  # type: ignore[no-untyped-call,no-any-return]

    translator = Turns(task("rgb2nir"), Config())
    stage = translator.plan[0]
    stage.discriminator.last = Recorder(3, 1, 3, dtype=torch.float64)  # type: ignore[attr-defined]
    stage.extractor = Recorder(1, 1, 1)  # type: ignore[attr-defined]
    stage.players = {**stage.players, "hidden": Player(Recorder(1, 1, 1))}
    loss = L1(Config())
    loss.weights = Recorder(1, 1, 1)
    trainer = Trainer(translator, TrainSettings(steps=0), losses={"l1": (loss, 1.0)})
    moves_at: list[int] = []
    trainer._equip = lambda *_: moves_at.append(len(set(map(id, moves))))  # type: ignore[method-assign]

    trainer.train(Draws(translator.task))

    assert trainer.device == torch.device("cpu")
    assert moves_at == [4, 4, 4]


def test_a_step_can_be_taken_on_its_own() -> None:
    translator = SharedPass(task("nir2lwir"), Config())
    trainer, stage = Trainer(translator, TrainSettings()), translator.stages()[0]
    trainer.prepare(stage)

    told = trainer.step(stage, Draws(translator.task).batch(stage, 0))

    assert set(told) == {"generator", "discriminator"}
    assert isinstance(stage, Stage) and stage.cuts == []
