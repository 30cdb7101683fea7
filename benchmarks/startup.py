"""How long the command line takes to start, against importing torch; prints the rows of a markdown table.

python benchmarks/startup.py [RUNS]
"""

from __future__ import annotations

import subprocess
import sys
import time
from statistics import median

RUNS = 11
LIMIT = 1 / 8
TORCH = ("-c", "import torch")
COMMANDS = {"spectra --help": ("-m", "spectra", "--help"), "spectra list": ("-m", "spectra", "list")}


def seconds(arguments: tuple[str, ...]) -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - began


def medians(runs: int) -> dict[str, float]:
    """The median of each, the runs taken in turn so that a busy moment falls on all of them."""
    timed: dict[str, list[float]] = {}
    for number in range(runs + 1):
        for name, arguments in {"import torch": TORCH, **COMMANDS}.items():
            taken = seconds(arguments)
            if number:  # the first round fills the caches of the disk
                timed.setdefault(name, []).append(taken)
    return {name: median(times) for name, times in timed.items()}


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    took = medians(runs)
    torch = took["import torch"]
    print(f"| command | median of {runs} | `import torch` | ratio | limit |\n|---|---|---|---|---|")
    for name in COMMANDS:
        print(f"| `{name}` | {took[name]:.3f} s | {torch:.3f} s | {took[name] / torch:.3f} | {LIMIT:.3f} |")
    return int(any(took[name] > LIMIT * torch for name in COMMANDS))


if __name__ == "__main__":
    sys.exit(main())
