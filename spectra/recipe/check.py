"""All faults of a recipe at once: its own words, and those of the plugins it names."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from pydantic import BaseModel, ValidationError

from spectra.errors import SpectraError, did_you_mean
from spectra.modalities import Modality, Scale, Task
from spectra.recipe.faults import LISTED, Fault
from spectra.recipe.layers import Key, Layers
from spectra.recipe.recipe import FLOORS, METRICS, LossEntry, Recipe
from spectra.recipe.train import ValidationSettings
from spectra.registry import registry


def faults_of(layers: Layers) -> Iterator[Fault]:
    """Everything that is wrong, each with the place where it was written."""
    for path, message in _problems(layers.data):
        yield layers.fault(f"{'.'.join(map(str, path))}: {message}" if path else message, path)


Problem = tuple[Key, str]
BRANCHES = {"float", "int", "str", "bool", "constrained-float", "constrained-int", "constrained-str"}
"""What pydantic calls the branches of a union."""


def _problems(data: Mapping[str, Any]) -> Iterator[Problem]:
    wrong = list(problems_with(Recipe, data))
    yield from wrong
    if any(not path for path, _ in wrong):
        return
    spoilt = {path[0] for path, _ in wrong}
    if not spoilt & {"task", "modalities", "data"}:
        yield from _modality_names(data)
        yield from _task(data)
    yield from _scales(data)
    if "translator" not in spoilt:
        yield from _translator(data)
    if "losses" not in spoilt:
        yield from _losses(data)
    if "evaluate" not in spoilt:
        yield from _evaluation(data)


def problems_with(model: type[BaseModel], data: Mapping[str, Any], above: Key = ()) -> Iterator[Problem]:
    """What a pydantic model has against plain data: types are not bent, and near words are offered."""
    try:
        model.model_validate_json(json.dumps(dict(data)), strict=True)
    except ValidationError as why:
        told: dict[Key, list[str]] = {}
        for error in why.errors(include_url=False):
            path = _within(data, error["loc"])
            told.setdefault((*above, *path), []).append(_message(model, error))
            if len(told) > LISTED:
                break
        yield from ((path, ", or ".join(dict.fromkeys(messages))) for path, messages in told.items())


def _within(data: Any, location: tuple[int | str, ...]) -> Key:
    """The part of a location that stands in the data: pydantic adds the names of the branches of a union."""
    path: list[int | str] = []
    for place, key in enumerate(location):
        inside = (isinstance(data, Mapping) and key in data) or (isinstance(data, list) and isinstance(key, int))
        if inside:
            data = data[key]
        elif place < len(location) - 1 or "[" in str(key) or key in BRANCHES or isinstance(key, int):
            continue
        path.append(key)
    return tuple(path)


def _message(model: type[BaseModel], error: Any) -> str:
    kind, given = error["type"], error.get("input")
    if kind == "extra_forbidden":
        word = str(error["loc"][-1])
        return f"there is no such key.{did_you_mean(word, _fields(model, error['loc'][:-1]))}"
    if kind == "string_pattern_mismatch" and "epochs" in error["ctx"]["pattern"]:
        return "write a number of steps, or such as `5 epochs`"
    if kind == "string_pattern_mismatch" and "minutes" in error["ctx"]["pattern"]:
        return "such as `10 minutes`"
    if kind == "string_pattern_mismatch":
        return "write letters, digits, `_`, `.` and `-` alone."
    if kind == "missing":
        return "this key is needed."
    text: str = error["msg"].removeprefix("Value error, ")
    text = text.replace("Input should be", "should be").replace("a valid dictionary or instance of", "a mapping like")
    text = text.replace("should be an object", "should be a mapping")
    shown = repr(given) if len(repr(given)) < 60 else f"{repr(given)[:60]}…"
    return f"{text}, not {shown}" if kind != "value_error" else text


def _fields(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys known at a place in nested models."""
    current: Any = model
    for key in location:
        field = current.model_fields.get(str(key)) if _is_model(current) else None
        current = _model_within(current if field is None else field.annotation)
    return list(current.model_fields) if _is_model(current) else []


def _model_within(kind: Any) -> Any:
    """The model that a list, a mapping or an optional value is of; the kind itself where there is none."""
    if _is_model(kind):
        return kind
    inner = [_model_within(one) for one in getattr(kind, "__args__", ())]
    return next((one for one in inner if _is_model(one)), kind)


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _own_modalities(data: Mapping[str, Any]) -> dict[str, Modality]:
    """The recipe's own modalities, those left out that are faults themselves."""
    found = {}
    for name, said in data.get("modalities", {}).items():
        with suppress(SpectraError):
            found[name] = Modality(name, said["channels"])
    return found


def _modality_names(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name in data.get("modalities", {}):
        try:
            Modality(name, 1)
        except SpectraError as why:
            yield ("modalities", name), str(why)


def _task(data: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        Task.parse(data["task"], _own_modalities(data))
    except SpectraError as why:
        yield ("task",), str(why)


def _scales(data: Mapping[str, Any]) -> Iterator[Problem]:
    sides = data.get("data") if isinstance(data.get("data"), dict) else {}
    own = data.get("modalities") if isinstance(data.get("modalities"), dict) else {}
    said = [(("data", side), (sides or {}).get(side)) for side in ("source", "target")]
    said += [(("modalities", name), entry) for name, entry in (own or {}).items()]
    for path, entry in said:
        scale = entry.get("scale") if isinstance(entry, dict) else None
        if isinstance(scale, str):
            try:
                Scale.parse(scale)
            except SpectraError as why:
                yield (*path, "scale"), str(why)


def _component(group: str, name: str, path: Key) -> Iterator[tuple[Any, Problem | None]]:
    try:
        yield registry(group).get(name), None
    except SpectraError as why:
        yield None, (path, str(why))


def _translator(data: Mapping[str, Any]) -> Iterator[Problem]:
    for component, problem in _component("translators", data["translator"], ("translator",)):
        if problem:
            yield problem
            return
        if isinstance(data.get("settings", {}), dict):
            yield from problems_with(component.Settings, data.get("settings", {}), ("settings",))
        try:
            task = Task.parse(data["task"], _own_modalities(data))
        except (SpectraError, KeyError, TypeError, AttributeError):
            return
        if not component.supports(task):
            homes = ", ".join(component.home_tasks) or "none stated"
            yield ("task",), f"{data['translator']} does not support {task}. Its home tasks: {homes}."


def _losses(data: Mapping[str, Any]) -> Iterator[Problem]:
    for name, said in data.get("losses", {}).items():
        settings = {} if not isinstance(said, dict) else LossEntry.model_validate(said).settings
        for component, problem in _component("losses", name, ("losses", name)):
            yield from [problem] if problem else problems_with(component.Settings, settings, ("losses", name))


def _validation(data: Mapping[str, Any], metrics: list[str]) -> Iterator[Problem]:
    """What says which weights are best must be among what is scored."""
    train = data.get("train")
    said = train.get("validation") if isinstance(train, dict) else None
    if not isinstance(said, dict):
        return
    metric = said.get("metric", ValidationSettings().metric)
    if isinstance(metric, str) and metric not in metrics:
        known = ", ".join(metrics) or "none"
        yield (
            ("train", "validation", "metric"),
            f"{metric!r} is not among `evaluate.metrics`.{did_you_mean(metric, metrics)} They are: {known}.",
        )


def _evaluation(data: Mapping[str, Any]) -> Iterator[Problem]:
    said = data.get("evaluate", {})
    metrics = said.get("metrics", list(METRICS))
    named = metrics if isinstance(metrics, dict) else {name: {} for name in metrics}
    for name, settings in named.items():
        path: Key = (
            ("evaluate", "metrics", name) if isinstance(metrics, dict) else ("evaluate", "metrics", metrics.index(name))
        )
        for component, problem in _component("metrics", name, path):
            yield from [problem] if problem else problems_with(component.Settings, settings, path)
    yield from _validation(data, list(named))
    floors = said.get("floors", list(FLOORS))
    for place, name in enumerate(floors):
        for _, problem in _component("translators", name, ("evaluate", "floors", place)):
            yield from [problem] if problem else []
