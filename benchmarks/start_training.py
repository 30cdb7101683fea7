"""How long it takes until training begins: from the command until the first step, with a tiny preset.

python benchmarks/start_training.py [--recipe recipes/pbvs_sar2eo.yaml] [--repeats 5]

Each time in a new folder, on the built-in scenes, on CPU; the process ends where it enters `Trainer.step`.
`import torch` stands beside it. 5 s are allowed.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parent.parent
WATCHED = """
import os, runpy, time
from spectra.training.trainer import Trainer

def step(*given, **said):
    os.write(2, f"BEGUN {time.time()}\\n".encode())
    os._exit(0)

Trainer.step = step
runpy.run_module("spectra", run_name="__main__", alter_sys=True)
"""


def until_first_step(recipe: Path) -> tuple[float, float]:
    """Seconds of the clock and of the processor; the process ends where the first step would begin."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", WATCHED, "run", str(recipe), "--preset", "tiny", "--out", f"{folder}/run"]
        before, began = os.times(), time.time()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        after = os.times()
    begun = [float(line.split()[1]) for line in done.stderr.splitlines() if line.startswith("BEGUN ")]
    if not begun:
        raise SystemExit(f"No step has begun:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return begun[0] - began, spent


def torch_alone() -> float:
    began = time.time()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    return time.time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", type=Path, default=ROOT / "recipes" / "pbvs_sar2eo.yaml")
    parser.add_argument("--repeats", type=int, default=5)
    given = parser.parse_args()
    took, spent, torches = [], [], []
    for _ in range(given.repeats):
        torches.append(torch_alone())
        clock, processor = until_first_step(given.recipe.resolve())
        took.append(clock)
        spent.append(processor)
    print(f"until the first step begins: {median(took):.2f} s ({min(took):.2f}-{max(took):.2f})")
    print(f"of the processor: {median(spent):.2f} s ({min(spent):.2f}-{max(spent):.2f})")
    print(f"`import torch`: {median(torches):.2f} s ({min(torches):.2f}-{max(torches):.2f})")


if __name__ == "__main__":
    main()
