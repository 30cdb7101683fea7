"""A bench on the built-in scenes of which nobody said how long to learn: a demonstration, in minutes, that says so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from spectra.bench.contest.budget import Budget
from spectra.bench.contest.entrants import Entrant
from spectra.bench.contest.options import BenchOptions
from spectra.recipe.layers import parse_assignment
from spectra.registry import registry

PRESET = "tiny"
STEPS = 150
"""Of each method that learns: three methods on five tasks stay below ten minutes on two cores."""


def demonstrated(options: BenchOptions, named: Sequence[Entrant]) -> BenchOptions:
    """What a person has said, and what a demonstration adds; a word on how to learn, or on what, makes it none."""
    if not _is_open(options) or not all(_leaves_it_open(one) for one in named):
        return options
    learning = [registry("translators").get(one.what) for one in named if one.kind == "translator"]
    if not any(translator.learns() for translator in learning):
        return options
    known = any(PRESET in translator.presets for translator in learning)
    return replace(options, preset=PRESET if known else None, budget=Budget(steps=STEPS), demonstration=True)


def told(options: BenchOptions) -> str:
    """What must be read before any number of it."""
    preset = f" (with the preset {options.preset}, where it has one)" if options.preset else ""
    return (
        "This is a demonstration: neither --preset nor --budget was said, so on the built-in scenes each method that "
        f"learns takes {options.budget}{preset}, too few to judge it by. Say --preset or --budget for a bench that "
        "counts."
    )


def _is_open(options: BenchOptions) -> bool:
    """On the scenes, and nothing is said of how to learn."""
    said = [parse_assignment(one)[0] for one in options.sets]
    speaks = any(path[0] in ("train", "preset") or tuple(path[:2]) == ("data", "root") for path in said)
    return options.preset is None and options.budget is None and options.root is None and not speaks


def _leaves_it_open(one: Entrant) -> bool:
    """A recipe says how long to learn, and on what; so does a preset of its own."""
    return one.kind != "recipe" and not (one.kind == "translator" and one.preset is not None)
