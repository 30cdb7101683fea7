"""All that needs a CUDA device, in one go: the tests of `tests/gpu`, the speed of a step, and recipes on real pairs.

python benchmarks/device.py --out report.md [--only facts,tests,step,profile,recipes,transfer] [--box tests=240]...
    [--reference DIR] [--data FOLDER TASK]... [--transfer FOLDER] [--minutes 3] [--set KEY=VALUE]... [--device cuda]

Each section has its own time and is ended when that is over; the report is written as it goes, so that whatever ends it
loses nothing. `step` needs a clone of the official pix2pixHD as --reference, `recipes` pairs as --data, `transfer` a
folder of SAR and RGB: without them, a section says so. Curves and the pages of runs are put beside the report.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Timer

import torch

from spectra.bench.environment import LIBRARIES, hardware, versions

ROOT = Path(__file__).resolve().parents[1]
SECONDS = {"facts": 60, "tests": 240, "step": 180, "profile": 120, "recipes": 300, "transfer": 600}
Command = Sequence[str]


@dataclass(frozen=True)
class Report:
    """A markdown file that grows line by line."""

    path: Path

    def write(self, text: str) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        print(text, flush=True)

    def carry_out(self, command: Command, seconds: float) -> None:
        """What the command prints, as it prints it; it and all it has begun end when the time is over."""
        self.write(f"\n`{' '.join(command)}`\n\n```text")
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
        clock = Timer(max(1.0, seconds), _end, [process])
        clock.start()
        try:
            for line in process.stdout or ():
                self.write(line.rstrip("\n"))
            code = process.wait()
        finally:
            clock.cancel()
            _end(process)
        took = time.monotonic() - began
        self.write(f"```\n\n{'It ended well' if code == 0 else f'It ended with code {code}'} after {took:.0f} s.\n")


def _end(process: subprocess.Popen[str]) -> None:
    """The process and its children, which are a session of their own."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)


def facts(given: argparse.Namespace, report: Report, work: Path) -> Iterator[Command]:
    told = hardware(given.device)
    report.write(", ".join(f"{name}: {said}" for name, said in told.items()))
    report.write("\n" + ", ".join(f"{name} {number}" for name, number in versions(LIBRARIES).items()))
    if torch.cuda.is_available():
        seen = torch.cuda.get_device_properties(0)
        report.write(f"\n{seen.name}: {seen.total_memory / 2**30:.0f} GiB, {seen.multi_processor_count} processors")
        report.write(f"CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}")
    yield from ()


def tests(given: argparse.Namespace, report: Report, work: Path) -> Iterator[Command]:
    marked = [path for path in sorted((ROOT / "tests").rglob("test_*.py")) if "mark.gpu" in path.read_text("utf-8")]
    said = ("-m", "gpu", "-q", "--no-header", "--durations=10", "--tb=short", "-p", "no:cacheprovider")
    yield "-m", "pytest", *said, *(str(path.relative_to(ROOT)) for path in marked)


def step(given: argparse.Namespace, report: Report, work: Path) -> Iterator[Command]:
    if given.reference is None:
        report.write("Left out: there is no --reference.")
        return
    said = ("benchmarks/step_pix2pixhd.py", "--reference", str(given.reference), "--device", given.device)
    rounds = ("--rounds", str(given.rounds), "--size", str(given.size), "--width", str(given.width))
    yield *said, *rounds, "--batch", *given.batch, "--precision", "fp32", "tf32"
    yield *said, *rounds, "--batch", *given.batch, "--precision", "bf16", "--channels-last", "--compile"


def profile(given: argparse.Namespace, report: Report, work: Path) -> Iterator[Command]:
    said = ("benchmarks/step_profile.py", "--device", given.device, "--rounds", str(given.rounds))
    sizes = ("--size", str(given.size), "--width", str(given.width), "--batch", given.batch[-1])
    yield *said, *sizes, "--precision", "fp32", "tf32", "bf16"
    yield *said, *sizes, "--precision", "bf16", "--channels-last", "--compile"
    yield *said, *sizes, "--precision", "fp32", "--recompute", "--kernels", "3"


def recipes(given: argparse.Namespace, report: Report, work: Path) -> Iterator[Command]:
    if not given.data:
        report.write("Left out: there is no --data.")
    for number, (folder, task) in enumerate(given.data):
        out = work / f"{Path(folder).name}-{task}-{number}"
        yield *_training(given, folder, out), "--task", task
        _keep(out, report.path.parent)


def transfer(given: argparse.Namespace, report: Report, work: Path) -> Iterator[Command]:
    if given.transfer is None:
        report.write("Left out: there is no --transfer.")
        return
    out = work / "transfer"
    yield *_training(given, given.transfer, out), "--transfer", "--twice"
    _keep(out, report.path.parent)


def _training(given: argparse.Namespace, folder: str, out: Path) -> Command:
    said = ["benchmarks/train_pairs.py", str(Path(folder).resolve()), "--out", str(out), "--device", given.device]
    said += ["--minutes", str(given.minutes), "--translator", given.translator, "--preset", given.preset]
    return [*said, *(word for one in given.sets for word in ("--set", one))]


def _keep(out: Path, beside: Path) -> None:
    """Curves and pages of what was finished."""
    for curve in sorted(out.glob("*.svg")):
        shutil.copy(curve, beside / f"{out.name}-{curve.name}")
    for page in sorted(out.glob("*/report.html")):
        if page.parent.name != "timing":
            shutil.copy(page, beside / f"{out.name}-{page.parent.name}.html")


SECTIONS: dict[str, Callable[[argparse.Namespace, Report, Path], Iterator[Command]]] = {
    "facts": facts,
    "tests": tests,
    "step": step,
    "profile": profile,
    "recipes": recipes,
    "transfer": transfer,
}


def section(name: str, given: argparse.Namespace, report: Report, work: Path, seconds: float) -> None:
    """Its commands one after the other, within the time of all of them."""
    report.write(f"\n## {name}\n")
    ends = time.monotonic() + seconds
    for command in SECTIONS[name](given, report, work):
        left = ends - time.monotonic()
        if left < 5:
            report.write(f"`{' '.join(command)}`: left out, as the {seconds:.0f} s of this section are over.")
        else:
            report.carry_out(command, left)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--out", type=Path, required=True, help="the report; what is there is added to")
    words.add_argument("--only", default=",".join(SECTIONS))
    words.add_argument("--box", action="append", default=[], metavar="SECTION=SECONDS")
    words.add_argument("--device", default="cuda")
    words.add_argument("--reference", type=Path, help="a clone of the official pix2pixHD")
    words.add_argument("--size", type=int, default=256)
    words.add_argument("--width", type=int, default=64)
    words.add_argument("--batch", nargs="+", default=["1", "4"])
    words.add_argument("--rounds", type=int, default=20)
    words.add_argument("--data", nargs=2, action="append", default=[], metavar=("FOLDER", "TASK"))
    words.add_argument("--transfer", metavar="FOLDER")
    words.add_argument("--minutes", type=float, default=3.0, help="of each recipe")
    words.add_argument("--translator", default="pix2pixhd")
    words.add_argument("--preset", default="tiny")
    words.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE")
    given = words.parse_args()
    names = given.only.split(",")
    boxes = {**SECONDS, **{name: float(seconds) for name, _, seconds in (said.partition("=") for said in given.box)}}
    if strange := sorted({*names, *boxes} - SECTIONS.keys()):
        words.error(f"there is no section {', '.join(strange)}: {', '.join(SECTIONS)}")
    if given.device.startswith("cuda") and not torch.cuda.is_available():
        words.error("there is no CUDA device here")
    given.out.parent.mkdir(parents=True, exist_ok=True)
    report = Report(given.out.resolve())
    report.write(f"# On {given.device}, {datetime.now(UTC):%Y-%m-%d %H:%M}\n")
    with tempfile.TemporaryDirectory() as work:
        for name in names:
            section(name, given, report, Path(work), boxes[name])
    return 0


if __name__ == "__main__":
    sys.exit(main())
