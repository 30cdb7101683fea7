"""Several processes that train together, each of them this file."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def together(count: int, folder: Path, said: dict[str, Any], **more: Any) -> list[subprocess.CompletedProcess[str]]:
    """Train the small gan in so many processes; the first writes what was learned to `learned.pt` of the folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = [sys.executable, "-m", "tests.training.processes", str(folder), json.dumps({"said": said, **more})]
    started = []
    for rank in range(count):
        own = {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": str(count)}
        environment = {**os.environ, **own, "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(words, cwd=ROOT, env=environment, **pipes))  # type: ignore[call-overload]
    ended = []
    for process in started:
        output, errors = process.communicate(timeout=200)
        ended.append(subprocess.CompletedProcess(words, process.returncode, output, errors))
    return ended


def main(folder: Path, asked: dict[str, Any]) -> None:
    import torch

    from spectra.training.world import joined, leave
    from tests.training.small_gan import settings_of, train, trainer_of
    from tests.training.stopper import Stopper

    with joined("cpu") as (world, _):
        watchers = [Stopper(asked["stop"])] if "stop" in asked and world.rank == asked.get("who", 0) else []
        kept = folder / "checkpoints" if asked.get("keep") else None
        trainer = trainer_of(settings_of(**asked["said"]), kept, watchers, world, plain=asked.get("plain", True))
        if world.rank:
            torch.manual_seed(7 + world.rank)
        learned = train(trainer)
        if world.first:
            torch.save(learned, folder / "learned.pt")
            (folder / "notes.json").write_text(json.dumps(trainer.notes))
    leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
