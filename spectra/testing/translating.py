"""Checks of what a translator says of itself, and of its forward pass."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import suppress

import torch
from torch import Tensor

from spectra.data.catalogue import Window
from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.model import Model, preset_of, validated
from spectra.recipe.recipe import Recipe
from spectra.recipe.train import TrainSettings
from spectra.settings import Config
from spectra.testing.check import Fault, NotApplicable, require
from spectra.testing.made import made_images
from spectra.testing.subject import Learner, same, unchanged
from spectra.testing.tensors import OneDevice, loose_tensors
from spectra.translation import windows
from spectra.translator import Translator

FAR = 2.0
"""How far from the unit interval an untrained network may be; 0..255 is farther."""
TINY = 1e-8
"""Below this two results in float64 are the same."""


def home_tasks(learner: Learner) -> None:
    component = learner.component
    require(isinstance(component.home_tasks, tuple), "its `home_tasks` are not a tuple: write ('rgb2nir',)")
    for text in component.home_tasks:
        require(component.supports(Task.parse(text)), f"it does not support its own home task {text!r}")


def unsupported_task(learner: Learner) -> None:
    unsupported = next((task for task in _some_tasks() if not learner.component.supports(task)), None)
    if unsupported is None:
        raise NotApplicable("it supports every task that was tried")
    try:
        learner.component(unsupported, learner.settings)
    except SpectraError:
        return
    raise Fault(f"it can be built for {unsupported}, which it does not support: call super().__init__ first")


def _some_tasks() -> Iterator[Task]:
    channels = ("rgb", "nir", "sar", "ms5", "ms13")
    return (Task.parse(f"{source}2{target}") for source in channels for target in channels)


def presets(learner: Learner) -> None:
    """Every one can be built: as tensors without data, which cost no memory and no time, on torch's device `meta`.

    A constructor that fails there, as one does that computes with values, is carried out with real tensors, and what
    that says counts. A preset whose real network no machine could hold is thus no fault.
    """
    for name, partial in learner.component.presets.items():
        if unknown := sorted(set(partial) - set(Recipe.model_fields)):
            raise Fault(f"the preset {name!r} has the key {unknown[0]!r}, which no recipe has")
        TrainSettings.model_validate(partial.get("train", {}))
        said = preset_of(learner.component, learner.name, name).get("settings", {})
        _built(learner, validated(learner.component, learner.name, said))


def _built(learner: Learner, settings: Config) -> None:
    with suppress(Exception), warnings.catch_warnings(), torch.device("meta"):
        warnings.simplefilter("error")  # such as of weights that are loaded to no effect
        learner.component(learner.task, settings)
        return
    learner.component(learner.task, settings)


def shape(learner: Learner) -> None:
    translator = learner.learned()
    source = learner.source(translator)
    expected = (len(source), learner.task.target.channels, *source.shape[-2:])
    found = tuple(_run(translator, source).shape)
    require(found == expected, f"of a source {tuple(source.shape)} it makes {found} instead of {expected}")


def values(learner: Learner) -> None:
    """Finite, and not in another range than the unit interval."""
    translator = learner.learned()
    source = learner.source(translator)
    for name, images in {
        "an image": source,
        "black": torch.zeros_like(source),
        "white": torch.ones_like(source),
    }.items():
        target = _run(translator, images)
        require(bool(target.isfinite().all()), f"of {name} it makes values that are not finite")
        low, high = float(target.min()), float(target.max())
        require(
            low >= -FAR and high <= 1 + FAR,
            f"of {name} it makes values from {low:.3g} to {high:.3g}: images are in the unit interval, and a network "
            "that likes another range converts inside",
        )


def model_range(learner: Learner) -> None:
    model = learner.model()
    source = learner.source(model.translator)
    with torch.no_grad():
        target = model(3 * source - 1)
    if not model.translator.bounded:
        require(bool(target.isfinite().all()), "the model's answer is not a number")
        return
    require(bool(((target >= 0) & (target <= 1)).all()), "the model's answer leaves [0, 1] or is not a number")


def dtype(learner: Learner) -> None:
    translator = learner.learned()
    source = learner.source(translator)
    for kind in (torch.float32, torch.float64):
        found = _run(translator.to(kind), source.to(kind)).dtype
        require(found == kind, f"in {kind} it answers in {found}")


def device(learner: Learner) -> None:
    """Every tensor that it holds follows ``.to``."""
    translator = learner.learned()
    source = learner.source(translator)
    expected = _run(translator, source)
    if loose := loose_tensors(translator):
        raise Fault(f"{loose[0]} is neither a parameter nor a buffer: it stays behind when the model moves or is saved")
    if torch.cuda.is_available():
        found = _run(translator.to("cuda"), source.to("cuda"))
        require(found.device.type == "cuda", f"on cuda it answers on {found.device}")
        require(torch.allclose(found.cpu(), expected, atol=1e-2), "on cuda it gives another image than on the CPU")
    _on_no_device(translator, source)


def _on_no_device(translator: Translator, source: Tensor) -> None:
    """Tensors without data show which device they are on: so a machine without a GPU tells, too."""
    translator.to("meta")
    strays = [name for name, tensor in translator.state_dict().items() if tensor.device.type != "meta"]
    require(not strays, f"{', '.join(strays)} do not follow `.to(device)`")
    with suppress(RuntimeError), OneDevice():  # what looks at values cannot run without them: no fault
        found = _run(translator, source.to("meta"))
        require(found.is_meta, f"its answer is on {found.device}, not on the source's device")


def determinism(learner: Learner) -> None:
    translator = learner.learned()
    source = learner.source(translator)
    require(same(_run(translator, source), _run(translator, source)), "in eval mode it answers twice differently")


def input_not_modified(learner: Learner) -> None:
    translator = learner.learned()
    source = learner.source(translator)
    with unchanged("its source", source):
        _run(translator, source)


def no_hidden_state(learner: Learner) -> None:
    """What it saw before must not matter."""
    model = learner.model()
    side = learner.side(model.translator)
    one = learner.source(model.translator, seed=1)
    other = made_images(learner.task.source.channels, 2 * side, side, seed=2)
    with torch.no_grad():
        first = model(one)
        model(other)
        again = model(one)
    require(same(first, again), "the same image has another answer after it has seen a different one: it keeps a state")


def batch_independence(learner: Learner) -> None:
    translator = learner.learned().double()
    source = learner.source(translator).double()
    together, alone = _run(translator, source), torch.cat([_run(translator, image[None]) for image in source])
    gap = float((together - alone).abs().max())
    require(gap < 1e-8, f"an image's answer depends on the others of its batch, by up to {gap:.3g}, in eval mode")


def odd_sizes(learner: Learner) -> None:
    model = learner.model()
    for height, width in ((37, 53), (53, 37)):
        source = made_images(learner.task.source.channels, height, width)
        with torch.no_grad():
            found = tuple(model(source).shape[-2:])
        require(found == (height, width), f"an image of {height}×{width} becomes {found[0]}×{found[1]}")


def batch_of_one(learner: Learner) -> None:
    model = learner.model()
    source = learner.source(model.translator, count=1)
    with torch.no_grad():
        found = len(model(source))
    require(found == 1, f"a batch of one becomes {found} images")


def reach(learner: Learner) -> None:
    """What lies farther away than it says matters nothing, and windows with that margin give what the whole gives."""
    model = learner.model().double()
    stated = model.reach
    if stated is None:
        raise NotApplicable("it states no reach: the whole image matters")
    require(type(stated) is int and stated >= 0, f"its `reach` is {stated!r}, not a number of pixels or None")
    least = learner.side(model.translator) + 2 * stated
    size = (2 * least + 5, 2 * least + 8)
    source = made_images(learner.task.source.channels, *size).double()
    with torch.no_grad():
        expected = model(source)
        _look_beyond(model, source, expected, stated)
        for window in windows.planned(*size, (1, 1), (least + 1) ** 2):
            wide = windows.widened(window, size, stated, model.translator.multiple)
            rows, columns = windows.inner(window, wide)
            found = model(_cut(source, wide))[..., rows, columns]
            gap = float((found - _cut(expected, window)).abs().max())
            require(gap < TINY, f"a window with a margin of {stated} differs from the whole image by {gap:.3g}")


def _look_beyond(model: Model, source: Tensor, expected: Tensor, stated: int) -> None:
    """Boxes at several places, as what down-samples reaches farther at some than at others."""
    size = source.shape[-2:]
    middle, step = size[0] // 2, max(1, model.translator.multiple // 4)
    for place in range(middle, middle + model.translator.multiple, step):
        box = Window(place, place, 3, 3)
        near = Window(place - stated, place - stated, 3 + 2 * stated, 3 + 2 * stated)
        other = 1 - source
        _cut(other, near).copy_(_cut(source, near))
        gap = float((_cut(model(other), box) - _cut(expected, box)).abs().max())
        require(
            gap < TINY, f"source pixels more than {stated} away change a result by {gap:.3g}: its `reach` is too low"
        )


def _cut(images: Tensor, window: Window) -> Tensor:
    return images[..., window.top : window.top + window.height, window.left : window.left + window.width]


def _run(translator: Translator, source: Tensor) -> Tensor:
    with torch.no_grad():
        target: Tensor = translator(source)
    return target


FACTS = (home_tasks, unsupported_task, presets)
CHECKS = (
    shape,
    values,
    model_range,
    dtype,
    device,
    determinism,
    input_not_modified,
    no_hidden_state,
    batch_independence,
    odd_sizes,
    batch_of_one,
    reach,
)
