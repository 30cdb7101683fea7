"""Weights to begin with: copied by name, spread over other image channels exactly, and nothing in silence."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import spectra
from spectra.errors import SpectraError
from spectra.modalities import Modality, Task
from spectra.training.inflation import Channels, transposed_weights
from spectra.training.transfer import Mismatch, transfer, weights_of

FEW = st.integers(1, 6)


def generator(source: int, target: int, width: int = 6) -> nn.Sequential:
    """Stem, one step down, one up, last convolution: the shape of pix2pixHD's global generator."""
    return nn.Sequential(
        *(nn.ReflectionPad2d(3), nn.Conv2d(source, width, 7), nn.InstanceNorm2d(width), nn.ReLU()),
        *(nn.Conv2d(width, 2 * width, 3, 2, 1), nn.InstanceNorm2d(2 * width), nn.ReLU()),
        *(nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1), nn.InstanceNorm2d(width), nn.ReLU()),
        *(nn.ReflectionPad2d(3), nn.Conv2d(width, target, 7), nn.Tanh()),
    ).double()


def critic(channels: int, width: int = 5, scales: int = 2) -> nn.ModuleDict:
    def one() -> nn.Sequential:
        return nn.Sequential(
            *(nn.Conv2d(channels, width, 4, 2, 2), nn.LeakyReLU(0.2)),
            *(nn.Conv2d(width, 2 * width, 4, 2, 2), nn.InstanceNorm2d(2 * width), nn.LeakyReLU(0.2)),
            nn.Conv2d(2 * width, 1, 4, 1, 2),
        )

    return nn.ModuleDict({f"scale{place}": one() for place in range(scales)}).double()


def named(translator: nn.Module, discriminator: nn.Module | None = None) -> dict[str, Tensor]:
    found = {f"translator.{name}": tensor for name, tensor in translator.state_dict().items()}
    held = {} if discriminator is None else discriminator.state_dict()
    return found | {f"stage.train.critic.{name}": tensor for name, tensor in held.items()}


def task(source: int, target: int) -> Task:
    return Task(Modality("a", source), Modality("b", target))


def channels(there: tuple[int, int], here: tuple[int, int]) -> Channels:
    return Channels.of(task(*there), task(*here))


def image(count: int, seed: int = 0, side: int = 16) -> Tensor:
    return torch.rand(1, count, side, side, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def gap(one: Tensor, other: Tensor) -> float:
    return float((one - other).detach().abs().max())


def brought(there: tuple[int, int], here: tuple[int, int]) -> tuple[nn.Sequential, nn.Sequential]:
    old, new = generator(*there), generator(*here)
    transfer(named(new), named(old), channels(there, here))
    return old, new


@settings(max_examples=25, deadline=None)
@given(FEW, FEW, FEW)
def test_a_grey_image_repeated_gives_the_same_result(there: int, here: int, target: int) -> None:
    old, new = brought((there, target), (here, target))
    grey = image(1)
    assert gap(new(grey.expand(-1, here, -1, -1)), old(grey.expand(-1, there, -1, -1))) < 1e-10


@settings(max_examples=25, deadline=None)
@given(FEW, FEW)
def test_more_output_channels_repeat_the_one_there_was(source: int, here: int) -> None:
    old, new = brought((source, 1), (source, here))
    assert gap(new(image(source)), old(image(source)).expand(-1, here, -1, -1)) < 1e-10


@settings(max_examples=25, deadline=None)
@given(FEW, FEW)
def test_one_output_channel_is_the_mean_before_the_last_activation(source: int, there: int) -> None:
    old, new = brought((source, there), (source, 1))
    shown = image(source)
    assert gap(new[:-1](shown), old[:-1](shown).mean(1, keepdim=True)) < 1e-10


@settings(max_examples=40, deadline=None)
@given(FEW, FEW, FEW, FEW)
def test_a_discriminator_judges_grey_pairs_as_before_block_by_block(s: int, t: int, source: int, target: int) -> None:
    """A source of one grey and a target of another: the two blocks of its input must not be mixed."""
    old, new = critic(s + t), critic(source + target)
    into = named(generator(source, target), new)
    transfer(into, named(generator(s, t), old), channels((s, t), (source, target)))

    def pair(one: int, other: int) -> Tensor:
        return torch.cat([image(1, 1).expand(-1, one, -1, -1), image(1, 2).expand(-1, other, -1, -1)], 1)

    for place in ("scale0", "scale1"):
        assert gap(new[place](pair(source, target)), old[place](pair(s, t))) < 1e-10


def test_one_to_three_is_the_kernel_divided_by_three_and_back_is_the_sum() -> None:
    old, new = brought((1, 1), (3, 3))
    torch.testing.assert_close(new[1].weight, old[1].weight.repeat(1, 3, 1, 1) / 3)
    torch.testing.assert_close(new[-2].weight, old[-2].weight.repeat(3, 1, 1, 1))
    torch.testing.assert_close(new[-2].bias, old[-2].bias.repeat(3))
    wide, narrow = brought((3, 3), (1, 1))
    torch.testing.assert_close(narrow[1].weight, wide[1].weight.sum(1, keepdim=True))
    torch.testing.assert_close(narrow[-2].weight, wide[-2].weight.mean(0, keepdim=True))
    torch.testing.assert_close(narrow[-2].bias, wide[-2].bias.mean()[None])


def test_in_single_precision_the_grey_result_is_the_same_within_rounding() -> None:
    old, new = (net.float() for net in brought((1, 1), (3, 3)))
    grey = image(1, side=64).float()
    assert gap(new(grey.expand(-1, 3, -1, -1)), old(grey).expand(-1, 3, -1, -1)) < 2.5e-6


def test_blocks_of_other_lengths_are_told_apart_where_their_sum_is_the_same() -> None:
    """RGB to SAR after SAR to RGB: four channels as before, and yet others."""
    old, new = critic(4, width=4), critic(4, width=4)
    report = transfer(named(generator(3, 1), new), named(generator(1, 3), old), channels((1, 3), (3, 1)))
    first = old["scale0"][0].weight
    expected = torch.cat([first[:, :1].repeat(1, 3, 1, 1) / 3, first[:, 1:].sum(1, keepdim=True)], 1)
    torch.testing.assert_close(new["scale0"][0].weight, expected)
    torch.testing.assert_close(new["scale1"][2].weight, old["scale1"][2].weight)
    spread = [name for name in report.inflated if name.startswith("stage")]
    assert spread == ["stage.train.critic.scale0.0.weight", "stage.train.critic.scale1.0.weight"]


@pytest.mark.parametrize(("there", "here"), [((1, 1), (1, 3)), ((1, 3), (1, 1))])
def test_a_last_transposed_convolution_is_known_by_its_bias(there: tuple[int, int], here: tuple[int, int]) -> None:
    """As in a U-Net, whose weight counts output channels on its other axis."""
    old, new = (nn.ConvTranspose2d(8, target, 4, 2, 1).double() for _, target in (there, here))
    transfer(named(new), named(old), channels(there, here))
    shown = image(8)
    assert gap(new(shown), old(shown).mean(1, keepdim=True).expand(-1, here[1], -1, -1)) < 1e-10


def test_a_transposed_convolution_without_bias_is_known_by_its_name() -> None:
    old, new = (nn.Sequential(nn.ConvTranspose2d(8, n, 4, 2, 1, bias=False)).double() for n in (1, 3))
    names = transposed_weights(new, "translator.")
    assert names == {"translator.0.weight"}
    transfer(named(new), named(old), channels((1, 1), (1, 3)), transposed=names)
    assert gap(new(image(8)), old(image(8)).expand(-1, 3, -1, -1)) < 1e-10


def test_the_second_generator_of_a_cycle_goes_the_other_way() -> None:
    old, new = generator(1, 1), generator(3, 1)
    transfer(named(new), named(old), channels((1, 1), (1, 3)))
    grey = image(1)
    assert gap(new(grey.expand(-1, 3, -1, -1)), old(grey)) < 1e-10


def whole(seed: int, source: int, target: int) -> dict[str, Tensor]:
    torch.manual_seed(seed)
    return named(generator(source, target), critic(source + target))


def test_equal_shapes_are_copied_and_counted() -> None:
    into, source = whole(1, 1, 3), whole(2, 1, 3)
    report = transfer(into, source, channels((1, 3), (1, 3)), "error", "'sar2eo'")
    assert all(torch.equal(into[name], source[name]) for name in source)
    assert report.notes() == (
        "Begun with weights of 'sar2eo'. Copied tensors: 8 of translator, 12 of stage.train.critic.",
    )
    assert len(report.copied) == 20 and not (report.inflated or report.left or report.unused)


def test_every_way_with_another_number_of_channels_says_what_it_did() -> None:
    report = transfer(whole(1, 1, 3), whole(2, 1, 1), channels((1, 1), (1, 3)), "inflate", "'sar2eo'")
    assert report.notes() == (
        "Begun with weights of 'sar2eo'. Copied tensors: 6 of translator, 10 of stage.train.critic.",
        "Spread over another number of channels: 2 of translator, 2 of stage.train.critic "
        "(translator.11.weight: 1 to 3 output channels; translator.11.bias: 1 to 3 output channels; "
        "stage.train.critic.scale0.0.weight: 2 to 4 input channels; "
        "stage.train.critic.scale1.0.weight: 2 to 4 input channels).",
    )
    into = whole(1, 1, 3)
    before = {name: tensor.clone() for name, tensor in into.items()}
    skipped = transfer(into, whole(2, 1, 1), channels((1, 1), (1, 3)), "skip", "'sar2eo'")
    assert list(skipped.left) == list(report.inflated) and not skipped.inflated
    assert skipped.left["translator.11.bias"] == "(1,) there, (3,) here"
    assert all(torch.equal(into[name], before[name]) == (name in skipped.left) for name in into)
    assert "As they began, not from 'sar2eo': 2 of translator, 2 of stage.train.critic (" in skipped.notes()[1]
    with pytest.raises(SpectraError) as refused:
        transfer(into, whole(2, 1, 1), channels((1, 1), (1, 3)), "error", "'sar2eo'")
    assert "translator.11.weight: (1, 6, 7, 7) there, (3, 6, 7, 7) here" in str(refused.value)
    assert "takes over equal shapes alone" in str(refused.value)


def wider(source: int, target: int) -> dict[str, Tensor]:
    return named(generator(source, target, width=8))


def flat(into: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.flatten() for name, tensor in into.items()}


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: wider(1, 3), r"translator\.1\.weight: \(8, 1, 7, 7\) there, \(6, 1, 7, 7\) here"),
        (lambda: wider(1, 1), "settings of the two differ"),
        (lambda: named(generator(1, 2)), r"translator\.11\.bias: \(2,\) there, \(3,\) here"),
        (lambda: flat(named(generator(1, 3))), r"\(294,\) there"),
    ],
)
def test_what_the_channels_do_not_explain_is_refused_and_nothing_is_touched(
    made: Callable[[], dict[str, Tensor]], told: str
) -> None:
    into = named(generator(1, 3))
    before = {name: tensor.clone() for name, tensor in into.items()}
    with pytest.raises(SpectraError, match=told):
        transfer(into, made(), channels((1, 1), (1, 3)))
    assert all(torch.equal(into[name], before[name]) for name in into)


def test_many_faults_are_cut_short() -> None:
    with pytest.raises(SpectraError, match="and 2 more"):
        transfer(named(generator(1, 3)), wider(1, 3), channels((1, 3), (1, 3)))


def test_a_larger_network_keeps_what_it_shares_and_says_what_it_does_not() -> None:
    """A global generator in a local enhancer: the last convolution goes, the enhancer is new."""
    old = named(generator(1, 1))
    new = {name: torch.zeros_like(tensor) for name, tensor in old.items() if ".11." not in name}
    new |= {f"translator.model1_1.{place}.weight": torch.zeros(4, 4, 3, 3) for place in range(7)}
    report = transfer(new, old, channels((1, 1), (1, 1)), origin="'global'")
    assert len(report.copied) == 6 and all(torch.equal(new[name], old[name]) for name in report.copied)
    assert report.unused == ("translator.11.weight", "translator.11.bias")
    assert set(report.left.values()) == {"there is none of this name"}
    assert report.notes()[1:] == (
        "As they began, not from 'global': 7 of translator ("
        + "; ".join(f"translator.model1_1.{n}.weight: there is none of this name" for n in range(5))
        + "; and 2 more).",
        "Not used of 'global': 2 of translator (translator.11.weight; translator.11.bias).",
    )


def renamed(tensors: dict[str, Tensor], stage: str) -> dict[str, Tensor]:
    return {name.replace("stage.train.", f"stage.{stage}."): tensor for name, tensor in tensors.items()}


def test_a_discriminator_comes_over_from_a_stage_of_another_name() -> None:
    """Pix2pixHD's local enhancer begins with a stage of its own."""
    into, source = renamed(whole(1, 1, 3), "fixed_global"), whole(2, 1, 3)
    report = transfer(into, source, channels((1, 3), (1, 3)), "error")
    assert len(report.copied) == 20 and not (report.left or report.unused)
    assert torch.equal(into["stage.fixed_global.critic.scale0.0.bias"], source["stage.train.critic.scale0.0.bias"])


def test_of_several_stages_none_is_guessed() -> None:
    two = renamed(whole(1, 1, 3), "one") | renamed(whole(2, 1, 3), "two")
    report = transfer(whole(3, 1, 3), two, channels((1, 3), (1, 3)))
    assert len(report.copied) == 8 and len(report.left) == 12 and len(report.unused) == 24


def test_a_model_has_no_discriminators_and_that_is_told() -> None:
    report = transfer(whole(1, 1, 3), named(generator(1, 3)), channels((1, 3), (1, 3)))
    assert "12 of stage.train.critic" in report.notes()[1]


@pytest.mark.parametrize("mode", ["inflate", "skip", "error"])
def test_weights_that_have_nothing_in_common_are_refused(mode: Mismatch) -> None:
    strange = {"translator.strange": torch.zeros(3)}
    with pytest.raises(
        SpectraError, match=r"No weight of 'x' came over.*1 of translator, the first translator\.strange"
    ):
        transfer(named(generator(1, 3)), strange, channels((1, 3), (1, 3)), mode, "'x'")
    with pytest.raises(SpectraError, match=r"none, the first missing"):
        transfer(named(generator(1, 3)), {}, channels((1, 3), (1, 3)), mode)


def test_skipping_everything_is_a_transfer_of_nothing() -> None:
    old, new = (named(nn.Conv2d(source, 1, 1, bias=False)) for source in (1, 3))
    with pytest.raises(SpectraError, match="No weight of another model came over"):
        transfer(new, old, channels((1, 1), (3, 1)), "skip")


def test_the_report_is_plain_json_with_every_name() -> None:
    report = transfer(whole(1, 1, 3), whole(2, 1, 1), channels((1, 1), (1, 3)))
    said: dict[str, Any] = json.loads(json.dumps(report.described()))
    assert sum(len(said[key]) for key in ("copied", "inflated", "left")) == 20
    assert said["inflated"]["translator.11.weight"] == "1 to 3 output channels"


def test_a_model_folder_is_a_source(tmp_path: Path) -> None:
    model = spectra.load("constant", task="rgb2ir")
    model.translator.load_state_dict({"mean": torch.tensor([0.25])})
    model.trained = True
    model.save(tmp_path / "model")
    into = weights_of(spectra.load("constant", task="rgb2ir"))
    transfer(into, weights_of(spectra.load(tmp_path / "model")), Channels.of(model.task, model.task))
    assert float(into["translator.mean"]) == 0.25


def test_parameters_that_learn_are_written_and_keep_learning() -> None:
    new = generator(1, 1)
    transfer(named(new), named(generator(1, 1)), channels((1, 1), (1, 1)))
    assert all(parameter.requires_grad and parameter.is_leaf for parameter in new.parameters())
    new(image(1)).sum().backward()
