"""How long `spectra run recipes/pbvs_rgb2ir.yaml` takes, start of Python to report; prints a row of a markdown table.

python benchmarks/run.py [RUNS]

Seconds of the processor, over all cores, stand beside those of the clock: they tell a slow machine from a busy one.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

RUNS = 5
LIMIT = 15.0
RECIPE = Path(__file__).resolve().parents[1] / "recipes" / "pbvs_rgb2ir.yaml"


def timed(folder: Path) -> tuple[float, float]:
    """Seconds of the clock and of the processor for one run into a new folder."""
    before, began = _processor(), time.perf_counter()
    command = [sys.executable, "-m", "spectra", "run", str(RECIPE), "--out", str(folder)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began, _processor() - before


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    with tempfile.TemporaryDirectory() as home:
        took = [timed(Path(home) / str(number)) for number in range(runs + 1)][1:]  # the first fills the disk's caches
    clock, processor = median(seconds for seconds, _ in took), median(seconds for _, seconds in took)
    print(f"| command | median of {runs} | of the processor | cores | limit |\n|---|---|---|---|---|")
    row = f"{clock:.1f} s | {processor:.1f} s | {len(os.sched_getaffinity(0))} | {LIMIT:.0f} s"
    print(f"| `spectra run recipes/{RECIPE.name}` | {row} |")
    return int(clock > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
