from __future__ import annotations

import torch
from torch import Tensor

from spectra.nn.pool import ImagePool


def numbered(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1, 1, 1)


def test_until_it_is_full_images_come_back_as_they_are() -> None:
    pool = ImagePool(3)

    assert torch.equal(pool(numbered(1, 2)), numbered(1, 2))
    assert torch.equal(pool(numbered(3)), numbered(3))
    assert torch.equal(torch.stack(pool.images), numbered(1, 2, 3))


def test_a_full_pool_gives_back_an_older_image_about_every_other_time_and_keeps_the_new_one() -> None:
    torch.manual_seed(0)
    pool, older = ImagePool(5), 0
    for value in range(1000):
        before = {float(image) for image in pool.images}
        shown = float(pool(numbered(value)))
        kept = {float(image) for image in pool.images}
        if value < 5:
            continue
        if shown == value:
            assert kept == before
        else:
            older += 1
            assert kept == before - {shown} | {value}
    assert 430 < older < 560


def test_a_pool_of_size_zero_keeps_nothing() -> None:
    pool = ImagePool(0)

    assert torch.equal(pool(numbered(1, 2)), numbered(1, 2))
    assert pool.images == []


def test_neither_what_is_kept_nor_what_is_shown_has_a_graph() -> None:
    for size in (0, 1, 4):
        pool = ImagePool(size)
        for _ in range(4):
            assert not pool(numbered(1, 2).requires_grad_() * 2).requires_grad
        assert not any(image.requires_grad for image in pool.images)


def test_what_is_kept_does_not_change_with_the_batch_it_came_from() -> None:
    pool, batch = ImagePool(2), numbered(1, 2)
    pool(batch)

    batch.zero_()

    assert torch.equal(torch.stack(pool.images), numbered(1, 2))


def test_the_same_seed_shows_the_same_images() -> None:
    def shown() -> list[float]:
        torch.manual_seed(3)
        pool = ImagePool(2)
        return [float(pool(numbered(value))) for value in range(50)]

    assert shown() == shown()


def test_a_pool_that_took_back_its_state_goes_on_as_if_nothing_had_been() -> None:
    first, again = ImagePool(4), ImagePool(4)
    for value in range(20):
        first(numbered(value))
    again.restore(first.state())

    shown = []
    for pool in (first, again):
        torch.manual_seed(5)
        shown.append([float(pool(numbered(value))) for value in range(20, 60)])

    assert shown[0] == shown[1]


def test_a_smaller_pool_takes_back_what_it_has_room_for() -> None:
    pool, smaller = ImagePool(4), ImagePool(2)
    pool(numbered(1, 2, 3, 4))
    smaller.restore(pool.state())
    assert len(smaller.images) == 2
