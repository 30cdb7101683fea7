"""Checks of a pairwise loss."""

from __future__ import annotations

import torch
from torch import Tensor

from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.testing.check import Fault, require
from spectra.testing.made import made_images
from spectra.testing.subject import Subject, same, unchanged

SIDE = 64
CHANNELS = (3, 1, 5)


def channels(subject: Subject) -> None:
    """1, 3 and 5: or it says which it takes."""
    loss, refusals = subject.build(), []
    for count in CHANNELS:
        try:
            value = loss(*_images(count))
        except SpectraError as why:
            refusals.append(f"{count}: {why}")
            continue
        require(
            value.ndim == 0, f"of images with {count} channels it makes the shape {tuple(value.shape)}: take the mean"
        )
        require(bool(value.isfinite()), f"of images with {count} channels it makes {value.item()}")
    require(len(refusals) < len(CHANNELS), "it refuses all of these channels:\n" + "\n".join(refusals))


def gradient(subject: Subject) -> None:
    loss, (prediction, target) = _ready(subject)
    found = _gradient(loss, prediction, target)
    require(bool(found.isfinite().all()), "its gradient is not finite")
    require(bool(found.any()), "its gradient is zero although the images differ")


def gradient_of_equal_images(subject: Subject) -> None:
    loss, (_, target) = _ready(subject)
    found = _gradient(loss, target, target)
    require(bool(found.isfinite().all()), "its gradient is not finite where prediction and target are equal")


def prefers_equal_images(subject: Subject) -> None:
    loss, (prediction, target) = _ready(subject)
    different, equal = loss(prediction, target).item(), loss(target, target).item()
    require(
        equal < different, f"equal images cost {equal:.4g}, and differing ones {different:.4g}: it would teach a fault"
    )


def batch_of_one(subject: Subject) -> None:
    loss, (prediction, target) = _ready(subject)
    value = loss(prediction[:1], target[:1])
    require(value.ndim == 0 and bool(value.isfinite()), f"of a batch of one it makes {value}")


def dtype(subject: Subject) -> None:
    loss, (prediction, target) = _ready(subject)
    for kind in (torch.float32, torch.float64):
        found = loss.to(kind)(prediction.to(kind), target.to(kind)).dtype
        require(found == kind, f"in {kind} it answers in {found}")


def inputs_not_modified(subject: Subject) -> None:
    loss, (prediction, target) = _ready(subject)
    with unchanged("its images", prediction, target):
        loss(prediction, target)


def same_in_train_and_eval(subject: Subject) -> None:
    loss, images = _ready(subject)
    values = [loss.train()(*images), loss.eval()(*images), loss.eval()(*images)]
    require(same(values[0], values[1]), "it is another number in train mode than in eval mode")
    require(same(values[1], values[2]), "it is another number each time")


def _ready(subject: Subject) -> tuple[Loss, tuple[Tensor, Tensor]]:
    """With images of the first number of channels that it takes."""
    loss: Loss = subject.build()
    for count in CHANNELS:
        try:
            loss(*_images(count))
        except SpectraError:
            continue
        return loss, _images(count)
    raise Fault(f"it refuses images of {', '.join(map(str, CHANNELS))} channels")


def _images(count: int) -> tuple[Tensor, Tensor]:
    return made_images(count, SIDE, SIDE, count=2, seed=1), made_images(count, SIDE, SIDE, count=2, seed=2)


def _gradient(loss: Loss, prediction: Tensor, target: Tensor) -> Tensor:
    leaf = prediction.clone().requires_grad_()
    value = loss(leaf, target)
    require(value.requires_grad, "nothing can be learnt from it: it is detached from the prediction")
    (found,) = torch.autograd.grad(value, leaf, allow_unused=True)
    if found is None:
        raise Fault("nothing can be learnt from it: it does not depend on the prediction")
    return found


CHECKS = (
    channels,
    gradient,
    gradient_of_equal_images,
    prefers_equal_images,
    batch_of_one,
    dtype,
    inputs_not_modified,
    same_in_train_and_eval,
)
