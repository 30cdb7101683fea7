"""Pix2Next's training stopped and gone on with, computed again, with a frozen extractor, and by two processes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor

from spectra.errors import Stopped
from spectra.modalities import Task
from spectra.recipe.train import TrainSettings
from spectra.stage import Batch, PairedBatch
from spectra.testing.made import MadePairs
from spectra.training.checkpoint import Checkpoints
from spectra.training.feed import PairFeed
from spectra.training.memory import tensors_of
from spectra.training.recompute import recompute
from spectra.training.trainer import Trainer
from spectra_pix2next import Pix2Next, Settings
from tests.plugins.test_pix2next_learning import ORDERS, SMALL
from tests.training.stopper import Stopper

TASK = Task.parse("rgb2nir")


def made(**settings: Any) -> Pix2Next:
    torch.manual_seed(0)
    return Pix2Next(TASK, Settings(**{**SMALL, **settings}))


def trained(folder: Path, stop: int = 0, **settings: Any) -> dict[str, Tensor]:
    """All that four steps teach, with all that a checkpoint must hold: averages, a schedule, left out branches."""
    said = {"steps": 4, "lr": 1e-3, "batch_size": 2, "ema": 0.9, "schedule": {"cosine": {"warmup": 2}}}
    train = TrainSettings.model_validate({**said, "accumulate": 2, "checkpoint": {"every": 0}})
    kept = Checkpoints(folder, {"torch": torch.__version__}, train.checkpoint.keep)
    watchers = [Stopper(stop)] if stop else []
    trainer = Trainer(made(**settings), train, None, None, watchers, kept)
    trainer.train(PairFeed(MadePairs(TASK, 32), TASK, 2, None, 3))
    (stage,) = {id(stage): stage for terms in trainer.terms.values() for stage, _ in terms}.values()
    return {name: tensor.detach().clone() for name, tensor in tensors_of(trainer.translator, [stage]).items()}


@pytest.mark.parametrize(("order", "norm"), [("generator_first", "batch"), ("discriminator_first", "instance")])
def test_training_that_was_stopped_goes_on_bit_for_bit(order: str, norm: str, tmp_path: Path) -> None:
    dropping = {**SMALL["internimage"], "drop_path": 0.4}
    said = {"order": order, "discriminator_norm": norm, "internimage": dropping}
    whole = trained(tmp_path / "whole", **said)
    with pytest.raises(Stopped):
        trained(tmp_path / "stopped", 2, **said)
    torch.manual_seed(99)
    again = trained(tmp_path / "stopped", **said)
    assert whole.keys() == again.keys() and any("discriminator" in name for name in whole)
    assert [name for name in whole if not torch.equal(whole[name], again[name])] == []


def gradients(again: bool, **settings: Any) -> dict[str, Tensor]:
    """Of the generator, after one step in float64."""
    translator = made(**settings).double()
    (stage,) = translator.stages()
    stage.players["discriminator"].modules[0].double()
    trainer = Trainer(translator, TrainSettings(lr=1e-3))
    trainer.prepare(stage)
    if again:
        recompute(translator)
    images = torch.Generator().manual_seed(1)
    pairs = [torch.rand(2, bands, 24, 32, generator=images, dtype=torch.float64) for bands in (3, 1)]
    trainer.step(stage, Batch(pairs=PairedBatch(pairs)))
    return {name: p.grad.clone() for name, p in translator.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_computed_again_gives_the_same_gradients(order: str) -> None:
    kept, again = (gradients(way, order=order) for way in (False, True))
    assert kept.keys() == again.keys()
    assert all(torch.allclose(kept[name], again[name], rtol=1e-9, atol=1e-12) for name in kept)


def test_all_blocks_of_the_unet_keep_nothing_where_they_are_computed_again() -> None:
    translator, seen = made(), []
    recompute(translator)
    for block in translator.recomputed():
        block.forward = _counted(block.forward, seen)  # type: ignore[method-assign]
    translator(torch.rand(1, 3, 32, 32)).sum().backward()
    assert len(seen) == len(translator.recomputed()) == 11 * 2


def _counted(forward: Any, seen: list[int]) -> Any:
    def counting(*inputs: Any) -> Any:
        seen.append(1)
        return forward(*inputs)

    return counting


def test_a_frozen_extractor_stays_as_it_is_and_all_else_learns() -> None:
    for frozen in (True, False):
        translator = made(extractor_frozen=frozen).double()
        before = {name: p.detach().clone() for name, p in translator.named_parameters()}
        (stage,) = translator.stages()
        stage.players["discriminator"].modules[0].double()
        trainer = Trainer(translator, TrainSettings(lr=1e-3))
        trainer.prepare(stage)
        images = torch.Generator().manual_seed(1)
        pairs = [torch.rand(2, bands, 24, 32, generator=images, dtype=torch.float64) for bands in (3, 1)]
        for _ in range(2):
            trainer.step(stage, Batch(pairs=PairedBatch(pairs)))
        still = {name for name, p in translator.named_parameters() if torch.equal(p, before[name])}
        of_extractor = {name for name in before if name.startswith("generator.extractor.")}
        assert still == (of_extractor if frozen else set())


DESCENT = {"optimizer": "sgd", "betas": [0.9, 0.0], "lr": 1e-4}


def recipe(order: str) -> dict[str, Any]:
    """Two steps, each of both pairs; by plain descent, as Adam makes whole steps of mere rounding, and short steps,
    as long ones would magnify it."""
    return {
        "task": str(TASK),
        "translator": "pix2next",
        "settings": {**SMALL, "order": order},
        "losses": {"l1": 10},
        "data": {"scenes": {"size": 32, "train": 2, "test": 1, "validation": 1}},
        "train": {**DESCENT, "steps": 2, "batch_size": 2, "crop": 32, "precision": "fp32"},
        "evaluate": {"metrics": ["mae"], "floors": ["constant"], "samples": 0},
    }


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("order", ORDERS)
def test_two_processes_of_torchrun_learn_what_one_does(order: str, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    file.write_text(yaml.safe_dump(recipe(order)), encoding="utf-8")
    spectra = ["-m", "spectra", "run", str(file), "--device", "cpu", "--out"]
    together = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    learned = []
    for name, words in {"one": spectra, "two": [*together, *spectra]}.items():
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [sys.executable, *words, str(tmp_path / name)], env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        learned.append(load_file(tmp_path / name / "model" / "weights.safetensors"))
    one, two = learned
    assert one.keys() == two.keys()
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-5
