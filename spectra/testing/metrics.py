"""Checks of a metric."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from spectra import weights
from spectra.errors import SpectraError
from spectra.metric import Memory, Metric, Score, Scored
from spectra.testing.check import Fault, NotApplicable, require
from spectra.testing.scored import COUNT, NOISE, SCENES, Scene
from spectra.testing.subject import Subject, unchanged

LACKING = "not scored: needs"
"""How the reason of a metric begins that lacks something here beside what its `needs` names: an optional package, or
the network of one of its terms."""


def needs(subject: Subject) -> None:
    """It names its weights, and is made without them: its signature must be readable where they are missing."""
    said = subject.component.needs(subject.settings)
    named = isinstance(said, tuple) and all(isinstance(name, str) for name in said)
    require(named, f"its `needs` gives {said!r}, not a tuple of the names of weights")
    for name in said:
        weights.find(name)
    require(isinstance(subject.build().signature, str), "its `signature` is not text")


def signature(subject: Subject) -> None:
    """It names every choice that changes the number, and before the first image it is that of the settings alone.

    From the first image on it may say what was seen: `bands:all` where it said `bands:grey-repeated+all`. Its name, the
    first part, and the number of parts stay; further images of the same kind change nothing; two that are fed alike
    say the same, and so does the result.
    """
    metric, other = subject.build(), subject.build()
    before = metric.signature
    require(bool(before.strip()), "its `signature` is empty: say every choice that changes the number")
    require(before == other.signature, "its `signature` differs between two that are made alike")
    if _missing(subject):
        return
    after = _signature_with_images(metric, other, _scene(subject).items())
    require(
        _frame(after) == _frame(before),
        f"its `signature` is {after!r} with images, and {before!r} without: its name, which is the first part, and the "
        "number of parts must stay",
    )


def _signature_with_images(metric: Metric, other: Metric, items: list[Scored]) -> str:
    first, after = (_fed(metric, some).signature for some in (items[:1], items[1:]))
    own, alike = metric.signature, _fed(other, items).signature
    require(after == own, f"the `signature` of its result is {after!r}, and its own {own!r}")
    require(after == alike, f"its `signature` differs between two that are fed alike: {after!r} and {alike!r}")
    require(after == first, f"images of the same kind change its `signature` from {first!r} to {after!r}")
    return after


def unit_and_better(subject: Subject) -> None:
    metric = _built(subject)
    require(metric.better in ("higher", "lower"), f"its `better` is {metric.better!r}, neither 'higher' nor 'lower'")
    score = _fed(metric, _scene(subject).items())
    require(isinstance(metric.unit, str), f"its `unit` is {metric.unit!r}: text, empty where there is none")
    require(score.unit == metric.unit, f"its result has the unit {score.unit!r}, and itself {metric.unit!r}")
    require(score.better == metric.better, f"its result says that {score.better} is better, and itself {metric.better}")


def result(subject: Subject) -> None:
    score = _fed(_built(subject), _scene(subject).items())
    value = math.nan if score.value is None else score.value
    require(math.isfinite(value), f"its result is {value}")
    low, high = (value if limit is None else limit for limit in (score.low, score.high))
    require(low <= value <= high, f"its result {value:.6g} is not within its interval {low:.6g}..{high:.6g}")


def empty_result(subject: Subject) -> None:
    score = _built(subject).result()
    require(score.value is None, f"of no image it makes {score.value} instead of None")
    require(bool(score.reason), "of no image it makes None and gives no `reason`")


def counts_its_images(subject: Subject) -> None:
    """Each image has a score of its own, or none has and the set speaks for all."""
    metric = _built(subject)
    own = [metric.update(item) for item in _scene(subject).items()]
    score, scored = metric.result(), sum(value is not None for value in own)
    expected = scored or COUNT
    require(
        score.n == expected, f"it was fed {COUNT} images, scored {scored} of them, and says that there are {score.n}"
    )


def prefers_equal_images(subject: Subject) -> None:
    """What is called better is better: never worse than what is noisy or a copy of the source, and better than one."""
    scene = _scene(subject)
    sign = 1 if subject.component.better == "higher" else -1
    perfect, noisy, copied = (
        _value(subject, items) for items in (scene.items(noise=0), scene.items(), scene.items(copied=True))
    )
    gains = [sign * (perfect - worse) for worse in (noisy, copied) if math.isfinite(worse)]
    require(
        max(gains) > 0 and min(gains) >= 0,
        f"perfect images score {perfect:.6g}, noisy ones {noisy:.6g}, and copies of the source {copied:.6g}, "
        f"and {subject.component.better} is better",
    )


def order_of_images(subject: Subject) -> None:
    items = _scene(subject).items()
    one, other = _value(subject, items), _value(subject, reversed(items))
    require(_near(one, other), f"the order of the images matters: {one!r} one way, {other!r} the other")


def one_image(subject: Subject) -> None:
    """The score of one image, and the result of a set of one, are the same."""
    metric = _built(subject)
    own = metric.update(_scene(subject).item(0))
    if own is None:
        raise NotApplicable("it speaks only for sets of images")
    score = metric.result()
    require(score.n == 1, f"of one image it says that there are {score.n}")
    require(score.value is not None and _near(own, score.value), f"one image scores {own}, and its set {score.value}")


def merge(subject: Subject) -> None:
    """Of parts that were fed apart it makes what it makes of the whole."""
    items = _scene(subject).items()
    whole = _fed(_built(subject), items)
    for cut in (COUNT // 2, 0, COUNT):
        first, second = _built(subject), _built(subject)
        _fed(first, items[:cut])
        before = _fed(second, items[cut:])
        first.merge(second)
        found = first.result()
        told = f"merged from {cut} and {COUNT - cut} images"
        require(found.n == whole.n, f"{told} it speaks for {found.n}, and for {whole.n} when they are fed to one")
        require(_same(found, whole), f"{told} it scores {found.value!r}, and {whole.value!r} when they are fed to one")
        told_apart = f"{told} its `signature` is {found.signature!r}, and {whole.signature!r} when they are fed to one"
        require(found.signature == whole.signature, told_apart)
        untouched = _same(second.result(), before, equal_nan=True)
        require(untouched, "its `merge` changes the other one, which another may still read")


def memory(subject: Subject) -> None:
    """What it remembers of a target is true for the next prediction too, which a metric of its own is fed."""
    scene = _scene(subject)
    methods = scene.items(), scene.items(noise=2 * NOISE), scene.items(noise=0)
    alone = [_value(subject, items) for items in methods]
    memories = [Memory() for _ in range(COUNT)]
    for expected, items in zip(alone, methods, strict=True):
        shared = [replace(item, memory=held) for item, held in zip(items, memories, strict=True)]
        found = _value(subject, shared)
        require(
            _near(found, expected) or math.isnan(expected),
            f"after another prediction of the same targets it scores {found!r}, and {expected!r} without: what it "
            "keeps in `item.memory` must depend on the target, the source and the mask alone",
        )


def mask(subject: Subject) -> None:
    """What lies where there is no data must not matter, whatever it is."""
    scene = _scene(subject)
    plain = _value(subject, scene.items(under_mask=0.0))
    for value in (1.0, math.nan):
        found = _value(subject, scene.items(under_mask=value))
        require(_near(plain, found), f"pixels without data matter: {plain!r} with 0 there, {found!r} with {value:g}")


def inputs_not_modified(subject: Subject) -> None:
    metric, item = _built(subject), _scene(subject).item(0, under_mask=0.5)
    assert item.valid is not None
    with unchanged("what it is fed", item.prediction, item.target, item.source, item.valid):
        metric.update(item)


def _missing(subject: Subject) -> list[str]:
    return [name for name in subject.component.needs(subject.settings) if weights.find(name) is None]


def _built(subject: Subject) -> Metric:
    if missing := _missing(subject):
        raise NotApplicable(f"it needs the weights {' and '.join(missing)}, which are not here")
    metric: Metric = subject.build()
    return metric


def _scene(subject: Subject) -> Scene:
    """The first whose images it scores."""
    reasons = []
    for scene in SCENES:
        reason = _why_not(subject, scene)
        if reason is None:
            return scene
        reasons.append(reason)
    lacking = [reason for reason in reasons if reason.startswith(LACKING)]
    if lacking:
        raise NotApplicable(lacking[0])
    told = [f"{scene.task}, {scene.side} pixels: {reason}" for scene, reason in zip(SCENES, reasons, strict=True)]
    raise Fault(f"it scores none of {COUNT} ordinary images:\n" + "\n".join(told))


def _why_not(subject: Subject, scene: Scene) -> str | None:
    """The reason that it has no score of these images; None where it has one."""
    try:
        score = _fed(_built(subject), scene.items())
    except SpectraError as why:
        return f"refused: {why}"
    return score.reason if score.value is None else None


def _fed(metric: Metric, items: Iterable[Scored]) -> Score:
    for item in items:
        metric.update(item)
    return metric.result()


def _value(subject: Subject, items: Iterable[Scored]) -> float:
    score = _fed(_built(subject), items)
    return math.nan if score.value is None else score.value


def _same(one: Score, other: Score, equal_nan: bool = False) -> bool:
    """The value and its interval."""
    pairs = ((one.value, other.value), (one.low, other.low), (one.high, other.high))
    return all(
        a == b if a is None or b is None else _near(a, b) or (equal_nan and math.isnan(a) and math.isnan(b))
        for a, b in pairs
    )


def _frame(signature: str) -> tuple[str, int]:
    """The name, and how many parts there are."""
    parts = signature.split("|")
    return parts[0], len(parts)


def _near(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12)


CHECKS = (
    needs,
    signature,
    unit_and_better,
    result,
    empty_result,
    counts_its_images,
    prefers_equal_images,
    order_of_images,
    one_image,
    merge,
    memory,
    mask,
    inputs_not_modified,
)
