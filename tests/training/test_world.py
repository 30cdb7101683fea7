"""Several processes learn what one learns from the same batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import DataError, Stopped
from spectra.nn.sync_batch_norm import SyncBatchNorm2d, synchronise
from spectra.testing.made import MadePairs
from spectra.training.feed import PairFeed
from spectra.training.world import World
from tests.training.processes import together
from tests.training.small_gan import SIDE, TASK, same, settings_of, train, trainer_of
from tests.training.stopper import Stopper


def learned_together(folder: Path, said: dict[str, Any], count: int = 2, **more: Any) -> dict[str, Tensor]:
    folder.mkdir(exist_ok=True)
    for ended in together(count, folder, said, **more):
        assert ended.returncode == 0, ended.stderr
    found: dict[str, Tensor] = torch.load(folder / "learned.pt", weights_only=True)
    return found


def furthest(one: dict[str, Tensor], other: dict[str, Tensor]) -> float:
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


@pytest.mark.parametrize("batch_size", [4, 3], ids=["even", "uneven"])
def test_two_processes_equal_one(batch_size: int, tmp_path: Path) -> None:
    said = {"batch_size": batch_size, "sync_batchnorm": True, "ema": 0.5, "clip": 0.3, "accumulate": 2}
    alone = train(trainer_of(settings_of(**said), plain=True))
    assert furthest(alone, learned_together(tmp_path / "two", said)) < 1e-5


@pytest.mark.slow
def test_without_the_common_batch_norm_they_differ_and_it_is_said(tmp_path: Path) -> None:
    said = {"batch_size": 4, "steps": 3}
    alone = train(trainer_of(settings_of(**said), plain=True))
    assert furthest(alone, learned_together(tmp_path / "two", said)) > 1e-4
    assert "train.sync_batchnorm" in json.loads((tmp_path / "two" / "notes.json").read_text())[0]


@pytest.mark.parametrize("who", [pytest.param(0, id="first", marks=pytest.mark.slow), pytest.param(1, id="second")])
def test_they_stop_at_the_same_step_whoever_is_asked_and_go_on_bit_for_bit(who: int, tmp_path: Path) -> None:
    said = {"batch_size": 4}
    whole = learned_together(tmp_path / "whole", said, plain=False, keep=True)
    (tmp_path / "stopped").mkdir()
    ended = together(2, tmp_path / "stopped", said, plain=False, keep=True, stop=8, who=who)
    assert all("Stopped after step 2 of 6 of the stage 'fine'" in one.stderr for one in ended), ended
    assert same(whole, learned_together(tmp_path / "stopped", said, plain=False, keep=True)) == []


@pytest.mark.slow
def test_a_checkpoint_of_another_number_of_processes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        train(trainer_of(settings_of(batch_size=4), tmp_path / "checkpoints", [Stopper(2)]))
    ended = together(2, tmp_path, {"batch_size": 4}, plain=False, keep=True)
    assert any("process" in one.stderr and "SpectraError" in one.stderr for one in ended), ended[0].stderr
    assert (tmp_path / "checkpoints" / "step_00000002").is_dir()


@pytest.mark.parametrize(("count", "size"), [(4, 2), (5, 2), (7, 3), (3, 3)])
def test_the_shares_of_a_batch_are_all_of_it_once(count: int, size: int) -> None:
    shares = [range(*World(rank, size).share(count)) for rank in range(size)]
    assert [place for share in shares for place in share] == list(range(count))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_batch_smaller_than_the_world_is_refused() -> None:
    with pytest.raises(DataError, match=r"batch_size: 1` cannot be shared by 2 processes"):
        PairFeed(MadePairs(TASK, SIDE), TASK, 1, None, 0, world=World(0, 2))


def test_a_common_batch_norm_has_the_parameters_and_in_eval_the_results_of_its_own() -> None:
    net = nn.Sequential(nn.Conv2d(2, 3, 1), nn.BatchNorm2d(3))
    net(torch.rand(4, 2, 5, 5))
    image = torch.rand(2, 2, 5, 5)
    before, names = net.eval()(image), list(net.state_dict())
    assert synchronise(net) == 1 and isinstance(net[1], SyncBatchNorm2d) and synchronise(net) == 1
    assert torch.equal(net(image), before) and list(net.state_dict()) == names
