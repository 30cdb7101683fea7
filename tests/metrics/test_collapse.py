"""The collapse check."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from spectra.metric import Scored
from spectra.metrics.collapse import Collapse
from tests.metrics.scored import BYTE, images, metric


def scored(prediction: Tensor, target: Tensor, source: Tensor, valid: Tensor | None = None) -> Scored:
    return Scored(prediction, target, source, "a", "", BYTE, valid)


def collapsed(item: Scored, **settings: Any) -> float | None:
    return metric(Collapse, **settings).update(item)


def luminance(image: Tensor) -> Any:
    red, green, blue = image.double().numpy()
    return 0.299 * red + 0.587 * green + 0.114 * blue


def test_a_copy_of_the_source_has_collapsed_and_the_target_has_not() -> None:
    nir, rgb = images(1)[1], images(2, 3)[1]
    assert collapsed(scored(nir.repeat(3, 1, 1), rgb, nir)) == 1
    assert collapsed(scored(rgb, rgb, nir)) == 0
    grey = torch.from_numpy(luminance(rgb)).float()[None]
    assert collapsed(scored(grey, nir, rgb)) == 1
    assert collapsed(scored(nir, nir, rgb)) == 0


def test_where_it_turns_is_where_the_luminances_are_equally_near() -> None:
    nir, rgb = images(3)[1], images(4, 3)[1]
    turned = []
    for share in np.linspace(0.3, 0.7, 8):
        prediction = share * nir + (1 - share) * rgb
        from_source, from_target = (
            np.abs(luminance(prediction) - other).mean() for other in (nir[0].double().numpy(), luminance(rgb))
        )
        turned.append(float(from_source < from_target))
        assert collapsed(scored(prediction, rgb, nir)) == turned[-1]
    assert set(turned) == {0, 1}


def test_the_result_is_the_share_of_images() -> None:
    judge = metric(Collapse)
    for seed in range(8):
        nir, other = images(seed)[1], images(seed + 50)[1]
        judge.update(scored(nir if seed < 3 else other, other, nir))
    score = judge.result()
    assert (score.value, score.n, score.better) == (3 / 8, 8, "lower")


def test_images_of_one_other_number_of_bands_are_compared_in_all_of_them() -> None:
    source, target = images(5, 5)[1], images(6, 5)[1]
    mixed = target.clone()
    mixed[:4] = source[:4]
    assert collapsed(scored(mixed, target, source)) == 1
    mixed = target.clone()
    mixed[:1] = source[:1]
    assert collapsed(scored(mixed, target, source)) == 0


@pytest.mark.parametrize(("source", "target"), [(5, 1), (1, 5), (2, 3)])
def test_bands_that_cannot_be_compared_have_no_score(source: int, target: int) -> None:
    judge = metric(Collapse)
    assert judge.update(scored(*images(7, target), images(8, source)[1])) is None
    assert "bands have no distance" in judge.result().reason


def test_a_source_of_another_size_is_brought_to_that_of_the_target() -> None:
    target = images(9, 1, 20, 24)[1]
    source = images(10, 1, 40, 48)[1]
    halved = torch.nn.functional.interpolate(source[None], (20, 24), mode="bilinear", antialias=True)[0]
    assert collapsed(scored(halved, target, source)) == 1
    assert collapsed(scored(target, target, source)) == 0


def test_only_valid_pixels_count() -> None:
    nir, other = images(11)[1], images(12)[1]
    mixed = other.clone()
    mixed[..., :20] = nir[..., :20]
    valid = torch.zeros(24, 31, dtype=torch.bool)
    assert collapsed(scored(mixed, other, nir)) == 1
    valid[:, 15:] = True
    assert collapsed(scored(mixed, other, nir, valid)) == 0


def test_the_ratio_can_be_set() -> None:
    nir, other = images(13)[1], images(14)[1]
    near = 0.6 * nir + 0.4 * other
    assert collapsed(scored(near, other, nir)) == 1
    assert collapsed(scored(near, other, nir), ratio=0.25) == 0
    assert "|ratio:0.25|" in metric(Collapse, ratio=0.25).signature


def test_equally_near_is_no_collapse() -> None:
    nir = images(15)[1]
    assert collapsed(scored(nir + 0.1, nir, nir)) == 0


def test_three_bands_are_compared_by_their_luminance_and_not_by_their_mean() -> None:
    green = torch.tensor([0.0, 1.0, 0.0])[:, None, None].expand(3, 4, 4)  # a luminance of 0.587, a mean of 0.333
    grey = torch.full((3, 4, 4), 0.5)
    assert collapsed(scored(grey, green, torch.full((1, 4, 4), 0.36))) == 0
    assert collapsed(scored(grey, green, torch.full((1, 4, 4), 0.44))) == 1
