"""Batches made ahead by threads: the same, in order, with errors in their place, and nothing left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from torch import Tensor

from spectra.data.cache.decoded import DecodedReader
from spectra.data.catalogue import Window
from spectra.data.pairs import Pair
from spectra.data.sets.remembered import Remembered
from spectra.errors import DataError
from spectra.modalities import Task
from spectra.recipe.train import TrainSettings
from spectra.stage import Batch, Images, Pairs, Stage, Update
from spectra.training.feed import PairFeed
from spectra.training.prefetch import prefetched, worker_count
from spectra.training.trainer import Trainer
from tests.pair_folders import listed_pairs, write_pairs
from tests.training.miniatures import Draws, SharedPass, task
from tests.training.test_feed import Made

TASK = Task.parse("rgb2ir")
WORKERS = (0, 1, 2, 5)


class Both(Stage):
    def __init__(self) -> None:
        super().__init__()
        self.streams, self.players = {"pairs": Pairs(), "targets": Images("ir")}, {}

    def step(self, batch: Batch) -> Iterator[Update]:
        yield from ()


class Numbers:
    """Batches that say their step. Even steps take longer than odd ones."""

    def __init__(self, fails_at: int = -1) -> None:
        self.fails_at = fails_at
        self.made: list[int] = []
        self.threads: set[str] = set()

    def batch(self, stage: Stage, step: int) -> Batch:
        self.threads.add(threading.current_thread().name)
        time.sleep(0.01 * (step % 2 == 0))
        if step == self.fails_at:
            raise DataError(f"the image of step {step} is damaged")
        self.made.append(step)
        return Batch(step=step)


def threads_left() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("feed")]


def tensors(batch: Batch) -> list[Tensor]:
    source, target = batch.pairs
    return [source, target, batch.targets]


def test_the_stream_is_the_same_whatever_the_number_of_workers(tmp_path: Path) -> None:
    write_pairs(tmp_path / "data", names=tuple("abcde"), size=(20, 16))
    settings = TrainSettings.model_validate({"augment": ["flip", {"rotate": {"quarter": True}}, "noise"]})
    streams = []
    for workers in WORKERS:
        listed = listed_pairs(tmp_path / "data", reader=DecodedReader(0.1, folder=tmp_path / "cache"))
        feed = PairFeed(Remembered(listed), TASK, 2, 8, 3, augment_of=settings.augment_of)
        with prefetched(feed, Both(), 13, workers) as batches:
            streams.append([tensors(batch) for batch in batches])
    assert all(len(stream) == 13 for stream in streams)
    for stream in streams[1:]:
        for ours, theirs in zip(stream, streams[0], strict=True):
            assert all(torch.equal(one, other) for one, other in zip(ours, theirs, strict=True))


@pytest.mark.parametrize("workers", WORKERS)
def test_batches_come_in_the_order_of_the_steps(workers: int) -> None:
    feed = Numbers()
    with prefetched(feed, Both(), 12, workers) as batches:
        assert [batch.step for batch in batches] == list(range(12))
    assert ("MainThread" in feed.threads) is (workers == 0) and not threads_left()


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_no_more_is_made_ahead_than_one_for_each_worker_and_one(workers: int) -> None:
    feed = Numbers()
    with prefetched(feed, Both(), 100, workers) as batches:
        for _ in range(3):
            next(batches)
        time.sleep(0.2)
        assert len(feed.made) <= 3 + workers + 1


@pytest.mark.parametrize("workers", WORKERS)
def test_an_error_comes_in_the_place_of_its_batch_with_its_words(workers: int) -> None:
    seen = []
    with (
        pytest.raises(DataError, match="step 3 is damaged"),
        prefetched(Numbers(fails_at=3), Both(), 9, workers) as batches,
    ):
        for batch in batches:
            seen.append(batch.step)
    assert seen == [0, 1, 2] and not threads_left()


@pytest.mark.parametrize("why", [KeyboardInterrupt, ValueError, GeneratorExit])
def test_no_thread_is_left_when_training_ends_early(why: type[BaseException]) -> None:
    feed = Numbers()
    with pytest.raises(why), prefetched(feed, Both(), 50, 3) as batches:
        next(batches)
        raise why
    assert not threads_left() and len(feed.made) < 10


def test_threads_do_not_each_bring_a_pool_of_their_own_and_others_keep_theirs() -> None:
    inside: list[int] = []

    class Counting(Numbers):
        def batch(self, stage: Stage, step: int) -> Batch:
            inside.append(torch.get_num_threads())
            return super().batch(stage, step)

    def threads_of_another() -> int:
        found: list[int] = []
        thread = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
        thread.start()
        thread.join()
        return found[0]

    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        with prefetched(Counting(), Both(), 6, 2) as batches:
            list(batches)
            assert torch.get_num_threads() == 3
        assert set(inside) == {1} and torch.get_num_threads() == 3 and threads_of_another() == 3
    finally:
        torch.set_num_threads(before)


def test_training_is_the_same_bit_for_bit_with_and_without_workers() -> None:
    learned = []
    for workers in WORKERS:
        torch.manual_seed(11)
        translator = SharedPass(task("nir2lwir"), TrainSettings())
        Trainer(translator, TrainSettings(steps=4, workers=workers)).train(Draws(translator.task))
        learned.append(translator.state_dict())
    for state in learned[1:]:
        assert all(torch.equal(state[name], value) for name, value in learned[0].items())


def test_a_feed_that_fails_in_training_leaves_no_thread() -> None:
    class Failing(Draws):
        def batch(self, stage: Stage, step: int) -> Batch:
            if step == 2:
                raise DataError("gone")
            return super().batch(stage, step)

    translator = SharedPass(task("nir2lwir"), TrainSettings())
    with pytest.raises(DataError, match="gone"):
        Trainer(translator, TrainSettings(steps=9, workers=2)).train(Failing(translator.task))
    assert not threads_left()


def test_how_many_workers_there_are_without_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(16)), raising=False)
    assert (worker_count(None), worker_count(0), worker_count(7)) == (4, 0, 7)
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0}, raising=False)
    assert worker_count(None) == 0


def test_pairs_are_asked_for_in_epochs_by_several_threads_at_once() -> None:
    """Pairs that differ from epoch to epoch, and say by their pixels which epoch they are of."""

    class Epochs:
        changing, names, sizes = True, ["a", "b", "c"], [(4, 4)] * 3

        def __len__(self) -> int:
            return 3

        def size(self, place: int, epoch: int = 0) -> tuple[int, int]:
            return 4, 4

        def look(self, place: int, epoch: int = 0, window: Window | None = None) -> Pair:
            return Made(9, 4)[place + 3 * (epoch % 3)]

        def identity(self) -> str:
            return ""

    feed = PairFeed(Remembered(Epochs()), TASK, 1, None, 0)  # type: ignore[arg-type]
    with prefetched(feed, Both(), 9, 2) as batches:
        seen = [int(batch.pairs[0].min()) for batch in batches]
    assert [sorted(seen[at : at + 3]) for at in (0, 3, 6)] == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]


@pytest.mark.gpu
@pytest.mark.parametrize("workers", WORKERS)
def test_on_a_gpu_batches_are_those_of_the_cpu(tmp_path: Path, workers: int) -> None:
    write_pairs(tmp_path, names=tuple("abcde"), size=(20, 16))
    found = []
    for device in ("cpu", "cuda"):
        feed = PairFeed(listed_pairs(tmp_path), TASK, 2, 8, 3, device)
        with prefetched(feed, Both(), 20, workers) as batches:
            found.append([tensors(batch) for batch in batches])
    for here, there in zip(*found, strict=True):
        for one, other in zip(here, there, strict=True):
            assert other.device.type == "cuda" and torch.equal(one, other.cpu())
