"""Every figure of RESULTS.md in one go, with machine and date: python benchmarks/all.py [--quick]"""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from spectra.bench.environment import LIBRARIES, hardware, versions

FULL: dict[str, tuple[str, ...]] = {
    "startup.py": (),
    "run.py": (),
    "translate.py": (),
    "scenes.py": (),
    "metrics.py": (),
    "deep_metrics.py": (),
    "frechet.py": (),
    "cost.py": (),
    "feeding.py": (),
    "decode.py": (),
    "check.py": ("--whole", "1000"),
    "geotiff.py": (),
    "pix2next.py": ("--what", "presets"),
    "extractors.py": (),
    "mpfnet.py": ("--what", "step", "--size", "128", "--batch", "2", "--width", "32", "--rounds", "3"),
}
QUICK: dict[str, tuple[str, ...]] = {
    **FULL,
    "startup.py": ("3",),
    "translate.py": ("--small", "20", "--large", "100"),
    "scenes.py": ("--count", "10"),
    "metrics.py": ("--pairs", "20"),
    "deep_metrics.py": ("--sides", "256", "--rounds", "2"),
    "frechet.py": ("--distance", "--rounds", "1"),
    "feeding.py": ("--count", "30", "--side", "2000", "--steps", "5", "--pairs", "100", "--repeats", "1"),
    "decode.py": ("--files", "5", "--rounds", "5"),
    "check.py": ("--whole", "50"),
    "geotiff.py": ("--side", "2000"),
    "mpfnet.py": ("--what", "step", "--size", "64", "--batch", "2", "--width", "8", "--rounds", "1"),
}


def main() -> int:
    told = hardware("cpu")
    print(
        f"{datetime.now(UTC):%Y-%m-%d}, {told['processor']}, {told['threads']} threads, "
        f"{told['memory_gb']} GB, GPUs: {told['gpus']}"
    )
    print(", ".join(f"{name} {number}" for name, number in versions(LIBRARIES).items()))
    worst = 0
    for script, words in (QUICK if "--quick" in sys.argv[1:] else FULL).items():
        print(f"\n## {script} {' '.join(words)}\n", flush=True)
        worst |= subprocess.run([sys.executable, str(Path(__file__).with_name(script)), *words], check=False).returncode
    return worst


if __name__ == "__main__":
    sys.exit(main())
