"""The generators of pix2pixHD: names, sizes and values, against tables and the formulas written out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.model import Model
from spectra_pix2pixhd import Pix2PixHD, Settings
from spectra_pix2pixhd.global_generator import GlobalGenerator
from spectra_pix2pixhd.layers import Style
from spectra_pix2pixhd.local_enhancer import LocalEnhancer

SMALL: Mapping[str, Any] = {"width": 4, "downs": 2, "blocks": 2, "discriminator_width": 4}
LOCAL: Mapping[str, Any] = {**SMALL, "generator": "local", "local_blocks": 2}
BATCH = Style(norm="batch")


def made(task: str = "rgb2nir", **settings: Any) -> Pix2PixHD:
    torch.manual_seed(0)
    return Pix2PixHD(Task.parse(task), Settings(**{**SMALL, **settings})).double()


def image(channels: int = 3, size: int = 32, count: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(count, channels, size, size, generator=generator, dtype=torch.float64)


def parameters(net: nn.Module) -> int:
    return sum(parameter.numel() for parameter in net.parameters())


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ((3, 3, 64, 4, 9), 182_443_267),
        ((1, 1, 64, 4, 9), 182_430_721),
        ((3, 1, 64, 4, 9), 182_436_993),
        ((1, 3, 64, 4, 9), 182_436_995),
        ((36, 3, 64, 4, 9), 182_546_755),
        ((3, 3, 64, 3, 9), 45_593_347),
        ((3, 3, 32, 4, 9), 45_620_867),
        ((3, 3, 48, 4, 9), 102_631_875),
        ((3, 3, 64, 4, 6), 125_814_019),
        ((3, 3, 64, 4, 9, BATCH), 182_486_019),
    ],
)
def test_global_generators_have_as_many_parameters_as_the_official(arguments: tuple[Any, ...], count: int) -> None:
    with torch.device("meta"):
        assert parameters(GlobalGenerator(*arguments)) == count


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        ((3, 3, 32, 4, 9, 1, 3), 182_701_827),
        ((1, 1, 32, 4, 9, 1, 3), 182_689_281),
        ((3, 3, 16, 4, 9, 2, 3), 182_766_595),
    ],
)
def test_local_generators_have_as_many_parameters_as_the_official(arguments: tuple[Any, ...], count: int) -> None:
    with torch.device("meta"):
        assert parameters(LocalEnhancer(*arguments)) == count


@pytest.mark.parametrize(
    ("task", "settings", "count"),
    [
        ("rgb2rgb", {"scales": 1}, 2_767_809),
        ("rgb2rgb", {}, 5_535_618),
        ("rgb2rgb", {"scales": 3}, 8_303_427),
        ("sar2eo", {}, 5_527_426),
        ("sar2rgb", {}, 5_531_522),
        ("rgb2rgb", {"discriminator_layers": 4}, 13_925_250),
    ],
)
def test_discriminators_have_as_many_parameters_as_the_official(task: str, settings: Any, count: int) -> None:
    with torch.device("meta"):
        stage = made(task, **settings, discriminator_width=64).stages()[0]
        assert parameters(stage.players["discriminator"].modules[0]) == count


def test_a_fresh_default_is_the_official_network() -> None:
    with torch.device("meta"):
        assert parameters(Pix2PixHD(Task.parse("rgb2rgb"), Settings())) == 182_443_267


def global_keys(downs: int, blocks: int, head: bool = True) -> set[str]:
    """The table of layers of the official sequence."""
    layers = ["model.1", *(f"model.{4 + 3 * i}" for i in range(downs))]
    layers += [f"model.{4 + 3 * downs + k}.conv_block.{place}" for k in range(blocks) for place in (1, 5)]
    layers += [f"model.{4 + 3 * downs + blocks + 3 * i}" for i in range(downs)]
    layers += [f"model.{6 * downs + blocks + 5}"] if head else []
    return {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}


def local_keys(downs: int, blocks: int, enhancers: int, local_blocks: int) -> set[str]:
    layers = []
    for n in range(1, enhancers + 1):
        layers += [f"model{n}_1.1", f"model{n}_1.4", f"model{n}_2.{local_blocks}"]
        layers += [f"model{n}_2.{k}.conv_block.{place}" for k in range(local_blocks) for place in (1, 5)]
    layers.append(f"model{enhancers}_2.{local_blocks + 4}")
    own = {f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")}
    return own | global_keys(downs, blocks, head=False)


@pytest.mark.parametrize(("downs", "blocks"), [(4, 9), (3, 9), (1, 1), (5, 2)])
def test_a_global_generator_has_the_official_keys(downs: int, blocks: int) -> None:
    with torch.device("meta"):
        assert GlobalGenerator(3, 3, 2, downs, blocks).state_dict().keys() == global_keys(downs, blocks)


@pytest.mark.parametrize(("enhancers", "local_blocks"), [(1, 3), (2, 3), (3, 0), (1, 1)])
def test_a_local_generator_has_the_official_keys(enhancers: int, local_blocks: int) -> None:
    with torch.device("meta"):
        net = LocalEnhancer(3, 3, 2, 4, 9, enhancers, local_blocks)
    assert net.state_dict().keys() == local_keys(4, 9, enhancers, local_blocks)


def test_54_of_the_74_tensors_of_a_local_generator_are_those_of_a_global_one_twice_as_wide() -> None:
    with torch.device("meta"):
        narrow, wide = LocalEnhancer(3, 3, 32).state_dict(), GlobalGenerator(3, 3, 64).state_dict()
    same = [key for key, tensor in narrow.items() if key in wide and wide[key].shape == tensor.shape]
    assert (len(same), len(narrow)) == (54, 74)


def test_batch_norm_adds_its_own_keys_behind_each_convolution() -> None:
    with torch.device("meta"):
        keys = GlobalGenerator(3, 3, 2, 2, 1, BATCH).state_dict().keys()
    layers = ("model.2", "model.5", "model.8", "model.10.conv_block.2", "model.10.conv_block.6", "model.12", "model.15")
    words = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    assert keys == global_keys(2, 1) | {f"{layer}.{word}" for layer in layers for word in words}


class Formula:
    """The official generators as their tables say, from a state dict and torch's plain functions."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.state = state

    def convolved(self, x: Tensor, layer: str, stride: int = 1, reflect: int = 0, zeros: int = 0) -> Tensor:
        x = functional.pad(x, (reflect,) * 4, mode="reflect") if reflect else x
        return functional.conv2d(x, self.state[f"{layer}.weight"], self.state[f"{layer}.bias"], stride, zeros)

    def widened(self, x: Tensor, layer: str) -> Tensor:
        weight, bias = self.state[f"{layer}.weight"], self.state[f"{layer}.bias"]
        return functional.conv_transpose2d(x, weight, bias, 2, padding=1, output_padding=1)

    def normed(self, x: Tensor) -> Tensor:
        mean = x.mean((2, 3), keepdim=True)
        variance = x.var((2, 3), keepdim=True, unbiased=False)
        return (x - mean) / (variance + 1e-5).sqrt()

    def block(self, x: Tensor, layer: str) -> Tensor:
        inner = self.normed(self.convolved(x, f"{layer}.conv_block.1", reflect=1)).relu()
        return x + self.normed(self.convolved(inner, f"{layer}.conv_block.5", reflect=1))

    def trunk(self, x: Tensor, downs: int, blocks: int) -> Tensor:
        x = self.normed(self.convolved(x, "model.1", reflect=3)).relu()
        for i in range(downs):
            x = self.normed(self.convolved(x, f"model.{4 + 3 * i}", stride=2, zeros=1)).relu()
        for k in range(blocks):
            x = self.block(x, f"model.{4 + 3 * downs + k}")
        for i in range(downs):
            x = self.normed(self.widened(x, f"model.{4 + 3 * downs + blocks + 3 * i}")).relu()
        return x

    def wide(self, x: Tensor, downs: int, blocks: int) -> Tensor:
        return self.convolved(self.trunk(x, downs, blocks), f"model.{6 * downs + blocks + 5}", reflect=3).tanh()

    def local(self, x: Tensor, downs: int, blocks: int, enhancers: int, local_blocks: int) -> Tensor:
        sizes = [x]
        for _ in range(enhancers):
            sizes.append(functional.avg_pool2d(sizes[-1], 3, 2, 1, count_include_pad=False))
        y = self.trunk(sizes[enhancers], downs, blocks)
        for n in range(1, enhancers + 1):
            seen = self.normed(self.convolved(sizes[enhancers - n], f"model{n}_1.1", reflect=3)).relu()
            y = y + self.normed(self.convolved(seen, f"model{n}_1.4", stride=2, zeros=1)).relu()
            for k in range(local_blocks):
                y = self.block(y, f"model{n}_2.{k}")
            y = self.normed(self.widened(y, f"model{n}_2.{local_blocks}")).relu()
        return self.convolved(y, f"model{enhancers}_2.{local_blocks + 4}", reflect=3).tanh()


def test_the_global_generator_computes_what_its_table_says() -> None:
    translator, source = made("rgb2rgb"), image()
    expected = Formula(translator.generator.state_dict()).wide(2 * source - 1, 2, 2)
    assert torch.allclose(translator(source), (expected + 1) / 2, rtol=0, atol=1e-12)


@pytest.mark.parametrize("enhancers", [1, 2])
def test_the_local_generator_goes_from_coarse_to_fine_as_its_table_says(enhancers: int) -> None:
    translator, source = made("rgb2rgb", **LOCAL, enhancers=enhancers), image()
    expected = Formula(translator.generator.state_dict()).local(2 * source - 1, 2, 2, enhancers, 2)
    assert torch.allclose(translator(source), (expected + 1) / 2, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "settings",
    [
        {"upsample": "k4"},
        {"upsample": "nearest"},
        {"upsample": "bilinear"},
        {"padding": "reflect"},
        {"output": "sigmoid"},
        {"output": "linear"},
        {"norm": "batch"},
        {"width": 6},
        {"downs": 3},
        {"blocks": 3},
        {"generator": "local"},
        {"generator": "local", "enhancers": 2},
        {"generator": "local", "local_blocks": 1},
    ],
    ids=str,
)
def test_every_setting_of_the_generator_changes_the_image(settings: dict[str, Any]) -> None:
    source = image(size=64)
    plain = made(generator=settings.get("generator", "global")) if len(settings) > 1 else made()
    changed = made(**settings)
    held = plain.state_dict()
    known = {
        key: held[key]
        for key, tensor in changed.state_dict().items()
        if key in held and held[key].shape == tensor.shape
    }
    changed.load_state_dict(known, strict=False)  # so that chance does not make the difference
    assert changed(source).shape == (2, 1, 64, 64)
    assert not torch.allclose(plain(source), changed(source), atol=1e-6)


def test_the_image_is_in_the_unit_interval_for_tanh_and_sigmoid_and_free_for_linear() -> None:
    for output in ("tanh", "sigmoid", "linear"):
        translator = made(output=output)
        with torch.no_grad():
            for parameter in translator.generator.parameters():
                parameter.mul_(50)
        low, high = torch.aminmax(translator(image()))
        assert (low >= 0 and high <= 1) == (output != "linear")


@pytest.mark.parametrize(("settings", "multiple"), [({}, 4), ({"downs": 3}, 8), ({**LOCAL, "enhancers": 2}, 16)])
def test_images_of_any_size_keep_it_and_too_small_ones_are_refused(settings: Any, multiple: int) -> None:
    translator = made(**settings)
    assert translator.multiple == multiple
    assert Model(translator, "pix2pixhd")(torch.rand(1, 3, 37, 53, dtype=torch.float64)).shape == (1, 1, 37, 53)
    least = 2 * multiple
    assert translator(image(size=least)).shape[-1] == least
    with pytest.raises(SpectraError, match=f"both sides need {least} pixels"):
        translator(image(size=multiple))


def test_weights_begin_as_in_the_official_code() -> None:
    """Normal with 0.02, biases as torch makes them: uniform within one over the root of what a value is summed from."""
    translator = made(width=16)
    stage = translator.stages()[0]
    for net in (translator.generator, stage.players["discriminator"].modules[0]):
        layers = [layer for layer in net.modules() if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d)]
        weights = torch.cat([layer.weight.detach().flatten() for layer in layers])
        assert abs(float(weights.std()) / 0.02 - 1) < 0.05
        assert all(layer.bias is not None and bool(layer.bias.any()) for layer in layers)


def test_activations_of_residual_blocks_can_be_thrown_away() -> None:
    assert len(made().recomputed()) == 2
    assert len(made(**LOCAL, enhancers=2).recomputed()) == 2 + 2 * 2


def test_half_precision_gives_a_float_image_of_more_than_256_levels() -> None:
    translator = made("rgb2rgb").float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        answer = translator(image().float())
    assert answer.dtype == torch.float32
    assert torch.allclose(answer, translator(image().float()), atol=0.05)


def test_only_local_enhancers_leave_the_rest_fixed() -> None:
    with pytest.raises(ValueError, match="set `generator: local`"):
        Settings(fix_global=True)
