"""The process in which one method learns and predicts: what it breaks is its own.

It reads a request from its standard input, and says what it does in lines of JSON on its standard output; plugins see
neither. When its input ends, whoever asked is gone: it saves, and leaves.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from spectra.bench.contest.budget import Budget, within
from spectra.bench.contest.pace import legs_of, pace_of
from spectra.bench.contest.predictions import write_predictions
from spectra.bench.contest.request import Request
from spectra.bench.contest.store import DONE, MODEL, PREDICTIONS
from spectra.bench.environment import environment
from spectra.bench.lesson import Lesson
from spectra.bench.needs import Options, carry_out_needs, made_from
from spectra.bench.plan import ENVIRONMENT_FILE, RECIPE_FILE, Plan
from spectra.bench.run import run
from spectra.bench.teaching import Surroundings
from spectra.bench.workplace import workplace
from spectra.data.atomic import write_text
from spectra.data.open import Data, open_data
from spectra.errors import SpectraError, Stopped
from spectra.model import Model, load
from spectra.model_folder import plain
from spectra.recipe.dump import recipe_text
from spectra.recipe.recipe import Recipe
from spectra.training.course import Leg
from spectra.training.world import World


GRACE = 120.0
"""Seconds to save in, for one whose parent is gone."""


class Channel:
    """What the parent process says and hears. What plugins print goes to standard error, where it disturbs nobody."""

    def __init__(self) -> None:
        self._out, self._in = os.fdopen(os.dup(1), "wb"), os.dup(0)
        os.dup2(2, 1)
        with Path(os.devnull).open("rb") as nothing:
            os.dup2(nothing.fileno(), 0)
        self._guard = threading.Lock()

    def asked(self) -> str:
        text = b""
        while not text.endswith(b"\n") and (more := os.read(self._in, 2**16)):
            text += more
        return text.decode()

    def leave_with_parent(self) -> None:
        """Nothing more is said to us, so the end of it is the end of the parent."""
        while os.read(self._in, 2**16):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(GRACE)
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))  # it does not heed the other

    def told(self, what: str, done: int, total: int) -> None:
        self._say({"told": [what, done, total]})

    def said(self, text: str) -> None:
        self._say({"said": text})

    def failed(self, reason: str, trace: str = "") -> None:
        self._say({"failed": reason, "trace": trace})

    def _say(self, what: dict[str, Any]) -> None:
        with self._guard, suppress(OSError):  # nobody listens any more: it is told to leave, and first it saves
            self._out.write(json.dumps(what).encode() + b"\n")
            self._out.flush()


def main() -> int:
    channel = Channel()
    _first_to_go()
    try:
        request = Request.model_validate_json(channel.asked())
        threading.Thread(target=channel.leave_with_parent, daemon=True).start()
        carry_out(request, channel)
    except Stopped as why:
        return 128 + why.signal
    except (SpectraError, OSError) as why:
        channel.failed(str(why))
        return 1
    except MemoryError as why:
        channel.failed(f"It ran out of memory: {why}" if str(why) else "It ran out of memory.")
        return 1
    except SystemExit as why:  # a plugin that leaves has not done what it was asked for
        channel.failed(f"It left by itself: SystemExit: {why}", traceback.format_exc())
        return 1
    except Exception as why:  # a plugin may raise anything
        channel.failed(f"{type(why).__name__}: {why}", traceback.format_exc())
        return 1
    return 0


def _first_to_go() -> None:
    """Where the system runs out of memory it ends this process, not the bench nor what else there is."""
    with suppress(OSError):  # not all systems have it
        Path("/proc/self/oom_score_adj").write_text("800", encoding="utf-8")


def carry_out(request: Request, channel: Channel) -> None:
    """The folder of the request appears when all in it is done."""
    data = open_data(request.recipe)
    if request.model is None:
        _taught(request, data, channel)
    else:
        _as_it_is(request, data, channel)


def _as_it_is(request: Request, data: Data, channel: Channel) -> None:
    """A model that is there: nothing is learned."""
    assert request.model is not None
    model = load(request.model)
    if not model.trained:
        raise SpectraError(f"{str(request.model)!r} is untrained: what it makes of an image means nothing.")
    require_task(model, data)
    with workplace(request.folder) as place:
        model.save(place / MODEL)
        _finish(place, model.to(request.device), data, channel, {"seconds": None, "steps": None})


def require_task(model: Model, data: Data) -> None:
    """What it was made for must be what the images show, on the same scales."""
    for side in ("source", "target"):
        own, shown = getattr(model.task, side), getattr(data.task, side)
        if (own.name, own.channels) != (shown.name, shown.channels):
            raise SpectraError(f"The model translates {model.task}, not {data.task}.")
        if replace(own.scale, nodata=None) != replace(shown.scale, nodata=None):
            raise SpectraError(f"The model reads its {side} as `{own.scale}`, and the bench as `{shown.scale}`.")


def _taught(request: Request, data: Data, channel: Channel) -> None:
    around = Surroundings(request.device, told=channel.told, said=channel.said)
    recipe, steps = _with_budget(request, data, around)
    options = Options(request.data, request.sets, request.preset, request.device, recipe.seed)
    planned = Plan((recipe,), recipe_text([recipe], {}), request.folder, data, request.device, options)
    needs = carry_out_needs((recipe,), request.folder, options, partial(run, said=channel.said), told=channel.told)
    around = replace(around, folder_of=lambda file: needs.folder(Path(file)))
    lesson = Lesson.of(planned, needs, World())
    began = time.monotonic()
    with lesson.place() as place:
        method = lesson.taught(around, place)[0]
        seconds = time.monotonic() - began
        write_text(place / RECIPE_FILE, planned.text)
        said = {**environment(Path(recipe.name), data, request.device), "made_from": made_from((recipe,), needs)}
        write_text(place / ENVIRONMENT_FILE, json.dumps(said, indent=2) + "\n")
        about = {"seconds": seconds if lesson.learns else method.seconds, "steps": steps if lesson.learns else None}
        _finish(place, method.model, data, channel, {**about, "notes": list(needs.notes)})


def _with_budget(request: Request, data: Data, around: Surroundings) -> tuple[Recipe, int | None]:
    """The recipe at the length that it may have, and its steps in all."""
    recipe = request.recipe
    legs = legs_of(recipe, data)
    if not legs or request.budget is None:
        return recipe, sum(leg.steps for leg in legs) if legs else None
    budget = Budget.parse(request.budget)
    if not sum(leg.steps for leg in legs):
        raise SpectraError(f"{request.name} learns no step by itself: a budget cannot be shared in its proportion.")
    total = _steps_of(budget, request, data, legs, around)
    return within(recipe, legs, total), total


def _steps_of(budget: Budget, request: Request, data: Data, legs: Sequence[Leg], around: Surroundings) -> int:
    if budget.steps is not None:
        return budget.steps
    assert request.pace is not None
    if request.pace.is_file():
        known: int = json.loads(request.pace.read_text(encoding="utf-8"))["steps"]
        return known
    pace = pace_of(request.recipe, data, legs, around)
    steps = budget.steps_at(pace, [leg.steps for leg in legs])
    request.pace.parent.mkdir(parents=True, exist_ok=True)
    write_text(request.pace, json.dumps({"seconds_of_a_step": pace, "steps": steps}) + "\n")
    return steps


def _finish(place: Path, model: Model, data: Data, channel: Channel, about: dict[str, Any]) -> None:
    write_predictions(place / PREDICTIONS, model, data.test, channel.told)
    notes = [*model.notes, *about.pop("notes", [])]
    said = {**about, "preset": model.preset, "notes": notes, "diagnostics": plain(model.diagnostics)}
    write_text(place / DONE, json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
