from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from spectra.nn.multiscale_discriminator import MultiscaleDiscriminator
from spectra.nn.patch_discriminator import PatchDiscriminator
from spectra.nn.pyramid import halved

COUNTS = {(6, 3, 1): 2_767_809, (6, 3, 2): 5_535_618, (6, 3, 3): 8_303_427, (2, 3, 2): 5_527_426, (4, 3, 2): 5_531_522}


@pytest.mark.parametrize(("channels", "layers", "scales"), [*COUNTS, (6, 4, 2)])
def test_it_has_as_many_parameters_as_the_official_one(channels: int, layers: int, scales: int) -> None:
    with torch.device("meta"):
        net = MultiscaleDiscriminator(channels, layers=layers, scales=scales)
    expected = {**COUNTS, (6, 4, 2): 13_925_250}[channels, layers, scales]
    assert sum(parameter.numel() for parameter in net.parameters()) == expected


def test_its_keys_are_the_official_ones() -> None:
    keys = [
        f"scale{scale}_layer{layer}.0.{name}" for scale in (0, 1) for layer in range(5) for name in ("weight", "bias")
    ]
    assert list(MultiscaleDiscriminator(3, 4).state_dict()) == keys


def test_its_maps_have_the_official_sizes_the_finest_first() -> None:
    maps = MultiscaleDiscriminator(1, 2)(torch.rand(1, 1, 256, 256))
    assert [[one.shape[-1] for one in scale] for scale in maps] == [[129, 65, 33, 34, 35], [65, 33, 17, 18, 19]]
    assert [one.shape[1] for one in maps[0]] == [2, 4, 8, 16, 1]


def test_no_layer_is_wider_than_512() -> None:
    with torch.device("meta"):
        maps = MultiscaleDiscriminator(1, 64, layers=5, scales=1)(torch.empty(1, 1, 256, 256))
    assert [one.shape[1] for one in maps[0]] == [64, 128, 256, 512, 512, 512, 1]


def test_the_finest_is_stored_last_and_the_coarsest_sees_the_halved_image() -> None:
    torch.manual_seed(0)
    net, image = MultiscaleDiscriminator(3, 4, scales=3).double(), torch.rand(2, 3, 64, 64, dtype=torch.float64)
    found = net(image)
    for place, seen in enumerate((image, halved(image), halved(halved(image)))):
        assert torch.allclose(found[place][-1], alone(net, 2 - place, seen), atol=1e-12)


def alone(net: MultiscaleDiscriminator, scale: int, image: Tensor) -> Tensor:
    """The same weights in a discriminator of one size."""
    one = PatchDiscriminator(3, 4, padding=2, use_bias=True).double()
    state = net.state_dict()
    places = dict(zip(range(5), (0, 2, 5, 8, 11), strict=True))
    one.load_state_dict(
        {f"model.{places[n]}.{w}": state[f"scale{scale}_layer{n}.0.{w}"] for n in places for w in ("weight", "bias")}
    )
    verdicts: Tensor = one(image)
    return verdicts


@pytest.mark.parametrize("change", [{"width": 8}, {"layers": 2}, {"scales": 1}, {"norm": "batch"}], ids=str)
def test_every_setting_changes_the_verdicts(change: dict[str, Any]) -> None:
    def verdicts(**settings: Any) -> list[Tensor]:
        torch.manual_seed(0)
        image = torch.rand(2, 2, 64, 64) * torch.tensor([1.0, 0.1]).view(2, 1, 1, 1)
        return [maps[-1] for maps in MultiscaleDiscriminator(2, **{"width": 4, **settings})(image)]

    one, other = verdicts(**change), verdicts()
    same = len(one) == len(other) and one[0].shape == other[0].shape
    assert not same or not torch.allclose(one[0], other[0], atol=1e-5)
