from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from spectra.nn.norms import Norm, norm
from spectra.nn.patch_discriminator import PatchDiscriminator, PixelDiscriminator

COUNTS: dict[tuple[int, Norm], int] = {
    (3, "instance"): 2_764_737,
    (3, "batch"): 2_765_633,
    (1, "instance"): 2_762_689,
    (6, "instance"): 2_767_809,
}


@pytest.mark.parametrize(("channels", "kind"), COUNTS)
def test_it_has_as_many_parameters_as_the_official_one(channels: int, kind: Norm) -> None:
    with torch.device("meta"):
        net = PatchDiscriminator(channels, norm=kind)
    assert sum(parameter.numel() for parameter in net.parameters()) == COUNTS[channels, kind]


def test_so_has_the_one_of_pixels() -> None:
    assert sum(parameter.numel() for parameter in PixelDiscriminator(3).parameters()) == 8_705
    assert list(PixelDiscriminator(3).state_dict()) == [
        f"net.{place}.{name}" for place in (0, 2, 5) for name in ("weight", "bias")
    ]


def test_its_keys_are_the_official_ones() -> None:
    keys = [key for key in PatchDiscriminator(3, width=4).state_dict() if key.endswith("weight")]
    assert keys == [f"model.{place}.weight" for place in (0, 2, 5, 8, 11)]
    biased = [key for key in PatchDiscriminator(3, width=4, norm="batch").state_dict() if ".bias" in key]
    assert biased == ["model.0.bias", "model.3.bias", "model.6.bias", "model.9.bias", "model.11.bias"]


def test_of_256_pixels_it_has_30_verdicts_and_each_is_of_70() -> None:
    net = PatchDiscriminator(1, width=2, norm="none").double()
    image = torch.rand(1, 1, 256, 256, dtype=torch.float64, requires_grad=True)
    verdicts = net(image)
    assert verdicts.shape == (1, 1, 30, 30)
    (gradient,) = torch.autograd.grad(verdicts[0, 0, 15, 15], image)
    rows = gradient[0, 0].any(1).nonzero()
    assert int(rows.max() - rows.min()) + 1 == 70


@pytest.mark.parametrize("kind", ["instance", "batch", "none"])
def test_it_is_what_it_says_layer_by_layer(kind: Norm) -> None:
    torch.manual_seed(0)
    net, x = PatchDiscriminator(2, 4, norm=kind).double(), torch.rand(2, 2, 64, 48, dtype=torch.float64)
    expected = x
    layers = [part for part in net.modules() if isinstance(part, nn.Conv2d)]
    for place, layer in enumerate(layers):
        stride = 2 if place < 3 else 1
        expected = functional.conv2d(functional.pad(expected, (1,) * 4), layer.weight, layer.bias, stride)
        if 0 < place < 4:
            expected = norm(kind, expected.shape[1]).double()(expected)
        expected = functional.leaky_relu(expected, 0.2) if place < 4 else expected
    assert torch.allclose(net(x), expected, atol=1e-12)
    assert [layer.out_channels for layer in layers] == [4, 8, 16, 32, 1]


def test_no_layer_is_wider_than_eight_times_the_first() -> None:
    layers = [part for part in PatchDiscriminator(2, 4, layers=5).modules() if isinstance(part, nn.Conv2d)]
    assert [layer.out_channels for layer in layers] == [4, 8, 16, 32, 32, 32, 1]


@pytest.mark.parametrize(
    "change",
    [{"width": 8}, {"layers": 2}, {"norm": "batch"}, {"norm": "none"}, {"padding": 2}, {"use_bias": False}],
    ids=str,
)
def test_every_setting_changes_the_verdicts(change: dict[str, Any]) -> None:
    def verdicts(**settings: Any) -> torch.Tensor:
        torch.manual_seed(0)
        return PatchDiscriminator(2, **{"width": 4, **settings})(torch.ones(2, 2, 64, 64).tril())

    one, other = verdicts(**change), verdicts()
    assert one.shape != other.shape or not torch.allclose(one, other, atol=1e-5)


def test_a_pixel_is_judged_by_itself() -> None:
    net, image = PixelDiscriminator(2, 4, norm="none"), torch.rand(1, 2, 6, 6)
    assert torch.allclose(net(image)[..., 2:4, 1:5], net(image[..., 2:4, 1:5]), atol=1e-6)
    assert not torch.allclose(PixelDiscriminator(2, 4, norm="instance")(image), PixelDiscriminator(2, 8)(image))
