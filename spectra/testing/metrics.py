"""Checks of a metric."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch

from spectra.metric import Metric, Score, Scored
from spectra.modalities import Scale
from spectra.testing.check import NotApplicable, require
from spectra.testing.made import made_images, quarter_mask
from spectra.testing.subject import Subject, unchanged

SIDE = 64
COUNT = 4
BYTE = Scale(0, 255, "DN")
NOISE = 0.1


def signature(subject: Subject) -> None:
    metric, other = subject.build(), subject.build()
    before = metric.signature
    require(bool(before.strip()), "its `signature` is empty: say every choice that changes the number")
    require(before == other.signature, "its `signature` differs between two that are made alike")
    after = _fed(metric, _items()).signature
    require(after == before, f"the `signature` of its result is {after!r}, and {before!r} before the first image")


def unit_and_better(subject: Subject) -> None:
    metric: Metric = subject.build()
    require(metric.better in ("higher", "lower"), f"its `better` is {metric.better!r}, neither 'higher' nor 'lower'")
    score = _fed(metric, _items())
    require(isinstance(metric.unit, str), f"its `unit` is {metric.unit!r}: text, empty where there is none")
    require(score.unit == metric.unit, f"its result has the unit {score.unit!r}, and itself {metric.unit!r}")
    require(score.better == metric.better, f"its result says that {score.better} is better, and itself {metric.better}")


def result(subject: Subject) -> None:
    score = _fed(subject.build(), _items())
    value = score.value
    require(value is not None, f"it scores none of {COUNT} ordinary images: {score.reason}")
    assert value is not None
    require(math.isfinite(value), f"its result is {value}")
    require(score.n > 0, "its result speaks for no image")
    low, high = (value if limit is None else limit for limit in (score.low, score.high))
    require(low <= value <= high, f"its result {value:.6g} is not within its interval {low:.6g}..{high:.6g}")


def empty_result(subject: Subject) -> None:
    score = subject.build().result()
    require(score.value is None, f"of no image it makes {score.value} instead of None")
    require(bool(score.reason), "of no image it makes None and gives no `reason`")


def prefers_equal_images(subject: Subject) -> None:
    """What is called better is better."""
    items = _items()
    equal = [_item(place, noise=0) for place in range(COUNT)]
    noisy, perfect = _value(subject, items), _value(subject, equal)
    right = perfect > noisy if subject.component.better == "higher" else perfect < noisy
    require(
        right,
        f"perfect images score {perfect:.6g} and noisy ones {noisy:.6g}, and {subject.component.better} is better",
    )


def order_of_images(subject: Subject) -> None:
    one, other = _value(subject, _items()), _value(subject, reversed(_items()))
    require(_near(one, other), f"the order of the images matters: {one!r} one way, {other!r} the other")


def one_image(subject: Subject) -> None:
    """The score of one image, and the result of a set of one, are the same."""
    metric: Metric = subject.build()
    own = metric.update(_item(0))
    if own is None:
        raise NotApplicable("it speaks only for sets of images")
    score = metric.result()
    require(score.n == 1, f"of one image it says that there are {score.n}")
    require(score.value is not None and _near(own, score.value), f"one image scores {own}, and its set {score.value}")


def mask(subject: Subject) -> None:
    """What lies where there is no data must not matter, whatever it is."""
    plain = _value(subject, _items(under_mask=0.0))
    for value in (1.0, math.nan):
        found = _value(subject, _items(under_mask=value))
        require(_near(plain, found), f"pixels without data matter: {plain!r} with 0 there, {found!r} with {value:g}")


def inputs_not_modified(subject: Subject) -> None:
    item = _item(0, under_mask=0.5)
    assert item.valid is not None
    with unchanged("what it is fed", item.prediction, item.target, item.source, item.valid):
        subject.build().update(item)


def _items(under_mask: float | None = None) -> list[Scored]:
    return [_item(place, under_mask=under_mask) for place in range(COUNT)]


def _item(place: int, *, noise: float = NOISE, under_mask: float | None = None) -> Scored:
    """The later the image, the worse the prediction."""
    target = made_images(1, SIDE, SIDE, seed=place)[0]
    rough = target + noise * (1 + place) * (made_images(1, SIDE, SIDE, seed=50 + place)[0] - 0.4)
    prediction = (rough * 255).round().clamp(0, 255) / 255
    source = made_images(3, SIDE, SIDE, seed=100 + place)[0]
    valid = None if under_mask is None else quarter_mask(SIDE, SIDE)
    if valid is not None and under_mask is not None:
        prediction = torch.where(valid, prediction, 0.5 * under_mask)
        target, source = torch.where(valid, target, under_mask), torch.where(valid, source, under_mask)
    return Scored(prediction, target, source, f"made_{place}", f"group_{place}", BYTE, valid)


def _fed(metric: Metric, items: Iterable[Scored]) -> Score:
    for item in items:
        metric.update(item)
    return metric.result()


def _value(subject: Subject, items: Iterable[Scored]) -> float:
    score = _fed(subject.build(), items)
    return math.nan if score.value is None else score.value


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


CHECKS = (
    signature,
    unit_and_better,
    result,
    empty_result,
    prefers_equal_images,
    order_of_images,
    one_image,
    mask,
    inputs_not_modified,
)
