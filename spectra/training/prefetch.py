"""Batches made ahead of time, by threads, in the order of the steps."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import islice
from typing import Protocol

import torch

from spectra.stage import Batch, Stage

MOST = 4


class Feed(Protocol):
    """Where batches come from: a function of stage and step alone, so that a run can be carried on.

    A batch lies on the translator's device. Several threads may ask at once.
    """

    def batch(self, stage: Stage, step: int) -> Batch: ...

    def epoch(self, stage: Stage) -> int:
        """How many images are in an epoch of the stage: those of its longest stream."""


def worker_count(said: int | None) -> int:
    """As said, or one thread for each core but one, at most four."""
    if said is not None:
        return said
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(0, min(MOST, cores - 1))


@contextmanager
def prefetched(
    feed: Feed, stage: Stage, steps: int, workers: int | None = None, first: int = 0
) -> Iterator[Iterator[Batch]]:
    """The batches of a stage from ``first`` on, the same whatever the number of workers.

    A worker's error comes in its batch's place. At most one batch more than there are workers waits or is being made.
    No thread is left behind.
    """
    count = min(worker_count(workers), max(steps - first, 0))
    if not count:
        yield (feed.batch(stage, step) for step in range(first, steps))
        return
    threads = torch.get_num_threads()
    # Each thread that calls torch would have a pool of threads of its own, as large as the machine.
    pool = ThreadPoolExecutor(count, "feed", torch.set_num_threads, (1,))
    try:
        yield _in_order(pool, feed, stage, range(first, steps), count + 1)
    finally:
        pool.shutdown(cancel_futures=True)
        torch.set_num_threads(threads)  # of this thread it never changed, but threads yet to come would start with 1


def _in_order(pool: ThreadPoolExecutor, feed: Feed, stage: Stage, steps: range, ahead: int) -> Iterator[Batch]:
    upcoming = iter(steps)
    waiting: deque[Future[Batch]] = deque()
    while True:
        waiting.extend(pool.submit(feed.batch, stage, step) for step in islice(upcoming, ahead - len(waiting)))
        if not waiting:
            return
        yield waiting.popleft().result()
