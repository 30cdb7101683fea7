"""The generator of Pix2Next: sizes and counts against tables, its switches, and what it does with any image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.errors import SpectraError
from spectra_pix2next.attention import Attention
from spectra_pix2next.extractors.extractor import Extractor
from spectra_pix2next.generator import Generator
from spectra_pix2next.residual import Residual
from spectra_pix2next.settings import Settings
from spectra_pix2next.unet import UNet

SMALL: dict[str, Any] = {"width": 8, "groups": 4, "heads": 2}


class Means(Extractor):
    """Maps of a source's local means, each half as large as the one before, with weights of its own if told so."""

    def __init__(self, widths: Sequence[int] = (6, 10, 14, 12), learns: bool = False) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.scale = nn.ParameterList([nn.Parameter(torch.ones(n, 1, 1)) for n in widths] if learns else [])

    def forward(self, image: Tensor) -> list[Tensor]:
        grey = image.mean(1, keepdim=True)
        maps = []
        for place, width in enumerate(self.widths):
            size = [-(-side // 2 ** (place + 2)) for side in image.shape[-2:]]
            powers = torch.arange(1, width + 1, dtype=image.dtype, device=image.device)[:, None, None]
            maps.append((functional.adaptive_avg_pool2d(grey, size) * powers).sin())
        return [m * s for m, s in zip(maps, self.scale, strict=True)] if self.scale else maps


def made(extractor: Extractor | None = None, channels: tuple[int, int] = (3, 3), **settings: Any) -> Generator:
    """With every parameter drawn anew, so that norms and biases matter."""
    named = {"extractor": "none"} if extractor is None else {}
    generator = Generator(*channels, Settings(**{**SMALL, **named, **settings}), extractor).double()
    randomness = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in generator.parameters():
            noise = torch.randn(parameter.shape, generator=randomness, dtype=torch.float64)
            parameter.copy_(noise / parameter[0].numel() ** 0.5 if parameter.dim() > 1 else 0.5 + 0.3 * noise)
    return generator


def image(height: int = 32, width: int = 32, channels: int = 3, count: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return 2 * torch.rand(count, channels, height, width, generator=generator, dtype=torch.float64) - 1


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.fixture(scope="module")
def official() -> Generator:
    with torch.device("meta"):
        return Generator(3, 3, Settings(), Means((128, 256, 512, 1024)))


@pytest.mark.parametrize(
    ("part", "count"),
    [
        ("stem", 512),
        ("unet.encoder.0", 2_395_904),
        ("unet.encoder.1", 2_359_552),
        ("unet.encoder.2", 9_575_936),
        ("unet.encoder.3", 9_437_696),
        ("unet.encoder.4", 14_164_992),
        ("unet.encoder.5", 9_437_696),
        ("unet.encoder.6", 29_379_584),
        ("unet.encoder.6.1", 19_936_256),
        ("unet.bottle_neck.0", 14_164_992),
        ("unet.bottle_neck.1", 29_379_584),
        ("unet.bottle_neck.2", 14_164_992),
        ("unet.decoder.0", 32_264_704),
        ("unet.decoder.1", 2_359_808),
        ("unet.decoder.2", 10_690_816),
        ("unet.decoder.3", 590_080),
        ("unet.decoder.4", 4_921_088),
        ("unet.decoder.5", 590_080),
        ("unet.decoder.6", 2_674_816),
        ("head.block", 475_520),
        ("head.conv", 3_459),
        ("", 189_031_811),
    ],
)
def test_the_default_has_as_many_parameters_as_the_official(official: Generator, part: str, count: int) -> None:
    assert parameters(official.get_submodule(part)) == count


def test_the_pyramid_has_the_widths_of_the_code_before_july_2025() -> None:
    with torch.device("meta"):
        net = Generator(3, 3, Settings(condition="pyramid"), Means((128, 256, 512, 1024)))
    attentions = [module for module in net.modules() if isinstance(module, Attention)]
    assert [tuple(a.attention_2.K.weight.shape) for a in attentions] == [(512, 128), (512, 256), (512, 1024)]


def shapes(stage: nn.Module) -> list[str]:
    """Channels in and out of each block; A is an attention."""
    return [
        f"{block.conv_feature.in_channels}-{block.conv_feature.out_channels}"
        if isinstance(block, Residual)
        else "A"
        if isinstance(block, Attention)
        else type(block).__name__
        for block in stage.children()
    ]


def levels(**settings: Any) -> list[list[str]]:
    with torch.device("meta"):
        net = UNet(Settings(**{**SMALL, **settings}), [6, 6, 6])
    return [shapes(stage) for part in (net.encoder, net.bottle_neck, net.decoder) for stage in part]


def test_the_first_block_of_a_stage_takes_in_and_the_second_changes_the_width() -> None:
    assert levels(blocks=3) == [
        ["8-8", "8-16", "16-16"],
        ["Down"],
        ["16-16", "16-32", "32-32"],
        ["Down"],
        ["32-32", "32-32", "32-32"],
        ["Down"],
        ["32-32", "A", "32-32"],
        ["32-32", "32-32", "32-32"],
        ["32-32", "A", "32-32"],
        ["32-32", "32-32", "32-32"],
        ["64-32", "A", "32-32"],
        ["Up"],
        ["64-32", "32-16", "16-16"],
        ["Up"],
        ["48-16", "16-16", "16-16"],
        ["Up"],
        ["32-16", "16-8", "8-8"],
    ]
    two, five = levels(blocks=2), levels(blocks=5)
    assert (two[0], two[6], two[10], two[16]) == (["8-8", "8-16"], ["32-32", "A"], ["64-32", "A"], ["32-16", "16-8"])
    assert (five[0], five[16]) == (["8-8", "8-16", *["16-16"] * 3], ["32-16", "16-8", *["8-8"] * 3])


def test_added_skips_need_no_more_channels_and_one_projection() -> None:
    found = levels(skips="add")
    assert [stage[0] for stage in found[10::2]] == ["32-32", "32-32", "16-16", "16-16"]
    with torch.device("meta"):
        net = UNet(Settings(**SMALL, skips="add"), [6, 6, 6])
    assert [parameters(layer) for layer in net.projections] == [0, 0, 32 * 16 + 16, 0]


@pytest.mark.parametrize(
    ("attention", "places"), [("all", [6, 8, 10]), ("bottleneck", [8]), ("none", [])], ids=["all", "bottleneck", "none"]
)
def test_attention_is_where_it_is_set(attention: str, places: list[int]) -> None:
    assert [place for place, stage in enumerate(levels(attention=attention)) if "A" in stage] == places


@pytest.mark.parametrize("channels", [(3, 3), (1, 3), (3, 1), (4, 2), (12, 5)])
def test_any_bands_become_any_bands(channels: tuple[int, int]) -> None:
    assert made(channels=channels)(image(16, 16, channels[0])).shape == (1, channels[1], 16, 16)


@pytest.mark.parametrize("size", [(8, 8), (8, 24), (40, 40), (72, 104), (24, 56)])
@pytest.mark.parametrize("merge", ["heads", "scrambled"])
def test_any_multiple_of_8_will_do(size: tuple[int, int], merge: str) -> None:
    assert made(Means(), merge=merge)(image(*size)).shape == (1, 3, *size)


@pytest.mark.parametrize("size", [(12, 16), (16, 20), (4, 8)])
def test_other_sizes_are_refused(size: tuple[int, int]) -> None:
    with pytest.raises(SpectraError, match=f"{size[0]}×{size[1]} cannot be halved three times"):
        made()(image(*size))


def test_each_image_of_a_batch_is_translated_alone() -> None:
    net, several = made(Means(), merge="scrambled"), image(count=3)
    together = net(several)
    for place in range(3):
        torch.testing.assert_close(together[place : place + 1], net(several[place : place + 1]), rtol=0, atol=1e-9)


def test_with_and_without_a_graph_the_image_is_the_same_and_the_source_stays() -> None:
    for skips in ("concat", "add"):
        net, source = made(Means(), skips=skips), image()
        before, learning = source.clone(), net(source)
        with torch.inference_mode():
            torch.testing.assert_close(net(source), learning, rtol=0, atol=1e-10)
        assert torch.equal(source, before)


def test_the_layout_of_the_source_does_not_matter() -> None:
    net, source = made(Means()), image(24, 40)
    torch.testing.assert_close(
        net(source.contiguous(memory_format=torch.channels_last)), net(source.contiguous()), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("bands", [1, 3])
def test_on_a_cpu_the_channels_of_a_pixel_lie_side_by_side_all_the_way(bands: int) -> None:
    net = made(channels=(bands, 3))
    found: list[bool] = []
    for block in [*net.blocks(), net.head]:
        block.register_forward_hook(
            lambda _, given, __: found.append(given[0].is_contiguous(memory_format=torch.channels_last))
        )
    net(image(32, 32, bands))
    assert len(found) == 34
    assert all(found)


@pytest.mark.parametrize(
    "changed",
    [{"groups": 2}, {"heads": 4}, {"merge": "scrambled"}, {"output": "tanh"}, {"extractor_input": "stem"}],
    ids=str,
)
def test_a_switch_changes_the_image_of_the_same_weights(changed: dict[str, Any]) -> None:
    net, other = made(Means()), made(Means(), **changed)
    other.load_state_dict(net.state_dict())
    expected = net(image())
    assert (other(image()) - expected).norm() > 1e-3 * expected.norm()


@pytest.mark.parametrize(
    "changed",
    [{"width": 16}, {"blocks": 2}, {"attention": "bottleneck"}, {"skips": "add"}, {"condition": "pyramid"}],
    ids=str,
)
def test_a_switch_changes_the_network(changed: dict[str, Any]) -> None:
    net, other = made(Means()), made(Means(), **changed)
    kinds = [{key: tensor.shape for key, tensor in one.state_dict().items()} for one in (net, other)]
    assert kinds[0] != kinds[1]
    assert (other(image()) - net(image())).norm() > 1e-3


def test_the_pyramid_reads_the_first_map_in_the_encoder_the_second_in_the_bottleneck_the_last_in_the_decoder() -> None:
    net = made(Means(), condition="pyramid")
    seen: list[Tensor] = []
    for module in net.modules():
        if isinstance(module, Attention):
            module.register_forward_pre_hook(lambda _, given: seen.append(given[1]))
    net(image(64, 64))
    assert [tuple(one.shape[1:]) for one in seen] == [(6, 16, 16), (10, 8, 8), (12, 2, 2)]


@pytest.mark.parametrize("skips", ["concat", "add"])
def test_skips_come_last_in_first_out_and_behind_what_is_there(skips: str) -> None:
    unet = made(skips=skips).unet
    out: dict[str, Tensor] = {}
    given: dict[str, Tensor] = {}
    for name, stage in [*unet.encoder.named_children(), ("mid", unet.bottle_neck[-1])]:
        stage.register_forward_hook(lambda _, __, answer, name=name: out.update({name: answer}))
    for name, stage in unet.decoder.named_children():
        stage.register_forward_pre_hook(lambda _, args, name=name: given.update({name: args[0]}))
        stage.register_forward_hook(lambda _, __, answer, name=name: out.update({f"up {name}": answer}))
    unet(drawn_features(), [None] * 3)
    for place, (before, skip) in enumerate([("mid", "6"), ("up 1", "4"), ("up 3", "2"), ("up 5", "0")]):
        if skips == "concat":
            assert torch.equal(given[str(2 * place)], torch.cat([out[before], out[skip]], 1))
        else:
            torch.testing.assert_close(given[str(2 * place)], out[before] + unet.projections[place](out[skip]))


def drawn_features() -> Tensor:
    return torch.randn(1, 8, 32, 32, generator=torch.Generator().manual_seed(2), dtype=torch.float64)


def test_a_device_that_only_knows_shapes_will_do() -> None:
    assert made(Means()).to("meta")(image(16, 24).to("meta")).shape == (1, 3, 16, 24)


def test_what_the_extractor_sees_reaches_the_image() -> None:
    net = made(Means(), extractor_input="image")
    expected = net(image())
    net.extractor = Means()
    net.extractor.forward = lambda source: [2 * one for one in Means()(source)]  # type: ignore[method-assign]
    assert (net(image()) - expected).norm() > 1e-6 * expected.norm()


def test_tanh_is_that_of_the_linear_image() -> None:
    net, bounded = made(), made(output="tanh")
    bounded.load_state_dict(net.state_dict())
    torch.testing.assert_close(bounded(image()), net(image()).tanh(), rtol=0, atol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"condition": "pyramid"}, {"skips": "add"}, {"merge": "scrambled"}], ids=str)
def test_gradients_flow_to_all_but_biases_ahead_of_an_instance_norm(settings: dict[str, Any]) -> None:
    net = made(Means(learns=True), **settings)
    net(image(64, 64)).square().mean().backward()
    size = {name: float(p.grad.norm()) for name, p in net.named_parameters() if p.grad is not None}
    unread = {"extractor.scale.2"} if "condition" in settings else {f"extractor.scale.{n}" for n in range(3)}
    assert set(dict(net.named_parameters())) - set(size) == unread
    dead = {f"head.block.block{half}.proj.bias" for half in (1, 2)}
    assert {name for name, norm in size.items() if norm < 1e-9} == dead


def test_under_bf16_the_image_is_near_and_float_and_gradients_are_finite() -> None:
    net = made(Means(learns=True))
    expected = net(image(64, 64))
    net.float()
    with torch.autocast("cpu", torch.bfloat16):
        answer = net(image(64, 64).float())
    assert answer.dtype == torch.float32
    assert (answer - expected).norm() < 0.15 * expected.norm()
    answer.square().mean().backward()
    assert all(p.grad is None or (p.grad.dtype == torch.float32 and p.grad.isfinite().all()) for p in net.parameters())


def test_its_blocks_are_all_residual_and_attention_blocks_of_the_unet() -> None:
    assert len(made(Means()).blocks()) == 11 * 3
    assert sum(isinstance(block, Attention) for block in made(attention="bottleneck").blocks()) == 1


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(SpectraError, match="leaves nobody to read the extractor"):
        made(Means(), attention="none")
    with pytest.raises(SpectraError, match="needs an extractor of two maps"):
        made(Means((12,)), condition="pyramid")
