"""InternImage: its variants, its layers, and what settings change of them."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from spectra import SpectraError
from spectra_pix2next.extractors.choose import extractor_of
from spectra_pix2next.extractors.internimage import DropPath, InternImage
from spectra_pix2next.extractors.variants import VARIANTS, Variant, variant_of
from spectra_pix2next.settings import InternImageSettings, Settings

TINY = Variant(8, (1, 2), group_channels=4, layer_scale=0.5)
PUBLISHED = {"t": 28_754_672, "s": 48_502_560, "b": 94_909_920, "l": 218_952_370, "xl": 328_971_228}
"""Parameters of the reference definition without its classifier."""


def made(bands: int = 3, normalised: bool = False, seed: int = 0, **figures: Any) -> Any:
    torch.manual_seed(seed)
    network = InternImage(bands, Variant(**{**vars(TINY), **figures}), normalised).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, 0.1, 0.2)
    return network


def image(bands: int = 3, h: int = 33, w: int = 26) -> Tensor:
    return 2 * torch.rand(2, bands, h, w, generator=torch.Generator().manual_seed(1)) - 1


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_variant_has_the_parameters_of_the_reference(name: str) -> None:
    with torch.device("meta"):
        network = InternImage(3, VARIANTS[name])
    assert sum(it.numel() for it in network.parameters()) == PUBLISHED[name]


def test_the_official_one_has_the_parameters_of_the_released_code() -> None:
    with torch.device("meta"):
        network: Any = InternImage(128, VARIANTS["official"]).eval()
    assert sum(it.numel() for it in network.parameters()) == 123_972_672
    assert [sum(it.numel() for it in level.parameters()) for level in network.levels] == [
        1_075_040,
        4_271_808,
        69_347_552,
        49_130_240,
    ]
    assert sum(it.numel() for it in network.patch_embed.parameters()) == 148_032
    assert [tuple(it.shape) for it in network(torch.zeros(1, 128, 256, 256, device="meta"))] == [
        (1, 128, 64, 64),
        (1, 256, 32, 32),
        (1, 512, 16, 16),
        (1, 1024, 8, 8),
    ]


@pytest.mark.parametrize(("h", "w"), [(32, 64), (33, 26), (5, 9)])
def test_maps_come_finest_first_for_any_size(h: int, w: int) -> None:
    network = made(bands=5, depths=(1, 1, 1))
    maps = network(image(5, h, w))
    assert network.widths == (8, 16, 32) == tuple(it.shape[1] for it in maps)
    for place, found in enumerate(maps):
        assert found.shape[2:] == (-(-h // 2 ** (place + 2)), -(-w // 2 ** (place + 2)))


def by_hand(layer: Any, x: Tensor) -> Any:
    first = layer.norm1(layer.dcn(x)) if layer.post_norm else layer.dcn(layer.norm1(x))
    x = x + (first if layer.gamma1 is None else layer.gamma1 * first)
    second = layer.norm2(layer.mlp(x)) if layer.post_norm else layer.mlp(layer.norm2(x))
    return x + (second if layer.gamma2 is None else layer.gamma2 * second)


@pytest.mark.parametrize("post_norm", [True, False])
@pytest.mark.parametrize("layer_scale", [None, 0.5])
def test_norms_and_factors_stand_where_the_variant_says(post_norm: bool, layer_scale: float | None) -> None:
    network = made(post_norm=post_norm, layer_scale=layer_scale)
    x = network.patch_embed(image())
    level = network.levels[0]
    expected = by_hand(level.blocks[0], x)
    expected = expected if post_norm else level.norm(expected)
    assert torch.equal(network(image())[0].permute(0, 2, 3, 1), expected)
    assert (layer_scale is None) == (level.blocks[0].gamma1 is None)


def test_the_last_norm_of_a_stage_is_that_of_variants_whose_branches_begin_with_theirs() -> None:
    names = {name for name, _ in made(post_norm=False).named_parameters()}
    assert "levels.1.norm.0.weight" in names
    assert not any(name.startswith("levels.1.norm.") for name, _ in made().named_parameters())


def test_branches_are_left_out_sample_by_sample_and_the_mean_stays() -> None:
    torch.manual_seed(0)
    drop, x = DropPath(0.25).train(), torch.ones(4000, 1, 2, 1)
    dropped = drop(x)
    assert sorted(set(dropped.flatten().tolist())) == pytest.approx([0, 1 / 0.75])
    assert torch.equal(dropped[:, :, 0], dropped[:, :, 1])
    assert dropped.mean().item() == pytest.approx(1, abs=0.05)
    assert torch.equal(drop.eval()(x), x)


def test_more_is_left_out_the_deeper_a_layer_lies() -> None:
    network = made(depths=(2, 3), drop_path=0.2)
    rates = [block.drop_path.rate for level in network.levels for block in level.blocks]
    assert rates == pytest.approx([0, 0.05, 0.1, 0.15, 0.2])
    network.train()
    assert not torch.equal(network(image())[-1], network(image())[-1])


def test_it_begins_as_the_reference_does() -> None:
    torch.manual_seed(0)
    network: Any = InternImage(3, Variant(32, (2,), layer_scale=1e-5))
    block = network.levels[0].blocks[0]
    assert block.mlp.fc1.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert block.dcn.input_proj.weight.std().item() == pytest.approx((2 / 64) ** 0.5, rel=0.1)
    for zero in (block.dcn.offset.weight, block.dcn.mask.weight, block.dcn.offset.bias, block.mlp.fc1.bias):
        assert not zero.any()
    assert torch.equal(block.gamma1, torch.full((32,), 1e-5))


@pytest.mark.parametrize(
    "figures",
    [
        {"channels": 24},
        {"depths": (2, 1)},
        {"group_channels": 2},
        {"offset_scale": 2.0},
        {"layer_scale": None},
        {"post_norm": False},
    ],
    ids=str,
)
def test_every_figure_changes_what_comes_out(figures: dict[str, Any]) -> None:
    before, after = made()(image()), made(**figures)(image())
    assert before[0].shape != after[0].shape or not torch.allclose(before[0], after[0], atol=1e-4)


def test_settings_put_figures_in_the_place_of_the_variants() -> None:
    said = InternImageSettings(channels=32, depths=[1, 1], offset_scale=3.0, layer_scale=0.1, drop_path=0.3)
    found = variant_of("t", said)
    assert found == Variant(32, (1, 1), 3.0, 0.1, post_norm=False, drop_path=0.3)
    assert variant_of("t", InternImageSettings()) == VARIANTS["t"]
    assert variant_of("b", InternImageSettings(group_channels=8)).group_channels == 8


def test_groups_that_do_not_divide_are_said() -> None:
    with pytest.raises(SpectraError, match=r"of 24 channels cannot have groups of 16.*`internimage.channels`"):
        variant_of("b", InternImageSettings(channels=24))


def test_an_extractor_is_chosen_by_name() -> None:
    small = InternImageSettings(channels=16, depths=[1, 1])
    found = extractor_of(Settings(extractor="internimage:s", internimage=small), 4)
    assert isinstance(found, InternImage) and found.widths == (16, 32)
    assert found.patch_embed.conv1.weight.shape[1] == 4
    assert extractor_of(Settings(extractor="none"), 3) is None


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("internimage:ofical", "Did you mean 'internimage:official'"),
        ("internimag:b", "Did you mean 'internimage:b'"),
        ("swinv3", "Did you mean 'swinv2'"),
        ("b", "Known: internimage:t.*timm:NAME"),
        ("timm:", "There is no extractor 'timm:'"),
    ],
)
def test_a_name_that_nobody_has_is_said_with_the_nearest(name: str, hint: str) -> None:
    with pytest.raises(SpectraError, match=hint):
        extractor_of(Settings(extractor=name), 3)


def test_a_frozen_one_stays_as_it_is_and_lets_gradients_through() -> None:
    small = InternImageSettings(channels=16, depths=[1], drop_path=0.5)
    said = Settings(extractor="internimage:b", internimage=small, extractor_frozen=True)
    network = extractor_of(said, 3)
    assert network is not None
    holder = torch.nn.Sequential(network).train()
    assert holder.training and not any(part.training for part in network.modules())
    assert not any(it.requires_grad for it in network.parameters())
    seen = image().requires_grad_()
    assert torch.autograd.grad(network(seen)[-1].sum(), seen)[0].isfinite().all()
    free = extractor_of(Settings(extractor="internimage:b", internimage=small), 3)
    assert free is not None and free.train().training and all(it.requires_grad for it in free.parameters())


def test_all_its_weights_learn() -> None:
    network = made(post_norm=False).train()
    loss: Any = torch.stack([found.square().mean() for found in network(image())]).sum()
    loss.backward()
    assert not [name for name, it in network.named_parameters() if it.grad is None or not it.grad.any()]
