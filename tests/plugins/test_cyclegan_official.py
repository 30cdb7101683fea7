"""What the official code stores of generators: in, and out again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import torch
from torch import Tensor

from spectra import SpectraError, Task
from spectra_cyclegan import CycleGAN, CycleGANSettings
from spectra_cyclegan.networks import generator_of

State = dict[str, Tensor]


def state_of(source: int = 3, target: int = 1, **settings: Any) -> State:
    net = generator_of(CycleGANSettings(**{"width": 4, "blocks": None, **settings}), source, target)
    return {key: value.clone() for key, value in net.state_dict().items()}


@pytest.mark.parametrize(
    "settings",
    [
        {"generator": "resnet_9"},
        {"generator": "resnet_6", "norm": "batch"},
        {"generator": "resnet_6", "norm": "none", "width": 3},
        {"generator": "resnet_6", "dropout": 0.5},
        {"generator": "resnet_6", "dropout": 0.5, "norm": "batch"},
        {"generator": "resnet_9", "blocks": 4, "downs": 3},
        {"generator": "unet_128", "norm": "batch", "width": 2},
        {"generator": "unet_256", "norm": "instance", "width": 2},
        {"generator": "unet_256", "norm": "none", "width": 2, "downs": 5},
    ],
    ids=str,
)
def test_a_generators_settings_are_read_off_its_tensors_and_they_come_out_again(settings: dict[str, Any]) -> None:
    state = state_of(**settings)
    imported = CycleGAN.import_official(state)
    chosen = imported.translator.settings
    assert {name: getattr(chosen, name) for name in settings} == settings
    assert str(imported.translator.task) == "rgb2gray"
    assert f"{len(state)} tensors make" in imported.notes[0]
    out = imported.translator.export_official()
    assert list(out) == list(state)
    assert all(torch.equal(out[key], state[key]) and out[key].dtype == state[key].dtype for key in state)


def test_an_imported_generator_translates_as_the_network_of_those_tensors() -> None:
    state, source = state_of(generator="resnet_6"), torch.rand(1, 3, 16, 16)
    net = generator_of(CycleGANSettings(generator="resnet_6", width=4), 3, 1)
    net.load_state_dict(state)
    translator = CycleGAN.import_official(state, Task.parse("rgb2nir")).translator
    assert str(translator.task) == "rgb2nir"
    with torch.no_grad():
        assert torch.allclose(translator(source), (net(2 * source - 1) + 1) / 2, atol=1e-6)


def test_what_older_programs_wrote_is_mended_and_said() -> None:
    state = state_of(generator="resnet_6")
    old: State = {}
    for key, value in state.items():
        old[f"module.{key}"] = value.half()
        if key == "model.1.bias":
            old |= {f"module.model.2.{name}": torch.ones(4) for name in ("running_mean", "running_var")}
    imported = CycleGAN.import_official(old)
    told = " ".join(imported.notes)
    assert "`module.`" in told and "2 running statistics" in told and "float16 became float32" in told
    assert imported.translator.settings.norm == "instance"
    assert list(imported.translator.export_official()) == list(state)


def test_batch_norms_that_did_not_count_their_batches_are_counted_from_nothing() -> None:
    state = state_of(generator="resnet_6", norm="batch")
    older = {key: value for key, value in state.items() if "num_batches" not in key}
    found = CycleGAN.import_official(older).translator.export_official()
    assert found.keys() == state.keys()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda state: {}, "nothing at all"),
        (lambda state: {"model.0.weight": torch.rand(4, 3, 4, 4)}, "a discriminator"),
        (lambda state: {"net.0.weight": torch.rand(4, 3, 1, 1)}, "a discriminator"),
        (lambda state: {"weight": torch.rand(3), "epoch": 5}, "no tensors: epoch"),
        (lambda state: {"classifier.weight": torch.rand(3, 3)}, "neither a first convolution"),
        (lambda state: _without(state, "model.12.conv_block.5.bias"), "missing: model.12.conv_block.5.bias"),
        (lambda state: _without(state, "model.23.weight"), "no last convolution 'model.23'"),
        (lambda state: {**state, "extra.weight": torch.rand(3)}, "unknown: extra.weight"),
        (lambda state: {**state, "model.4.weight": torch.rand(8, 4, 5, 5)}, "of another shape: model.4.weight"),
        (lambda state: {**state, "model.4.bias": torch.full((8,), float("nan"))}, "not finite: model.4.bias"),
        (lambda state: {key: value for key, value in state.items() if "block" not in key}, "no residual blocks"),
    ],
)
def test_what_is_no_generator_is_refused_with_what_is_missing(change: Any, told: str) -> None:
    with pytest.raises(SpectraError, match="no generator of CycleGAN") as caught:
        CycleGAN.import_official(change(state_of(generator="resnet_6")))
    assert told in str(caught.value)


def _without(state: Mapping[str, Tensor], name: str) -> State:
    assert name in state
    return {key: value for key, value in state.items() if key != name}


def test_a_task_of_other_channels_is_refused() -> None:
    with pytest.raises(SpectraError, match="makes 1 channels of 3, and nir2rgb asks for 3 of 1"):
        CycleGAN.import_official(state_of(generator="resnet_6"), Task.parse("nir2rgb"))
    assert str(CycleGAN.import_official(state_of(5, 3, generator="resnet_6")).translator.task) == "ms52rgb"


def test_what_the_official_code_does_not_know_is_not_exported() -> None:
    with pytest.raises(SpectraError, match="no `upsample: nearest`"):
        CycleGAN(Task.parse("rgb2nir"), CycleGANSettings(width=2, upsample="nearest")).export_official()
