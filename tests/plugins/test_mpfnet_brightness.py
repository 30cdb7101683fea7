"""How bright an image is gets into a network of MPFNet only if the first blocks have no norm."""

from __future__ import annotations

import torch
from torch import Tensor

from spectra_mpfnet import MPFNet, Settings
from spectra_mpfnet.presets import PRESETS
from tests.plugins.mpfnet_by_hand import TASK


def _first_maps(norm_first: bool, image: Tensor) -> list[Tensor]:
    """What the first block of the encoder makes of an image, on each scale."""
    torch.manual_seed(0)
    settings = Settings(width=8, depths=(1, 2), init_std=0.1, discriminator_width=4, norm_first=norm_first)
    maps: list[Tensor] = []
    network = MPFNet(TASK, settings).color.eval()
    for scale in network.scales:
        scale.embedding.encoder[0].register_forward_hook(lambda _block, _given, made: maps.append(made))
    with torch.no_grad():
        network(image)
    return maps


def test_with_a_norm_every_image_has_maps_of_mean_zero_and_without_one_the_means_follow_brightness() -> None:
    dark = 0.5 * torch.rand(1, 1, 64, 64, generator=torch.Generator().manual_seed(1)) - 1
    means = {
        norm: [torch.stack([each.mean((0, 2, 3)) for each in _first_maps(norm, image)]) for image in (dark, dark + 1)]
        for norm in (True, False)
    }
    assert all(each.abs().max() < 1e-5 for each in means[True])
    at_dark, at_bright = means[False]
    assert ((at_bright - at_dark).norm(dim=1) > 0.02).all()


def test_presets_that_are_tuned_let_it_through_and_the_printed_one_does_not() -> None:
    chosen = {name: Settings(**preset["settings"]).norm_first for name, preset in PRESETS.items()}
    assert chosen == {"paper": True, "tuned": False, "small": False, "tiny": False}
