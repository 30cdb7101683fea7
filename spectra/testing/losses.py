"""Checks of a pairwise loss."""

from __future__ import annotations

import torch
from torch import Tensor

from spectra import weights
from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.masks import compared
from spectra.testing.check import Fault, NotApplicable, require
from spectra.testing.made import made_images
from spectra.testing.subject import Subject, same, unchanged

SIDES = (64, 192)
"""Tried in turn: a loss of many scales refuses small images."""
SIDE = SIDES[0]
CHANNELS = (3, 1, 5)
MASKED = ("pixels", "windows", "filled")
STRANGE = (0.75, 1e6, float("nan"))
"""What pixels without data may hold."""


def channels(subject: Subject) -> None:
    """1, 3 and 5: or it says which it takes."""
    loss, refusals = _built(subject), []
    side = _side(loss)
    for count in CHANNELS:
        try:
            value = loss(*_images(count, side))
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


def masked(subject: Subject) -> None:
    """It says how it treats pixels without data, and what they hold plays no part."""
    loss, (prediction, target) = _ready(subject)
    require(loss.masked in MASKED, f"its `masked` is {loss.masked!r}, not one of {', '.join(MASKED)}")
    valid = _valid(prediction)
    found = [
        _masked_gradient(loss, torch.where(valid, prediction, held), torch.where(valid, target, held), valid)
        for held in STRANGE
    ]
    costs, slopes = zip(*found, strict=True)
    require(all(bool(cost.isfinite()) for cost in costs), "pixels without data that hold NaN make it not finite")
    require(all(same(costs[0], cost) for cost in costs), "it depends on what pixels without data hold")
    outside = (~valid).expand_as(prediction)
    require(not any(bool(slope[outside].ne(0).any()) for slope in slopes), "pixels without data have a gradient")
    require(all(same(slopes[0], slope) for slope in slopes), "its gradient depends on what pixels without data hold")
    require(bool(slopes[0].any()), "its gradient is zero where there is data, as soon as some pixels have none")


def masks_of_all_and_nothing(subject: Subject) -> None:
    loss, (prediction, target) = _ready(subject)
    everywhere = torch.ones_like(_valid(prediction))
    gap = abs(float(compared(loss, prediction, target, everywhere)) - float(compared(loss, prediction, target, None)))
    require(gap < 1e-5, f"with a mask that is true everywhere it differs by {gap:.3g} from itself without one")
    cost, slope = _masked_gradient(loss, prediction, target, ~everywhere)
    require(bool(cost.isfinite()), f"where no pixel has data it makes {cost.item()}")
    require(not slope.ne(0).any(), "where no pixel has data it has a gradient, or one that is not finite")


def _valid(images: Tensor) -> Tensor:
    """Of every image another part is without data, and some pixels alone."""
    valid = torch.ones_like(images[:, :1], dtype=torch.bool)
    side = images.shape[-1]
    valid[0, :, : side // 3, : side // 2] = False
    valid[1:, :, side // 2 :, side // 4 : side // 2] = False
    valid[:, :, side - 9, side - 5] = False
    return valid


def _masked_gradient(loss: Loss, prediction: Tensor, target: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    leaf = prediction.clone().requires_grad_()
    value = compared(loss, leaf, target, valid)
    require(value.requires_grad, "with a mask nothing can be learnt from it: it is detached from the prediction")
    (found,) = torch.autograd.grad(value, leaf, allow_unused=True)
    return value.detach(), torch.zeros_like(leaf) if found is None else found


def _built(subject: Subject) -> Loss:
    missing = [name for name in subject.component.needs(subject.settings) if weights.find(name) is None]
    if missing:
        raise NotApplicable(f"it needs the weights {' and '.join(missing)}, which are not here")
    loss: Loss = subject.build()
    return loss


def _ready(subject: Subject) -> tuple[Loss, tuple[Tensor, Tensor]]:
    """With images of the first number of channels, and of the first side, that it takes."""
    loss = _built(subject)
    side = _side(loss)
    for count in CHANNELS:
        if _takes(loss, count, side):
            return loss, _images(count, side)
    raise Fault(f"it refuses images of {', '.join(map(str, CHANNELS))} channels")


def _side(loss: Loss) -> int:
    taken = [side for side in SIDES if any(_takes(loss, count, side) for count in CHANNELS)]
    return taken[0] if taken else SIDE


def _takes(loss: Loss, count: int, side: int) -> bool:
    try:
        loss(*_images(count, side))
    except SpectraError:
        return False
    return True


def _images(count: int, side: int) -> tuple[Tensor, Tensor]:
    return made_images(count, side, side, count=2, seed=1), made_images(count, side, side, count=2, seed=2)


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
    masked,
    masks_of_all_and_nothing,
)
