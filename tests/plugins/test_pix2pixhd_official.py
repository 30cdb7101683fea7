"""Official checkpoints of pix2pixHD come in and go out, tensor for tensor; what is none is refused with a reason."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra_pix2pixhd import Pix2PixHD, Settings
from spectra_pix2pixhd.global_generator import GlobalGenerator
from spectra_pix2pixhd.layers import Style
from spectra_pix2pixhd.local_enhancer import LocalEnhancer

State = dict[str, Tensor]


def shuffled(net: nn.Module) -> State:
    """Its tensors, all of them random, in another order than its own."""
    torch.manual_seed(0)
    state = {
        key: torch.rand(tensor.shape) if tensor.is_floating_point() else torch.tensor(7)
        for key, tensor in net.state_dict().items()
    }
    return dict(reversed(state.items()))


def wide(source: int = 3, target: int = 3, norm: Any = "instance") -> State:
    return shuffled(GlobalGenerator(source, target, 4, 2, 3, Style(norm=norm)))


def fine(source: int = 3, target: int = 3, norm: Any = "instance", enhancers: int = 1) -> State:
    return shuffled(LocalEnhancer(source, target, 4, 2, 3, enhancers, 2, Style(norm=norm)))


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def task(text: str) -> Task:
    return Task.parse(text)


@pytest.mark.parametrize(
    ("net", "expected"),
    [
        (GlobalGenerator(3, 3, 4, 2, 3), {"width": 4, "downs": 2, "blocks": 3}),
        (GlobalGenerator(3, 3, 6, 5, 1), {"width": 6, "downs": 5, "blocks": 1}),
        (GlobalGenerator(3, 3, 2, 1, 12), {"width": 2, "downs": 1, "blocks": 12}),
        (GlobalGenerator(1, 3, 4, 2, 3, Style(norm="batch")), {"width": 4, "downs": 2, "blocks": 3, "norm": "batch"}),
        (
            LocalEnhancer(3, 1, 2, 3, 4, 1, 2),
            {"generator": "local", "width": 2, "downs": 3, "blocks": 4, "enhancers": 1, "local_blocks": 2},
        ),
        (
            LocalEnhancer(3, 3, 2, 2, 1, 3, 0, Style(norm="batch")),
            {
                **{"generator": "local", "width": 2, "downs": 2, "blocks": 1, "enhancers": 3, "local_blocks": 0},
                "norm": "batch",
            },
        ),
    ],
    ids=["global", "five downs", "twelve blocks", "batch norm", "local", "three enhancers without blocks"],
)
def test_settings_are_read_off_the_keys_and_every_tensor_comes_back(net: nn.Module, expected: dict[str, Any]) -> None:
    state = shuffled(net)
    brought = Pix2PixHD.import_official(state)
    assert brought.translator.settings == Settings(**expected)
    assert same(brought.translator.export_official(), state)
    assert same(brought.translator.generator.state_dict(), state)  # type: ignore[union-attr]
    assert all(
        parameter.requires_grad and parameter.device.type == "cpu" for parameter in brought.translator.parameters()
    )


def test_an_imported_network_computes_what_the_one_it_came_from_does() -> None:
    torch.manual_seed(0)
    net = GlobalGenerator(3, 3, 4, 2, 3)
    translator = Pix2PixHD.import_official(net.state_dict()).translator
    image = torch.rand(1, 3, 16, 16)
    assert torch.equal(translator(image), (net(2 * image - 1) + 1) / 2)


def test_what_was_exported_shares_no_memory_with_the_model() -> None:
    translator = Pix2PixHD.import_official(wide()).translator
    out = translator.export_official()
    out["model.1.weight"].zero_()
    assert translator.export_official()["model.1.weight"].any()


@pytest.mark.parametrize("legacy", [False, True])
def test_a_file_as_torch_writes_it_today_or_wrote_it_then_comes_in(tmp_path: Path, legacy: bool) -> None:
    file = tmp_path / "latest_net_G.pth"
    torch.save(wide(), file, _use_new_zipfile_serialization=not legacy)
    assert zipfile.is_zipfile(file) != legacy
    assert same(Pix2PixHD.import_official(torch.load(file, weights_only=True)).translator.export_official(), wide())


def test_the_task_is_read_off_the_channels_and_this_is_said() -> None:
    for source, target, expected in ((3, 3, "rgb2rgb"), (1, 3, "gray2rgb"), (3, 1, "rgb2gray"), (1, 1, "gray2gray")):
        brought = Pix2PixHD.import_official(wide(source, target))
        assert str(brought.translator.task) == expected
        assert any(f"The task {expected} was read off the channels" in note for note in brought.notes)
    brought = Pix2PixHD.import_official(wide(1, 3), task("sar2rgb"))
    assert str(brought.translator.task) == "sar2rgb"
    assert (
        brought.notes == ("16 tensors make a global generator, width 4, 2 downs, 3 blocks, instance norm.",)
        or len(brought.notes) == 1
    )


def test_a_prefix_of_several_gpus_is_taken_off_and_this_is_said() -> None:
    brought = Pix2PixHD.import_official({f"module.{key}": tensor for key, tensor in wide().items()})
    assert same(brought.translator.export_official(), wide())
    assert any("`module.`" in note for note in brought.notes)


@pytest.mark.parametrize("made", [wide, fine])
def test_statistics_of_old_instance_norms_are_left_out_and_this_is_said(made: Callable[..., State]) -> None:
    with_statistics = made(norm="batch")
    norms = {key.rpartition(".")[0] for key in with_statistics if key.endswith("running_mean")}
    old = {
        key: tensor
        for key, tensor in with_statistics.items()
        if key.rpartition(".")[0] not in norms or "running" in key
    }
    brought = Pix2PixHD.import_official(old)
    assert brought.translator.settings.norm == "instance"
    assert brought.translator.export_official().keys() == made().keys()
    assert any(f"{2 * len(norms)} running statistics of instance norms" in note for note in brought.notes)


def test_batch_norms_from_before_batches_were_counted_come_in() -> None:
    state = wide(norm="batch")
    old = {key: tensor for key, tensor in state.items() if not key.endswith("num_batches_tracked")}
    brought = Pix2PixHD.import_official(old).translator.export_official()
    assert brought.keys() == state.keys()
    assert all(torch.equal(brought[key], tensor) for key, tensor in old.items())


def test_half_precision_becomes_float_and_this_is_said() -> None:
    brought = Pix2PixHD.import_official({key: tensor.half() for key, tensor in wide().items()})
    assert all(tensor.dtype == torch.float32 for tensor in brought.translator.export_official().values())
    assert any("float16" in note for note in brought.notes)


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("made", [wide, fine])
def test_three_channels_are_folded_into_one_for_a_grey_task(made: Callable[..., State], norm: str) -> None:
    """Exactly so where the network's three channels are equal, as they are for a grey image repeated."""
    state = {key: tensor if "running" in key else (tensor - 0.5) / 2 for key, tensor in made(norm=norm).items()}
    last = "model.20" if made is wide else "model1_2.6"
    state[f"{last}.weight"] = state[f"{last}.weight"][:1].repeat(3, 1, 1, 1)
    state[f"{last}.bias"] = state[f"{last}.bias"][:1].repeat(3)
    whole, grey = (Pix2PixHD.import_official(state, one) for one in (task("rgb2rgb"), task("sar2eo")))
    image = torch.rand(1, 1, 16, 16)
    expected = whole.translator.eval()(image.repeat(1, 3, 1, 1))
    assert expected.std() > 1e-3
    assert torch.allclose(grey.translator.eval()(image).repeat(1, 3, 1, 1), expected, atol=1e-5)
    assert sum("was folded from 3 channels to 1" in note for note in grey.notes) == 2


REFUSED: Mapping[str, tuple[Callable[[], Mapping[str, Any]], str]] = {
    "nothing": (dict, "nothing at all"),
    "no state": (lambda: {"epoch": 3, "state_dict": {}}, "these entries are no tensors: epoch, state_dict"),
    "another network": (lambda: {"features.0.weight": torch.rand(4, 3, 3, 3)}, "features.0.weight"),
    "flat": (lambda: {"model.1.weight": torch.rand(4)}, "no first convolution"),
    "discriminator": (lambda: {"scale0_layer0.0.weight": torch.rand(4, 6, 4, 4)}, "it is a discriminator.*_net_G"),
    "plain discriminator": (lambda: {"layer1.0.weight": torch.rand(4, 6, 4, 4)}, "it is a discriminator"),
    "encoder": (
        lambda: {key: tensor for key, tensor in wide().items() if "conv_block" not in key},
        "no residual blocks.*encoder of instance features",
    ),
    "labels": (lambda: wide(36), "36 channels are a map of 35 labels with an edge map"),
    "features": (lambda: wide(6), "6 channels are an RGB image with three instance features"),
    "bands": (lambda: wide(5), "5.*--task ms52rgb"),
    "lacking": (
        lambda: {key: tensor for key, tensor in wide().items() if key != "model.11.conv_block.5.bias"},
        r"missing: model\.11\.conv_block\.5\.bias\)",
    ),
    "excessive": (lambda: {**wide(), "model.99.bias": torch.rand(3)}, r"unknown: model\.99\.bias"),
    "shape": (
        lambda: {**wide(), "model.4.bias": torch.rand(3)},
        r"of another shape: model\.4\.bias \(3,\) in place of \(8,\)",
    ),
    "width": (lambda: {**wide(), "model.1.weight": torch.rand(5, 3, 7, 7)}, "of another shape: .* and .* more"),
    "no head": (
        lambda: {key: tensor for key, tensor in wide().items() if not key.startswith("model.20")},
        "no convolution 'model.20'",
    ),
    "no branch": (
        lambda: {key: tensor for key, tensor in fine().items() if not key.startswith("model1_1")},
        "no convolution 'model1_1.1'",
    ),
    "not a number": (
        lambda: {**wide(), "model.4.bias": torch.full((8,), torch.nan)},
        r"not finite: model\.4\.bias",
    ),
    "empty": (lambda: {**wide(), "model.1.weight": torch.rand(0, 3, 7, 7)}, "no first convolution 'model.1'"),
    "other kernel": (
        lambda: {**wide(), "model.13.weight": torch.rand(16, 8, 4, 4)},
        "of another shape: model.13.weight",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_generator_is_refused_with_its_reason(name: str) -> None:
    made, told = REFUSED[name]
    with pytest.raises(SpectraError, match=f"(?s){told}"):
        Pix2PixHD.import_official(made())


@pytest.mark.parametrize(
    ("state", "chosen", "told"),
    [
        (wide(), "ms52rgb", "it makes 3 channels of 3. The task ms52rgb has 3 of 5."),
        (wide(), "rgb2ms5", "The task rgb2ms5 has 5 of 3."),
        (wide(1, 1), "rgb2rgb", "The task rgb2rgb has 3 of 3."),
        (wide(36), "rgb2rgb", "36 channels are a map of 35 labels"),
    ],
)
def test_a_task_of_other_channels_is_refused(state: State, chosen: str, told: str) -> None:
    with pytest.raises(SpectraError, match=told):
        Pix2PixHD.import_official(state, task(chosen))


def test_many_channels_come_in_where_the_task_has_as_many() -> None:
    assert Pix2PixHD.import_official(wide(36), task("ms362rgb")).translator.task.source.channels == 36


@pytest.mark.parametrize("settings", [{"upsample": "nearest"}, {"padding": "reflect"}, {"output": "linear"}], ids=str)
def test_what_the_official_code_does_not_know_is_not_exported(settings: dict[str, Any]) -> None:
    translator = Pix2PixHD(task("rgb2rgb"), Settings(width=2, downs=1, blocks=1, **settings))
    (word, value), *_ = settings.items()
    with pytest.raises(SpectraError, match=f"no `{word}: {value}`"):
        translator.export_official()
