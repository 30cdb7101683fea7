"""Images that wait for each other before a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spectra.metrics.distribution.passes import TOGETHER, Passes


class Network:
    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.broken = False

    def __call__(self, images: Tensor) -> Tensor:
        if self.broken:
            raise RuntimeError("out of memory")
        self.sizes.append(len(images))
        return images.flatten(1)[:, :2] * 2


def passes() -> tuple[Passes, Network]:
    network = Network()
    return Passes(network, lambda image: image + 1, "cpu"), network


def image(value: int) -> Tensor:
    return torch.full((3, 4, 4), float(value))


def test_as_many_as_may_wait_pass_at_once_and_each_gets_its_own() -> None:
    shown, network = passes()
    waiting = [shown.of(image(value)) for value in range(TOGETHER + 2)]
    assert network.sizes == [TOGETHER] and len(shown.waiting) == 2
    for value, features in enumerate(waiting):
        np.testing.assert_array_equal(features.row(), [2 * (value + 1)] * 2)
    assert network.sizes == [TOGETHER, 2] and not shown.waiting


def test_a_row_that_is_asked_for_twice_is_computed_once() -> None:
    shown, network = passes()
    features = shown.of(image(3))
    assert features.row() is features.row()
    assert network.sizes == [1]


def test_what_is_known_holds_neither_its_image_nor_the_rows_of_others() -> None:
    shown, _ = passes()
    waiting = [shown.of(image(value)) for value in range(TOGETHER)]
    assert all(features.image.numel() == 0 for features in waiting)
    assert all(features.row().base is None for features in waiting)


def test_a_pass_that_fails_is_made_up_for_when_a_row_is_asked_for() -> None:
    shown, network = passes()
    waiting = [shown.of(image(value)) for value in range(3)]
    network.broken = True
    with pytest.raises(RuntimeError, match="out of memory"):
        waiting[0].row()
    network.broken = False
    assert [float(features.row()[0]) for features in waiting] == [2, 4, 6]


def test_no_gradient_is_kept() -> None:
    shown, _ = passes()
    features = shown.of(image(1).requires_grad_())
    assert not features.image.requires_grad
    assert features.row().shape == (2,)
