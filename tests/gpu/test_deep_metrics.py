"""LPIPS and DISTS on a GPU are those of the CPU."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from spectra.metric import Memory, Metric
from spectra.metrics.deep import exactly
from spectra.metrics.dists import Dists
from spectra.metrics.lpips import Lpips
from spectra.metrics.papers.pix2next_lpips import Pix2NextLpips
from spectra.nn import strips
from tests.gpu.learning import DEVICE
from tests.metrics.deep_items import forget, images, item, metric, use_random_networks

pytestmark = pytest.mark.gpu

WAYS: list[tuple[type[Metric], dict[str, Any]]] = [
    (Lpips, {"net": "alex"}),
    (Lpips, {"net": "squeeze"}),
    (Lpips, {"net": "vgg", "range": "unit"}),
    (Pix2NextLpips, {}),
    (Dists, {}),
]


@pytest.fixture(autouse=True, scope="module")
def networks() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        use_random_networks(patch)
        yield
    forget()


@pytest.mark.parametrize(("kind", "said"), WAYS)
@pytest.mark.parametrize("most", [1 << 21, 300 * 340])
def test_it_is_the_number_of_the_cpu_whole_and_in_strips(
    kind: type[Metric], said: dict[str, Any], most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(strips, "MOST_PIXELS", most)
    here, there, memory = metric(kind, **said), metric(kind, **said).to(DEVICE), Memory()
    target = images(1, 3, 600, 300)[1]
    for seed in (1, 2):
        prediction = images(seed, 3, 600, 300)[0]
        expected = here.update(item(prediction, target, memory=memory))
        assert expected is not None
        assert there.update(item(prediction, target, memory=memory)) == pytest.approx(expected, rel=1e-4)
    assert there.update(item(target, target, memory=memory)) == pytest.approx(0, abs=1e-9)


def test_fp32_is_not_rounded_to_tf32_and_what_was_set_is_set_again() -> None:
    cudnn = torch.backends.cudnn
    before = cudnn.allow_tf32
    cudnn.allow_tf32 = True
    try:
        with exactly():
            assert not cudnn.allow_tf32 and not torch.backends.cuda.matmul.allow_tf32
        assert cudnn.allow_tf32
    finally:
        cudnn.allow_tf32 = before
