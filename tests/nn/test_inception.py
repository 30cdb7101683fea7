"""FID's Inception against torch-fidelity's, with the same random weights."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch_fidelity.interpolate_compat_tensorflow import interpolate_bilinear_2d_like_tensorflow1x

from spectra import weights
from spectra.errors import ModelError, SpectraError
from spectra.nn.inception import Inception, Width, prepared
from spectra.nn.inception_resize import tensorflow_resized
from tests.nn.inception_weights import random_inception, reference

ALL: tuple[Width, ...] = (64, 192, 768, 2048)


def levels(height: int = 70, width: int = 55, count: int = 2) -> Tensor:
    random = torch.Generator().manual_seed(height)
    return torch.randint(0, 256, (count, 3, height, width), generator=random, dtype=torch.uint8)


def test_the_features_of_every_width_are_those_of_torch_fidelity() -> None:
    images = levels()
    with torch.inference_mode():
        expected = reference()(images)
        shown = torch.stack([prepared(image / 255) for image in images])
        for width, features in zip(ALL, expected, strict=True):
            found = Inception(width, random_inception())(shown)
            assert found.shape == features.shape == (2, width)
            assert (found - features).abs().max() < 1e-4 * features.abs().mean()
            assert features.std(0).mean() > 1e-3 * features.abs().mean(), "images that differ are to look different"


@pytest.mark.parametrize("size", [(1, 1), (7, 400), (299, 299), (300, 298), (512, 640), (1000, 33)])
def test_images_are_resized_bit_for_bit_as_torch_fidelity_resizes_them(size: tuple[int, int]) -> None:
    image = levels(*size, count=1).float()
    expected = interpolate_bilinear_2d_like_tensorflow1x(image, (299, 299), align_corners=False)
    assert torch.equal(tensorflow_resized(image, (299, 299)), expected)
    assert torch.equal(prepared(image[0] / 255), expected[0])


def test_eight_bits_are_shown_as_their_levels_and_sixteen_are_not_rounded_to_them() -> None:
    byte = torch.arange(256).float().repeat(3, 299, 2)[:, :, :299]
    assert torch.equal(prepared(byte / 255), byte)
    deep = torch.arange(65536).float()
    assert torch.allclose(prepared((deep / 65535)[:299].expand(3, 299, 299))[0, 0], deep[:299] / 257, rtol=1e-6)


def test_it_learns_nothing_and_stores_nothing_and_train_does_not_change_it() -> None:
    network = Inception(64, random_inception())
    shown = prepared(levels()[0] / 255)[None]
    before = network(shown)
    network.train()
    assert not list(network.parameters()) and not network.state_dict()
    assert torch.equal(network(shown), before) and not before.requires_grad


def test_without_a_state_the_known_weights_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(weights, "load", lambda name: asked.append(name) or random_inception())
    Inception(64)
    assert asked == ["inception_fid"]
    known = weights.entry("inception_fid")
    assert known.file == "weights-inception-2015-12-05-6726825d.pth" and known.sha256 == "6726825d"


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(ModelError, match=r"not those of FID's Inception v3: Conv2d_1a_3x3\.conv\.weight is missing"):
        Inception(64, {"features.0.weight": torch.zeros(1)})
    other = {**random_inception(), "Mixed_7c.branch_pool.bn.running_var": torch.zeros(3)}
    with pytest.raises(ModelError, match=r"Mixed_7c\.branch_pool\.bn\.running_var"):
        Inception(2048, other)
    assert Inception(768, other), "layers beyond the features asked for play no part"


def test_images_that_were_not_prepared_are_refused() -> None:
    with pytest.raises(SpectraError, match=r"\(n, 3, 299, 299\), not \(1, 3, 64, 64\)"):
        Inception(64, random_inception())(torch.zeros(1, 3, 64, 64))
