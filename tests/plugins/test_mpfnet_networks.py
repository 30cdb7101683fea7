"""The networks of MPFNet against loops written from the formulas, and against the numbers of parameters."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra import Model, SpectraError, Task
from spectra_mpfnet import MPFNet, Settings
from spectra_mpfnet.consistency import Consistency
from spectra_mpfnet.coordinate_attention import CoordinateAttention
from spectra_mpfnet.cross_scale import doubled
from spectra_mpfnet.discriminator import Discriminator, SpectralConvolution
from spectra_mpfnet.feature_embedding import FeatureEmbedding, Style
from spectra_mpfnet.networks import discriminator_of, progressive_of
from spectra_mpfnet.progressive import Progressive
from spectra_mpfnet.residual_attention import ResidualAttention

TASK = Task.parse("nir2rgb")
SMALL: dict[str, Any] = {"width": 4, "depths": (1, 2), "discriminator_width": 4, "discriminator_layers": 2}


def drawn(module: nn.Module, seed: int = 0) -> nn.Module:
    """With weights that show every part, in float64."""
    generator = torch.Generator().manual_seed(seed)
    for tensor in [*module.parameters(), *module.buffers()]:
        if tensor.is_floating_point():
            tensor.data = 0.3 * torch.randn(tensor.shape, generator=generator, dtype=torch.float64)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.running_var = torch.rand(part.num_features, generator=generator, dtype=torch.float64) + 0.5
    return module.double()


def random(*shape: int, seed: int = 1) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def count(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize(
    ("settings", "to_rgb", "to_grey"),
    [
        ({}, 22_302_865, 22_302_091),
        ({"rcab_convs": 1}, 17_102_545, 17_101_771),
        ({"rcab_convs": 0}, 11_902_225, 11_901_451),
        ({"csff": False}, 22_195_729, 22_194_955),
        ({"depths": (4, 4, 4)}, 50_844_241, 50_843_467),
        ({"width": 48}, 12_557_781, 12_557_199),
        ({"width": 32}, 5_592_345, 5_591_955),
    ],
    ids=str,
)
def test_parameters_are_as_many_as_the_facts_say(settings: dict[str, Any], to_rgb: int, to_grey: int) -> None:
    chosen = Settings(**settings)
    with torch.device("meta"):
        style = Style.of(chosen)
        found = [Progressive(1, target, chosen.width, chosen.depths, style, csff=chosen.csff) for target in (3, 1)]
    assert [count(network) for network in found] == [to_rgb, to_grey]


def test_parts_have_as_many_parameters_too() -> None:
    with torch.device("meta"):
        blocks = [FeatureEmbedding(64, depth, Style()) for depth in (2, 3, 4)]
        assert [count(block) for block in blocks] == [1_131_808, 4_239_696, 16_660_888]
        widths = (64, 128, 256, 512)
        assert [count(CoordinateAttention(width)) for width in widths] == [1_688, 3_352, 6_680, 25_648]
        assert [count(ResidualAttention(width)) for width in widths] == [75_544, 298_520, 1_186_840, 4_745_264]
        assert [count(ResidualAttention(width, 1)) for width in widths] == [38_616, 150_936, 596_760, 2_385_456]
        assert count(Consistency(64, 3)) == 4_611
        judges = [Discriminator(channels, norm="instance") for channels in (1, 3)]
        assert [count(judge) for judge in judges] == [2_762_689, 2_764_737]
    assert [count(discriminator_of(Settings(), channels)) for channels in (1, 3)] == [2_762_689, 2_764_737]


def pixels(x: Tensor, layer: Any) -> list[float]:
    """A layer of one pixel, by hand."""
    weight, bias, given = layer.weight.detach().flatten(1).tolist(), layer.bias.tolist(), x.tolist()
    return [sum(w * v for w, v in zip(row, given, strict=True)) + b for row, b in zip(weight, bias, strict=True)]


def attention_by_loop(module: CoordinateAttention, x: Tensor) -> Tensor:
    """Hou et al., eqs. 4 to 9, with the running statistics of its norm."""
    (channels, height, width), norm = x.shape, module.norm
    x = x.detach()
    lines = [torch.stack([x[c, i].sum() / width for c in range(channels)]) for i in range(height)]
    lines += [torch.stack([x[c, :, j].sum() / height for c in range(channels)]) for j in range(width)]
    inner = []
    for line in lines:
        values = pixels(line, module.shared)
        if isinstance(norm, nn.BatchNorm2d):
            known = (norm.running_mean, norm.running_var, norm.weight, norm.bias)
            kept = zip(values, *(each.tolist() for each in known), strict=True)
            values = [(v - mean) / math.sqrt(var + norm.eps) * weight + bias for v, mean, var, weight, bias in kept]
        inner.append(torch.tensor([z * min(max(z + 3, 0), 6) / 6 for z in values], dtype=torch.float64))
    rows = [[1 / (1 + math.exp(-v)) for v in pixels(line, module.rows)] for line in inner[:height]]
    columns = [[1 / (1 + math.exp(-v)) for v in pixels(line, module.columns)] for line in inner[height:]]
    found = torch.empty_like(x)
    for c in range(channels):
        for i in range(height):
            for j in range(width):
                found[c, i, j] = x[c, i, j] * rows[i][c] * columns[j][c]
    return found


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_coordinate_attention_is_its_formula(norm: Any) -> None:
    module, x = drawn(CoordinateAttention(6, 2, norm)).eval(), random(2, 6, 5, 7)
    assert isinstance(module, CoordinateAttention) and module.shared.out_features == 8
    expected = torch.stack([attention_by_loop(module, image) for image in x])
    assert torch.allclose(module(x), expected, rtol=0, atol=1e-10)
    single = CoordinateAttention(6, 2, norm).eval()
    single.load_state_dict({key: value.float() for key, value in module.state_dict().items()})
    assert torch.allclose(single(x.float()).double(), expected, rtol=0, atol=1e-6)


def test_its_group_norm_keeps_what_tells_channels_apart_and_an_instance_norm_would_not() -> None:
    module = drawn(CoordinateAttention(6, 2, "group"))
    x = random(1, 6, 5, 7)
    shifted = x + torch.linspace(-3, 3, 6, dtype=torch.float64)[None, :, None, None]
    inner = module.shared(torch.cat([x.mean(3), x.mean(2)], 2))  # type: ignore[operator]
    moved = module.shared(torch.cat([shifted.mean(3), shifted.mean(2)], 2))  # type: ignore[operator]
    assert torch.allclose(functional.instance_norm(inner), functional.instance_norm(moved))
    rows = module.factors(x)[0]  # type: ignore[operator]
    assert not torch.allclose(rows, module.factors(shifted)[0], atol=1e-3)  # type: ignore[operator]
    assert not any(isinstance(part, nn.InstanceNorm1d | nn.InstanceNorm2d) for part in module.modules())


def test_the_gradient_of_its_product_is_that_of_small_steps() -> None:
    module, x = drawn(ResidualAttention(3, 1)).train(), random(2, 3, 4, 5).requires_grad_()
    assert torch.autograd.gradcheck(lambda image: module(image).square().sum(), x)
    assert torch.autograd.gradcheck(lambda image: module.attention(image).square().sum(), x)


def convolved(x: Tensor, layer: Any) -> Tensor:
    """A 3×3 convolution with zeros around, pixel by pixel."""
    channels, height, width = layer.out_channels, *x.shape[1:]
    padded = functional.pad(x, (1, 1, 1, 1))
    found = torch.empty(channels, height, width, dtype=torch.float64)
    for o in range(channels):
        for i in range(height):
            for j in range(width):
                found[o, i, j] = (
                    layer.weight.detach()[o] * padded[:, i : i + 3, j : j + 3]
                ).sum() + layer.bias.detach()[o]
    return found


@pytest.mark.parametrize("convs", [0, 1, 2])
def test_the_residual_block_is_its_formula(convs: int) -> None:
    module, x = drawn(ResidualAttention(4, convs)).eval(), random(1, 4, 5, 6)
    assert isinstance(module, ResidualAttention)
    layers = [part for part in module.branch if isinstance(part, nn.Conv2d)]
    inner = x[0]
    for place, layer in enumerate(layers):
        inner = convolved(torch.where(inner > 0, inner, 0.2 * inner) if place else inner, layer)
    expected = x[0] + attention_by_loop(module.attention, inner)
    assert len(layers) == convs
    assert torch.allclose(module(x)[0], expected, rtol=0, atol=1e-10)


@pytest.mark.parametrize(("residual", "tanh"), [(False, True), (False, False), (True, False)])
def test_the_consistency_module_is_its_formula(residual: bool, tanh: bool) -> None:
    module = drawn(Consistency(4, 3, residual=residual, tanh=tanh))
    features, image = random(1, 4, 3, 5), random(1, 1, 3, 5, seed=2)
    prediction, refined = module(features, image)
    for i in range(3):
        for j in range(5):
            raw = pixels(features[0, :, i, j], module.head)
            raw = [value + image[0, 0, i, j].item() * residual for value in raw]
            shown = torch.tensor([math.tanh(value) if tanh else value for value in raw], dtype=torch.float64)
            gate = [1 / (1 + math.exp(-value)) for value in pixels(shown, module.gate)]
            value = pixels(features[0, :, i, j], module.value)
            expected = [features[0, c, i, j].item() + value[c] * gate[c] for c in range(4)]
            assert torch.allclose(prediction[0, :, i, j], shown, atol=1e-10)
            assert torch.allclose(refined[0, :, i, j], torch.tensor(expected, dtype=torch.float64), atol=1e-10)


def progressive(**settings: Any) -> Any:
    return drawn(progressive_of(Settings(**{**SMALL, **settings}), 1, 3)).eval()


def embedded_by_hand(block: Any, x: Tensor, coarser: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
    """Activation, convolution, attention, norm; down, through the bottleneck, up beside the skips."""
    levels = []
    for place, parts in enumerate(block.encoder):
        x = parts[0](functional.leaky_relu(x, 0.2) if place else x)
        x = functional.instance_norm(parts[1](x), eps=1e-5) + (coarser[place] if place < len(coarser) else 0)
        levels.append(x)
    x = block.bottleneck(functional.leaky_relu(x, 0.2))
    for place, parts in enumerate(block.decoder):
        joined = torch.cat([x, levels[-1 - place]], 1) if place else x
        x = parts[1](parts[0](functional.leaky_relu(joined, 0.2)))
        if place < len(levels) - 1:
            x = functional.instance_norm(x, eps=1e-5)
    return x, levels


def twice(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode="bilinear")


def test_doubling_is_bilinear_and_keeps_the_numbers_it_is_given() -> None:
    x = random(2, 3, 4, 5).requires_grad_()
    assert torch.allclose(doubled(x), twice(x), rtol=0, atol=1e-12) and doubled(x).is_contiguous()
    assert torch.autograd.gradcheck(doubled, x)
    low = x.detach().bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        assert torch.equal(doubled(low), twice(low.float()).bfloat16())


def test_the_whole_network_goes_from_coarse_to_fine() -> None:
    network, image = progressive(), random(2, 1, 16, 24)
    coarse, fine = network.scales
    small = functional.interpolate(image, scale_factor=0.5, mode="area")
    features, levels = embedded_by_hand(coarse.embedding, coarse.stem(small), [])
    first, refined = coarse.consistency(features, small)
    merged = fine.merge.convolution(torch.cat([fine.stem(image), twice(refined)], 1))
    added = [twice(project(level)) for project, level in zip(fine.skips.projections, levels, strict=False)]
    features, _ = embedded_by_hand(fine.embedding, merged, added)
    second = torch.tanh(fine.consistency.head(features))
    found = network(image)
    assert [tuple(each.shape) for each in found] == [(2, 3, 8, 12), (2, 3, 16, 24)]
    assert torch.allclose(found[0], first, atol=1e-10) and torch.allclose(found[1], second, atol=1e-10)


def test_no_instance_norm_stands_before_a_prediction() -> None:
    """It would give the features of every image the same means, and a 1×1 head the same mean colour."""
    network = progressive()
    means = torch.stack(
        [each.mean((2, 3)) for seed in (1, 2) for each in _features(network, random(1, 1, 16, 16, seed=seed))]
    )
    assert (means[0] - means[2]).abs().max() > 1e-3 and (means[1] - means[3]).abs().max() > 1e-3
    for scale in network.scales:
        last = [type(part).__name__ for part in scale.embedding.decoder[-1]]
        assert last == ["ConvTranspose2d", "ResidualAttention"]


def _features(network: Any, image: Tensor) -> list[Tensor]:
    found: list[Tensor] = []
    hooks = [
        scale.embedding.register_forward_hook(lambda module, given, made: found.append(made[0]))
        for scale in network.scales
    ]
    network(image)
    for hook in hooks:
        hook.remove()
    return found


def test_no_activation_changes_a_skip() -> None:
    block = progressive().scales[-1].embedding
    held: list[Tensor] = []
    hooks = [
        part.register_forward_hook(lambda module, given, made: held.append(made.clone())) for part in block.encoder
    ]
    _, levels = block(random(1, 4, 16, 16), [])
    for hook in hooks:
        hook.remove()
    assert all(torch.equal(level, before) for level, before in zip(levels, held, strict=True))
    assert any(bool((level < 0).any()) for level in levels)


def test_only_the_finest_modules_dead_end_is_kept_out_of_learning() -> None:
    """Its gate and value have no scale to work for: the facts count them, and nothing could teach them."""
    network = progressive()
    still = {name for name, parameter in network.named_parameters() if not parameter.requires_grad}
    assert still == {f"scales.1.consistency.{part}.{kind}" for part in ("gate", "value") for kind in ("weight", "bias")}


def test_a_spectral_convolution_has_a_weight_of_norm_one() -> None:
    torch.manual_seed(0)
    layer = SpectralConvolution(6, 8, 4, 2, 1).double().train()
    layer.settle()
    for _ in range(200):
        layer(random(1, 6, 8, 8))
    exact = torch.linalg.matrix_norm(layer.weight.flatten(1), 2)
    x = random(2, 6, 8, 8)
    expected = functional.conv2d(x, layer.weight / exact, layer.bias, 2, 1)
    assert torch.allclose(layer.eval()(x), expected, atol=1e-8)
    kept = layer.left.clone()
    layer(x)
    assert torch.equal(layer.left, kept), "only learning follows the singular value"


def test_in_bfloat16_means_variances_and_predictions_are_float() -> None:
    torch.manual_seed(0)
    network = progressive_of(Settings(**SMALL, init_std=0.2), 1, 3).train()
    seen: list[torch.dtype] = []
    norms = [part for part in network.modules() if isinstance(part, nn.BatchNorm2d)]
    hooks = [norm.register_forward_hook(lambda module, given, made: seen.append(given[0].dtype)) for norm in norms]
    image = torch.rand(2, 1, 32, 32) * 2 - 1
    with torch.no_grad():
        exact = network(image)
        with torch.autocast("cpu", torch.bfloat16):
            low = network(image)
    for hook in hooks:
        hook.remove()
    assert set(seen) == {torch.float32} and all(each.dtype == torch.float32 for each in low)
    assert max(float((a - b).abs().mean()) for a, b in zip(exact, low, strict=True)) < 0.05


def test_what_coordinate_attention_weighs_by_is_float_from_beginning_to_end() -> None:
    torch.manual_seed(0)
    module = CoordinateAttention(6, 2).train()
    x = random(2, 6, 5, 7).bfloat16()
    exact = module.factors(x.float())
    with torch.autocast("cpu", torch.bfloat16):
        found = module.factors(x)
    assert all(torch.equal(one, other) for one, other in zip(found, exact, strict=True))


@pytest.mark.parametrize("size", [(1, 1), (31, 65), (64, 64), (100, 33)])
def test_any_height_and_width(size: tuple[int, int]) -> None:
    model = Model(MPFNet(TASK, Settings(**SMALL)), "mpfnet", trained=True)
    with torch.no_grad():
        assert model(torch.rand(1, 1, *size)).shape == (1, 3, *size)


def test_the_multiple_leaves_every_map_more_than_a_pixel() -> None:
    assert MPFNet(TASK, Settings(**{**SMALL, "depths": (2, 3, 4)})).multiple == 64
    assert MPFNet(TASK, Settings(**SMALL)).multiple == 8
    assert MPFNet(TASK, Settings(**SMALL, without=("scales",))).multiple == 4


def test_tasks_are_of_one_channel_to_three() -> None:
    for task in ("nir2rgb", "lwir2rgb", "sar2rgb"):
        assert MPFNet(Task.parse(task), Settings(**SMALL))(torch.rand(1, 1, 16, 16)).shape == (1, 3, 16, 16)
    for task in ("rgb2nir", "nir2lwir"):
        with pytest.raises(SpectraError, match="does not support"):
            MPFNet(Task.parse(task), Settings(**SMALL))
