"""Train a recipe on real pairs for as many minutes as there are, and say what came of it.

python benchmarks/train_pairs.py DATA --out DIR --minutes 5 [--task rgb2nir] [--translator pix2pixhd] [--preset tiny]
    [--set KEY=VALUE]... [--device cuda] [--seed 0]
python benchmarks/train_pairs.py DATA --out DIR --minutes 15 --transfer [--target eo] [--twice] ...

A short run first measures a step, and what is done besides; the steps of the real run are what fits into the rest of
the minutes. `--steps N` says them outright. Everything is written into DIR: the runs, the curves, `report.md`.

--transfer asks whether SAR learns RGB sooner from the weights of SAR to grey: sar2gray, then sar2rgb that begins with
them, against sar2rgb from scratch with the same steps (and with `--twice`, with those of both together). DATA holds
SPLIT/sar and SPLIT/TARGET, which is RGB; its grey is 0.299 R + 0.587 G + 0.114 B. Minutes are those of all runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import yaml
from paired_scores import against_best_floor, between, metrics_in, standing_out, table
from training_curve import write_curve
from transfer_pairs import experiments, prepared

from spectra import load_recipe
from spectra.training.watch.journal import read_journal

TRIAL = 24
"""Steps of the run that measures: the first half warms up and is left out."""
RESERVE = 0.95
"""How much of the time is planned for."""


@dataclass(frozen=True)
class Pace:
    """What a run takes: seconds of a step of each stage, together, and of all that is not a step."""

    step: float
    besides: float

    def steps(self, seconds: float) -> int:
        found = int((RESERVE * seconds - self.besides) / self.step)
        if found < 1:
            raise SystemExit(
                f"There is no time for a step: {seconds:.0f} s are left, and all that is no step takes "
                f"{self.besides:.0f} s. Give more --minutes, or say --steps."
            )
        return found


@dataclass(frozen=True)
class Place:
    """Where runs are carried out, and with what."""

    data: Path
    out: Path
    device: str
    seed: int
    sets: tuple[str, ...]

    def run(self, recipe: Path, name: str, *sets: str) -> Path:
        """`spectra run`, as it would be typed."""
        command = [sys.executable, "-m", "spectra", "run", str(recipe), "--data", str(self.data)]
        command += ["--out", str(self.out / name), "--device", self.device, "--seed", str(self.seed)]
        for said in (*self.sets, *sets):
            command += ["--set", said]
        print("$ spectra", *command[3:], flush=True)
        if subprocess.run(command, check=False).returncode:
            raise SystemExit(f"The run {name} failed: its message stands above.")
        return self.out / name

    def lengths(self, recipe: Path, steps: int) -> list[str]:
        """So many steps in every stage, in place of what a preset says of a stage."""
        stages = load_recipe(recipe, sets=list(self.sets)).train.stages
        own = [f"train.stages.{name}.steps={steps}" for name, said in stages.items() if said.steps is not None]
        return [f"train.steps={steps}", *own]


def measured(place: Place, recipe: Path) -> Pace:
    began = time.monotonic()
    run = place.run(recipe, "timing", *place.lengths(recipe, TRIAL), "train.log.every=1")
    whole = time.monotonic() - began
    seconds: dict[str, list[float]] = {}
    for line in read_journal(run / "training" / "log.jsonl"):
        if line["kind"] == "step":
            seconds.setdefault(line["stage"], []).append(line["seconds"])
    if not seconds:
        raise SystemExit("This method takes no steps: it needs no minutes; `spectra run` is all there is to do.")
    step = sum(median(found[len(found) // 2 :]) for found in seconds.values())
    return Pace(step, max(0.0, whole - TRIAL * step))


def told(run: Path, pace: Pace | None) -> list[str]:
    """What came of one run, for the report."""
    said = metrics_in(run)
    method = next(name for name, row in said["methods"].items() if not row["floor"])
    logged = [line for line in read_journal(run / "training" / "log.jsonl") if line["kind"] == "step"]
    heads = list(said["methods"][method]["scores"])
    lines = [
        f"## {run.name}",
        "",
        f"{said['task']}, {method}, {said['data']['train']} train and {said['data']['test']} test pairs, "
        f"{logged[-1]['total'] if logged else 0} steps, seed {said['methods'][method]['seed']}, "
        f"recipe {recipe_hash(run)}"
        + (f"; a step took {1000 * pace.step:.1f} ms when it was measured" if pace else ""),
        "",
        "| method | " + " | ".join(_head(*one) for one in said["methods"][method]["scores"].items()) + " |",
        "|---" * (len(heads) + 1) + "|",
    ]
    for name, row in said["methods"].items():
        cells = [_cell(row["scores"][head]) for head in heads]
        lines.append(f"| {name}{' *' if row['floor'] else ''} | " + " | ".join(cells) + " |")
    lines += ["", "Against the best floor, paired by image, BCa over images, nothing clustered:", ""]
    lines += [table(against_best_floor(run, method)), ""]
    if "psnr" in heads:
        lines.append(f"By PSNR {standing_out(run, method)}.")
    drawn = write_curve(run, run.with_name(f"{run.name}.svg"))
    return [*lines, *([f"\n![curves]({run.name}.svg)"] if drawn else []), ""]


def recipe_hash(run: Path) -> str:
    """Of all that the finished recipe says, but for the place where the data lay."""
    said = yaml.safe_load((run / "recipe.yaml").read_text(encoding="utf-8"))
    said.get("data", {}).pop("root", None)
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _head(name: str, score: dict[str, str]) -> str:
    return f"{name} {'↑' if score['better'] == 'higher' else '↓'} {score['unit']}".strip()


def _cell(score: dict[str, float | None]) -> str:
    if score["mean"] is None:
        return "–"
    span = "" if score["low"] is None else f" [{score['low']:.3f}, {score['high']:.3f}]"
    return f"{score['mean']:.3f}{span}"


def planned(asked: argparse.Namespace, place: Place, recipe: Path, runs: int = 1) -> tuple[int, Pace | None]:
    """Steps of each of so many runs, in the time that is left when they have been measured."""
    if asked.steps:
        return asked.steps, None
    pace = measured(place, recipe)
    return pace.steps((60 * asked.minutes - pace.besides - TRIAL * pace.step) / runs), pace


def one_recipe(asked: argparse.Namespace, place: Place) -> None:
    recipe = place.out / "recipe.yaml"
    said = {"task": asked.task, "translator": asked.translator, "preset": asked.preset}
    recipe.write_text(yaml.safe_dump({key: value for key, value in said.items() if value}), encoding="utf-8")
    steps, pace = planned(asked, place, recipe)
    _report(place, told(place.run(recipe, "run", *place.lengths(recipe, steps)), pace))


def transfer(asked: argparse.Namespace, place: Place) -> None:
    place = Place(
        prepared(asked.data, asked.target, place.out / "data"), place.out, place.device, place.seed, place.sets
    )
    grey, begun, scratch = experiments(place.out, asked.translator, asked.preset)
    # of equal length but for the last of `--twice`, which counts for two
    steps, pace = planned(asked, place, scratch, 5 if asked.twice else 3)
    for recipe in (grey, scratch):
        _report(place, told(place.run(recipe, recipe.stem, *place.lengths(recipe, steps)), pace))
    first = place.out / scratch.stem
    second = place.run(begun, begun.stem, *place.lengths(begun, steps))
    _report(place, told(second, pace))
    method = asked.translator.rpartition(":")[2]
    _report(
        place,
        ["## Weights of sar2gray against from scratch, equal steps", "", table(between(second, first, method)), ""],
    )
    if asked.twice:
        third = place.run(scratch, "scratch_twice", *place.lengths(scratch, 2 * steps))
        _report(place, told(third, pace))
        lines = [
            "## Weights of sar2gray against from scratch, equal steps in all",
            "",
            table(between(second, third, method)),
        ]
        _report(place, [*lines, ""])


def _report(place: Place, lines: Sequence[str]) -> None:
    """At once: whoever is cut off keeps what was done."""
    with (place.out / "report.md").open("a", encoding="utf-8") as report:
        report.write("\n".join(lines) + "\n")
    print("\n".join(lines), flush=True)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("data", type=Path)
    words.add_argument("--out", type=Path, required=True, help="a new folder")
    words.add_argument("--task", default="rgb2nir")
    words.add_argument("--translator", default="pix2pixhd")
    words.add_argument("--preset", default="tiny")
    words.add_argument("--set", dest="sets", action="append", default=[], metavar="KEY=VALUE")
    words.add_argument("--minutes", type=float, default=5.0)
    words.add_argument("--steps", type=int, help="in place of the minutes")
    words.add_argument("--device", default="cpu")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--transfer", action="store_true")
    words.add_argument("--target", default="eo", help="with --transfer: the folder of the RGB images")
    words.add_argument("--twice", action="store_true", help="with --transfer: from scratch with all steps, too")
    asked = words.parse_args()
    asked.out.mkdir(parents=True)
    place = Place(asked.data.resolve(), asked.out.resolve(), asked.device, asked.seed, tuple(asked.sets))
    (place.out / "asked.json").write_text(json.dumps(vars(asked), default=str, indent=2), encoding="utf-8")
    began = time.monotonic()
    (transfer if asked.transfer else one_recipe)(asked, place)
    _report(place, [f"All in {(time.monotonic() - began) / 60:.1f} minutes."])


if __name__ == "__main__":
    main()
