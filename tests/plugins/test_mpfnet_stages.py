"""The stages of MPFNet, step by step against plain torch; and who learns from whom."""

from __future__ import annotations

import copy
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from spectra import Config, ImagePool, Images, Pairs, SpectraError
from spectra.losses.l1 import L1
from spectra.recipe.train import TrainSettings
from spectra.stage import Batch, PairedBatch
from spectra.training.memory import tensors_of
from spectra.training.trainer import Trainer
from spectra_mpfnet import Settings
from tests.plugins.mpfnet_by_hand import NETWORKS, SIDE, ByHand, batch, learning, made

JUDGES = {"discriminator_grey": "of_grey", "discriminator_source": "of_source", "discriminator_colour": "of_colour"}


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("translation", {}),
        ("translation", {"pair": 3.0, "cycle": 2.0, "identity": 0.5, "adversarial": 0.7, "pool": 3}),
        ("colorization", {}),
        ("colorization", {"mix_kind": "single", "depths": (2,), "mix_alpha": 0.3}),
        ("joint", {}),
        ("joint", {"pool": 3, "joint_translation": 0.5, "joint_feature": 2.0, "feature_loss": "wgan", "pair": 4.0}),
        ("joint", {"feature_loss": "vanilla", "feature_real": "gt", "replay": 0.3, "mix_scales": (0.5, 2.0)}),
        ("joint", {"joint_target": "grey", "discriminator_norm": "instance", "rcab_norm": "none", "pool": 0}),
    ],
    ids=str,
)
def test_its_steps_are_those_of_the_paper(name: str, settings: dict[str, Any]) -> None:
    translator = made(**settings)
    trainer, stage = learning(translator, name)
    hand = ByHand(stage, translator.settings)
    for step in range(3):
        drawn = batch(stage, step)
        expected = hand.step(drawn)
        torch.manual_seed(5)
        told = trainer.step(stage, drawn)
        for player, terms in told.items():
            if player in JUDGES:
                assert abs((terms["real"] + terms["fake"]) / 2 - expected.pop(JUDGES[player])) < 1e-9, player
                continue
            for term, value in terms.items():
                assert abs(value - expected.pop(term)) < 1e-9, term
        assert not expected
    for name, network in hand.nets.items():
        own = getattr(stage, name).state_dict()
        for key, value in network.state_dict().items():
            if not key.endswith("num_batches_tracked"):
                assert torch.allclose(own[key], value, atol=1e-7, rtol=0), (name, key)


def moved_by(term: str, player: str = "networks", **settings: Any) -> set[str]:
    """Which networks a term alone teaches, in `joint`."""
    translator = made(pair=1.0, replay=1.0, **settings)
    trainer, stage = learning(translator, "joint")
    drawn = batch(stage, 0)
    names = _terms(stage, drawn, player)
    trainer.weights = {each: dict.fromkeys(_terms(stage, drawn, each), 0.0) for each in stage.players}
    trainer.weights[player] = {name: float(name == term) for name in names}
    before = {name: [p.detach().clone() for p in getattr(stage, name).parameters()] for name in NETWORKS}
    trainer.step(stage, drawn)
    return {
        name
        for name, values in before.items()
        if any(not torch.equal(now, then) for now, then in zip(getattr(stage, name).parameters(), values, strict=True))
    }


def _terms(stage: Any, drawn: Batch, player: str) -> set[str]:
    return {name for update in stage.step(drawn) if update.player == player for name in update.terms}


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("colour", {"there", "color"}),
        ("adversarial_colour", {"there", "color"}),
        ("adversarial_grey", {"there"}),
        ("adversarial_source", {"back"}),
        ("cycle_source", {"there", "back"}),
        ("cycle_grey", {"there", "back"}),
        ("identity_grey", {"there"}),
        ("identity_source", {"back"}),
        ("pair", {"there"}),
        ("replay", {"color"}),
    ],
)
def test_each_term_of_the_joint_stage_teaches_whom_it_should(term: str, expected: set[str]) -> None:
    assert moved_by(term) == expected


@pytest.mark.parametrize(("player", "judge"), JUDGES.items())
@pytest.mark.parametrize("term", ["real", "fake"])
def test_what_a_discriminator_learns_from_teaches_nobody_else(player: str, judge: str, term: str) -> None:
    assert moved_by(term, player) == {judge}


@pytest.mark.parametrize(("replay", "times"), [(0.0, 1), (0.5, 2)])
def test_what_has_no_weight_is_not_computed(replay: float, times: int) -> None:
    """Made grey is coloured for all; true grey, where true colours are real, only for what is replayed."""
    trainer, stage = learning(made(replay=replay, feature_real="gt"), "joint")
    called = []
    stage.color.register_forward_hook(lambda *_: called.append(None))
    trainer.step(stage, batch(stage, 0))
    assert len(called) == times


@pytest.mark.parametrize("replay", [0.0, 0.5])
def test_true_grey_is_coloured_once_for_the_discriminator_and_for_what_is_replayed(replay: float) -> None:
    trainer, stage = learning(made(replay=replay), "joint")
    called = []
    stage.color.register_forward_hook(lambda *_: called.append(None))
    trainer.step(stage, batch(stage, 0))
    assert len(called) == 2


def test_coloured_true_grey_has_no_graph() -> None:
    """Nobody could go through it, but it would be kept."""
    _, stage = learning(made(), "joint")
    colour = 2 * batch(stage, 0).colour - 1
    assert not stage.judging.real_of(stage.color, colour).requires_grad
    assert not stage.judging.real_of(stage.color, colour, stage.color(colour[:, :1])).requires_grad


@pytest.mark.parametrize("name", ["translation", "joint"])
def test_each_discriminator_is_shown_earlier_fakes(name: str) -> None:
    """With a pool of one batch, later steps judge images of earlier ones now and then."""
    found = []
    for pool in (0, 2):
        trainer, stage = learning(made(pool=pool), name)
        told = []
        for step in range(5):
            torch.manual_seed(step)
            told.append({p: t["fake"] for p, t in trainer.step(stage, batch(stage, step)).items() if "fake" in t})
        found.append(told)
    fresh, pooled = found
    assert fresh[0] == pooled[0]
    assert {player for one, other in zip(*found, strict=True) for player in one if one[player] != other[player]} == {
        player for player in stage.players if player in JUDGES
    }


def test_a_stage_that_took_back_its_state_has_the_same_pools() -> None:
    for name, pools in (("translation", ("pool_source", "pool_grey")), ("joint", ("pool_source", "pool_grey"))):
        trainer, stage = learning(made(pool=2), name)
        trainer.step(stage, batch(stage, 0))
        state = stage.state()
        _, other = learning(made(pool=2), name)
        other.restore(state)
        for pool in pools:
            assert _same(getattr(stage, pool), getattr(other, pool))
        if name == "joint":
            assert _same(stage.judging.pool, other.judging.pool)


def _same(one: ImagePool, other: ImagePool) -> bool:
    pairs = zip(one.images, other.images, strict=True)
    return len(one.images) == 2 and all(torch.equal(a, b) for a, b in pairs)


def test_batch_norms_remember_only_what_is_to_be_translated() -> None:
    """Greys that pass through the translator for cycle and identity must not mix into its running statistics."""
    trainer, stage = learning(made(), "joint")
    hand = copy.deepcopy(stage.there)
    drawn = batch(stage, 0)
    hand(2 * drawn.pairs[0] - 1)
    trainer.step(stage, drawn)
    kept = {key: value for key, value in hand.state_dict().items() if "running" in key}
    assert kept and all(torch.allclose(stage.there.state_dict()[key], value) for key, value in kept.items())


def test_every_stage_has_its_own_streams() -> None:
    streams = {stage.name: stage.streams for stage in made().stages()}
    assert streams["translation"] == {"source": Images("nir"), "colour": Images("rgb")}
    assert streams["colorization"] == {"colour": Images("rgb")}
    assert streams["joint"] == {"pairs": Pairs(), "colour": Images("rgb")}
    paired = {stage.name: stage.streams for stage in made(pair=1, online=False, pretrain_unpaired=False).stages()}
    assert paired["translation"] == {"pairs": Pairs(), "colour": Pairs()}
    assert paired["colorization"] == {"colour": Pairs()} and paired["joint"]["colour"] == Pairs()


def names(**settings: Any) -> list[str]:
    return [stage.name for stage in made(**settings).stages()]


def test_stages_are_left_out_as_the_settings_say() -> None:
    assert names() == ["translation", "colorization", "joint"]
    assert names(stages=("joint", "colorization")) == ["colorization", "joint"]
    assert names(stages=("translation",)) == ["translation"]
    assert names(without=("translation",)) == ["colorization", "joint"]
    assert names(without=("pretraining",)) == ["joint"]
    assert made(without=("translation",)).left_out() == ("translation",) and made().left_out() == ()
    with pytest.raises(ValueError, match="leaves out every one"):
        Settings(stages=("translation",), without=("translation",))


def test_a_stage_that_there_never_was_is_refused() -> None:
    trainer = Trainer(made(stages=("joint",)), TrainSettings.model_validate({"stages": {"jiont": {"steps": 1}}}))
    with pytest.raises(SpectraError, match="joint"):
        trainer.train(cast(Any, None))


def test_what_one_stage_learned_by_is_handed_on_by_a_run_of_another() -> None:
    held = []
    for name in ("translation", "colorization", "joint"):
        translator = made(stages=(name,))
        tensors = tensors_of(translator, translator.stages())
        held.append({key.partition(f"stage.{name}.")[2] for key in tensors if key.startswith("stage.")})
    assert held[0] == held[1] == {key for key in held[2] if not key.startswith("of_colour")}
    assert {key.partition(".")[0] for key in held[2]} == {"back", "of_source", "of_grey", "of_colour"}


def test_without_a_translation_colours_are_made_of_the_source() -> None:
    translator = made(without=("translation",))
    assert translator.there is None and not translator.intermediates()
    trainer, stage = learning(translator, "joint")
    assert set(stage.players) == {"networks", "discriminator_colour"}
    drawn = batch(stage, 0)
    with torch.no_grad():
        made_of = copy.deepcopy(translator.color)(2 * drawn.pairs[0] - 1)
        expected = sum(float((((each + 1) / 2) - _means(drawn.pairs[1], each)).abs().mean()) for each in made_of[-1:])
    trainer.losses = {"l1": (L1(Config()), 1.0)}
    stage.losses = trainer.losses
    assert abs(trainer.step(stage, drawn)["networks"]["l1"] - expected) < 1e-12


def _means(target: Tensor, like: Tensor) -> Tensor:
    return nn.functional.interpolate(target, like.shape[-2:], mode="area")


def test_without_a_feature_discriminator_nobody_judges_colours() -> None:
    for settings in ({"without": ("feature_discriminator",)}, {"joint_feature": 0}):
        _, stage = learning(made(**settings), "joint")
        assert "discriminator_colour" not in stage.players
        assert "adversarial_colour" not in _terms(stage, batch(stage, 0), "networks")


def test_the_recipes_losses_come_beside_l_mix_at_the_scales_they_say() -> None:
    for name, player in (("colorization", "colorizer"), ("joint", "networks")):
        found = []
        for scales in ("finest", "all"):
            loss = L1(Config())
            loss.scales = scales  # type: ignore[assignment]
            trainer, stage = learning(made(), name, losses={"l1": (loss, 1.0)})
            found.append(trainer.step(stage, batch(stage, 0))[player])
        assert found[0]["colour"] == found[1]["colour"] and found[1]["l1"] > 1.2 * found[0]["l1"] > 0


@pytest.mark.parametrize("name", ["colorization", "joint"])
def test_pixels_without_data_teach_nothing(name: str) -> None:
    found = []
    for value in (0.2, 0.9):
        torch.manual_seed(0)
        settings = {"pretrain_unpaired": False, "online": False, "pair": 1.0, "without": ("translation",)}
        trainer, stage = learning(made(**settings), name, losses={"l1": (L1(Config()), 1.0)})
        drawn = batch(stage, 0)
        valid = torch.ones(2, 1, SIDE, SIDE, dtype=torch.bool)
        valid[:, :, :6] = False
        key = "pairs" if name == "joint" else "colour"
        source, target = getattr(drawn, key)
        if name == "joint":
            target = torch.where(valid, target, value)
        setattr(drawn, key, PairedBatch([source, target], valid))
        told = next(iter(trainer.step(stage, drawn).values()))
        found.append((told["colour"], told["l1"]))
    assert found[0] == found[1]


def test_a_model_with_both_networks_is_what_is_saved() -> None:
    translator = made()
    before = set(translator.state_dict())
    translator.stages()
    assert set(translator.state_dict()) == before
    assert {key.partition(".")[0] for key in before} == {"there", "color"}


def test_it_translates_by_grey() -> None:
    translator = made().eval()
    source = torch.rand(1, 1, 16, 24, dtype=torch.float64)
    with torch.no_grad():
        grey = translator.intermediates()["gray"](source)
        assert torch.allclose(translator(source), (translator.color(2 * grey - 1)[-1] + 1) / 2)
    assert grey.shape == (1, 1, 16, 24) and grey.min() >= 0 and grey.max() <= 1


def test_recomputing_changes_no_gradient() -> None:
    from spectra.training.recompute import recompute

    found = []
    for again in (False, True):
        translator = made()
        trainer, stage = learning(translator, "joint")
        if again:
            recompute(translator)
        for step in range(2):
            trainer.step(stage, batch(stage, step))
        found.append([value for name in NETWORKS for value in getattr(stage, name).state_dict().values()])
    assert len(translator.recomputed()) == 6
    assert all(torch.allclose(one, other, atol=1e-10) for one, other in zip(*found, strict=True))


def test_a_task_whose_sides_have_one_name_cannot_be_learned() -> None:
    from spectra import Modality, Task
    from spectra_mpfnet import MPFNet

    task = Task(Modality("image", 1), Modality("image", 3))
    with pytest.raises(SpectraError, match="only one"):
        MPFNet(task, Settings(width=2, depths=(1,))).stages()
