"""The process in which one method learns and predicts: what it breaks is its own.

It reads a request from its standard input, and says what it does in lines of JSON on its standard output; plugins see
neither. When its input ends, whoever asked is gone: it saves, and leaves.
"""

from __future__ import annotations

import json
import threading
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from spectra.bench.contest.budget import Budget, within
from spectra.bench.contest.channel import Channel
from spectra.bench.contest.pace import legs_of, pace_of
from spectra.bench.contest.predictions import write_predictions
from spectra.bench.contest.request import Request
from spectra.bench.contest.store import DONE, MODEL, PREDICTIONS
from spectra.bench.environment import environment
from spectra.bench.lesson import Lesson
from spectra.bench.needs import Needs, Options, carry_out_needs, made_from
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
    options = Options(request.data, request.sets, request.preset, request.device, request.recipe.seed)
    needs = _needs(request, options, channel)
    recipe, length = _with_budget(request, data, around)
    planned = Plan((recipe,), recipe_text([recipe], {}), request.folder, data, request.device, options)
    around = replace(around, folder_of=lambda file: needs.folder(Path(file)))
    lesson = Lesson.of(planned, needs, World())
    began = time.monotonic()
    with lesson.place() as place:
        method = lesson.taught(around, place)[0]
        seconds = time.monotonic() - began
        write_text(place / RECIPE_FILE, planned.text)
        said = {**environment(Path(recipe.name), data, request.device), "made_from": made_from((recipe,), needs)}
        write_text(place / ENVIRONMENT_FILE, json.dumps(said, indent=2) + "\n")
        notes = [*needs.notes, *_notes(request, length, needs)]
        about = {"seconds": seconds if lesson.learns else method.seconds, "notes": notes}
        _finish(place, method.model, data, channel, {**about, "steps": length.steps if lesson.learns else None})


def _needs(request: Request, options: Options, channel: Channel) -> Needs:
    """Carried out once for all that need the same, and kept apart from what was needed in other words."""
    home = (request.needs or request.folder.parent) / request.folder.name
    return carry_out_needs((request.recipe,), home, options, partial(run, said=channel.said), told=channel.told)


@dataclass(frozen=True)
class Length:
    """How many steps it takes in all; what does not learn by steps takes none."""

    steps: int | None
    own: int | None
    """What its recipe or preset says."""


def _notes(request: Request, length: Length, needs: Needs) -> Iterator[str]:
    if request.budget is not None and length.steps != length.own:
        yield f"The budget gives it {length.steps} steps; by itself it would take {length.own}."
    if request.budget is not None and needs.folders:
        told = ", ".join(sorted(file.name for file in needs.folders))
        yield f"It is made of what {told} learned before, which is not a part of the budget."


def _with_budget(request: Request, data: Data, around: Surroundings) -> tuple[Recipe, Length]:
    """The recipe at the length that it may have."""
    recipe = request.recipe
    legs = legs_of(recipe, data)
    own = sum(leg.steps for leg in legs) if legs else None
    if not legs or request.budget is None:
        return recipe, Length(own, own)
    budget = Budget.parse(request.budget)
    if not own:
        raise SpectraError(f"{request.name} learns no step by itself: a budget cannot be shared in its proportion.")
    total = _steps_of(budget, request, data, legs, around)
    return within(recipe, legs, total), Length(total, own)


def _steps_of(budget: Budget, request: Request, data: Data, legs: Sequence[Leg], around: Surroundings) -> int:
    if budget.steps is not None:
        return budget.steps
    assert request.pace is not None
    if (known := _known(request.pace)) is not None:
        return known
    pace = pace_of(request.recipe, data, legs, around)
    steps = budget.steps_at(pace, [leg.steps for leg in legs])
    request.pace.parent.mkdir(parents=True, exist_ok=True)
    write_text(request.pace, json.dumps({"seconds_of_a_step": pace, "steps": steps}) + "\n")
    return steps


def _known(pace: Path) -> int | None:
    """What was found before; a file that is damaged counts for nothing."""
    try:
        found = json.loads(pace.read_text(encoding="utf-8"))["steps"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) and found > 0 else None


def _finish(place: Path, model: Model, data: Data, channel: Channel, about: dict[str, Any]) -> None:
    write_predictions(place / PREDICTIONS, model, data.test, channel.told)
    notes = [*model.notes, *about.pop("notes", [])]
    said = {**about, "preset": model.preset, "notes": notes, "diagnostics": plain(model.diagnostics)}
    write_text(place / DONE, json.dumps(said, indent=2) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
