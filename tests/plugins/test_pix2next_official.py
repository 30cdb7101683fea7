"""Released checkpoints of Pix2Next come in and go out, tensor for tensor; what is none is refused with a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from torch import Tensor

from spectra.cli.main import main
from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.model import load
from spectra_pix2next import Pix2Next, Settings
from spectra_pix2next.presets import PRESETS

State = dict[str, Tensor]
FIGURES = {"channels": 16, "depths": [1, 1], "group_channels": 8}
LITTLE: dict[str, Any] = {"width": 4, "blocks": 2, "internimage": FIGURES, "dead_head": True}
RGB = Task.parse("rgb2rgb")


def made(task: str = "rgb2nir", preset: str = "official", **settings: Any) -> State:
    """The tensors of a little official generator, all of them random, in another order than its own."""
    torch.manual_seed(0)
    translator = Pix2Next(Task.parse(task), Settings(**{**PRESETS[preset]["settings"], **LITTLE, **settings}))
    state = {
        key: torch.rand(tensor.shape) - 0.5 if tensor.is_floating_point() else torch.tensor(7)
        for key, tensor in translator.export_official().items()
    }
    return dict(reversed(state.items()))


def same(one: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def without(state: State, *prefixes: str) -> State:
    return {key: tensor for key, tensor in state.items() if not key.startswith(prefixes)}


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (made(), {}),
        (made(width=8, blocks=3), {"width": 8, "blocks": 3}),
        (made(preset="official_pyramid"), {"condition": "pyramid"}),
        (made(attention="bottleneck"), {"attention": "bottleneck"}),
        (made(attention="none", extractor="none", dead_head=False, internimage={}), {"attention": "none"}),
        (made(extractor="none", dead_head=False, internimage={}), {"extractor": "none"}),
        (made(internimage={"channels": 8, "depths": [2, 1, 3], "group_channels": 4}), {}),
        (made(tripled=False), {"tripled": False}),
    ],
    ids=["last", "wider", "pyramid", "bottleneck", "nowhere", "no extractor", "other InternImage", "one channel"],
)
def test_settings_are_read_off_the_keys_and_every_tensor_comes_back(state: State, expected: dict[str, Any]) -> None:
    brought = Pix2Next.import_official(state)
    assert {name: getattr(brought.translator.settings, name) for name in expected} == expected
    assert same(brought.translator.export_official(), state)
    assert "tensors make a U-Net of width" in brought.notes[0]


def test_the_released_network_has_the_numbers_of_the_facts() -> None:
    """1110 tensors; 316,117,419 parameters, of which a dead head of 3,112,936; 189,031,811 without the extractor."""
    with torch.device("meta"):
        translator = Pix2Next(Task.parse("rgb2nir"), Settings(**PRESETS["official"]["settings"], dead_head=True))
    own = sum(parameter.numel() for parameter in translator.parameters())
    assert own == 316_117_419 - 3_112_936
    extractor = sum(parameter.numel() for parameter in translator.generator.extractor.parameters())  # type: ignore[union-attr]
    assert own - extractor == 189_031_811
    with torch.device("meta"):
        state = {key: tuple(tensor.shape) for key, tensor in translator.state_dict().items()}
    assert len(state) == 1110
    kept = [shape for key, shape in state.items() if key.startswith("dead_head.") and "running" not in key]
    assert sum(torch.Size(shape).numel() for shape in kept if shape) == 3_112_936


@pytest.mark.parametrize(
    ("key", "shape"),
    [
        ("init_conv.weight", (4, 3, 1, 1)),
        ("unet.encoder.0.1.residual_layer.weight", (8, 4, 1, 1)),
        ("unet.encoder.1.0.downsample_conv.weight", (8, 32, 3, 3)),
        ("unet.encoder.6.1.attention_2.K.weight", (16, 32)),
        ("unet.bottle_neck.1.1.linear_geglu_1.weight", (128, 16)),
        ("unet.decoder.0.0.norm.weight", (32,)),
        ("unet.decoder.1.0.upsample_conv.bias", (16,)),
        ("unet.internimage.patch_embed.conv1.weight", (8, 4, 3, 3)),
        ("unet.internimage.patch_embed.norm1.1.weight", (8,)),
        ("unet.internimage.levels.0.blocks.0.gamma1", (16,)),
        ("unet.internimage.levels.0.blocks.0.norm1.0.weight", (16,)),
        ("unet.internimage.levels.0.blocks.0.dcn.dw_conv.1.1.weight", (16,)),
        ("unet.internimage.levels.0.blocks.0.dcn.offset.weight", (36, 16)),
        ("unet.internimage.levels.1.blocks.0.dcn.mask.weight", (36, 32)),
        ("unet.internimage.levels.0.downsample.norm.1.weight", (32,)),
        ("unet.internimage.conv_head.1.0.num_batches_tracked", ()),
        ("unet.internimage.head.weight", (1000, 48)),
        ("unet.output_res_block.block1.proj.weight", (4, 8, 3, 3)),
        ("unet.output_block.conv.weight", (3, 4, 3, 3)),
    ],
)
def test_keys_and_shapes_are_those_of_the_released_code(key: str, shape: tuple[int, ...]) -> None:
    assert tuple(made()[key].shape) == shape


def test_an_imported_network_computes_what_the_one_it_came_from_does() -> None:
    torch.manual_seed(0)
    translator = Pix2Next(Task.parse("rgb2nir"), Settings(**{**PRESETS["official"]["settings"], **LITTLE})).eval()
    again = Pix2Next.import_official(translator.export_official()).translator.eval()
    image = torch.rand(1, 3, 32, 40)
    assert torch.equal(again(image), translator(image))


def spectra(*words: object) -> str:
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def brought_in(tmp_path: Path) -> Path:
    """The folder of a model that the command made of a released checkpoint, `checkpoint_epoch_600.pt` beside it."""
    torch.save(made(), tmp_path / "checkpoint_epoch_600.pt")
    spectra("weights", "import", tmp_path / "checkpoint_epoch_600.pt", "--as", "pix2next", "--out", tmp_path / "model")
    return tmp_path / "model"


def test_what_was_imported_translates_images_of_any_size(brought_in: Path, tmp_path: Path) -> None:
    randomness = np.random.default_rng(0)
    (tmp_path / "colour").mkdir()
    for name, size in {"oblong": (32, 40), "odd": (37, 51)}.items():
        cv2.imwrite(str(tmp_path / "colour" / f"{name}.png"), randomness.integers(0, 256, (*size, 3), np.uint8))
    spectra("translate", brought_in, tmp_path / "colour", "--out", tmp_path / "nir")
    found = {
        path.stem: cv2.imread(str(path), cv2.IMREAD_UNCHANGED) for path in sorted((tmp_path / "nir").glob("*.png"))
    }
    assert {name: image.shape for name, image in found.items()} == {"oblong": (32, 40), "odd": (37, 51)}
    rgb = cv2.cvtColor(cv2.imread(str(tmp_path / "colour" / "oblong.png")), cv2.COLOR_BGR2RGB)
    source = torch.from_numpy(rgb).permute(2, 0, 1)[None] / 255
    with torch.no_grad():
        expected = Pix2Next.import_official(made()).translator.eval()(source).clamp(0, 1)[0, 0] * 255
    assert np.abs(found["oblong"] - expected.numpy()).max() <= 0.51


@pytest.mark.parametrize("end", ["pt", "safetensors"])
def test_what_was_imported_goes_out_byte_for_byte(end: str, brought_in: Path, tmp_path: Path) -> None:
    out = tmp_path / f"again.{end}"
    spectra("weights", "export", brought_in, "--out", out)
    again = torch.load(out, weights_only=True) if end == "pt" else load_file(out)
    state = made()
    assert again.keys() == state.keys()
    for key, tensor in state.items():
        assert again[key].dtype == tensor.dtype and again[key].numpy().tobytes() == tensor.numpy().tobytes(), key
    assert again["unet.internimage.head.weight"].any(), "the dead head, too"


def test_the_dead_head_is_kept_through_a_model_folder_and_given_back(brought_in: Path) -> None:
    model = load(brought_in)
    assert same(model.translator.export_official(), made())
    assert any("a classification head that no pass uses: they are kept" in note for note in model.notes)
    assert any("`merge: scrambled`" in note for note in model.notes)


def test_a_model_without_it_goes_out_with_zeros_in_its_place() -> None:
    state = made(dead_head=False)
    brought = Pix2Next.import_official(without(state, "unet.internimage.conv_head.", "unet.internimage.head."))
    assert not brought.translator.settings.dead_head
    assert brought.translator.export_official().keys() == state.keys()
    assert not brought.translator.export_official()["unet.internimage.head.weight"].any()


def test_what_was_exported_shares_no_memory_with_the_model() -> None:
    translator = Pix2Next.import_official(made()).translator
    translator.export_official()["init_conv.weight"].zero_()
    assert translator.export_official()["init_conv.weight"].any()


def test_the_task_is_that_of_the_released_checkpoints_unless_another_is_named() -> None:
    brought = Pix2Next.import_official(made())
    assert str(brought.translator.task) == "rgb2nir"
    assert any("name another with `--task`" in note for note in brought.notes)
    brought = Pix2Next.import_official(made(), Task.parse("rgb2lwir"))
    assert str(brought.translator.task) == "rgb2lwir"
    assert not any("--task" in note for note in brought.notes)


def test_an_answer_of_one_channel_is_the_mean_of_its_three() -> None:
    state = made()
    grey, whole = (Pix2Next.import_official(state, task).translator.eval() for task in (None, RGB))
    image = torch.rand(1, 3, 16, 16)
    assert torch.allclose(grey(image), whole(image).mean(1, keepdim=True))
    assert whole.settings.tripled is False


def test_a_grey_source_is_that_image_repeated() -> None:
    state = made()
    colour, grey = (Pix2Next.import_official(state, Task.parse(it)) for it in ("rgb2nir", "gray2nir"))
    image = torch.rand(1, 1, 16, 16)
    expected = colour.translator.eval()(image.repeat(1, 3, 1, 1))
    assert (grey.translator.eval()(image) - expected).norm() < 1e-5 * expected.norm()
    assert any("The source was folded from 3 channels to 1" in note for note in grey.notes)


def test_a_prefix_of_several_gpus_and_half_precision_are_taken_off_and_this_is_said() -> None:
    brought = Pix2Next.import_official({f"module.{key}": tensor.half() for key, tensor in made().items()})
    assert all(tensor.dtype != torch.float16 for tensor in brought.translator.export_official().values())
    assert any("`module.`" in note for note in brought.notes) and any("float16" in note for note in brought.notes)


REFUSED: Mapping[str, tuple[Callable[[], Mapping[str, Any]], str]] = {
    "nothing": (dict, "nothing at all"),
    "no state": (lambda: {"epoch": 3, "state_dict": {}}, "these entries are no tensors: epoch, state_dict"),
    "another network": (lambda: {"features.0.weight": torch.rand(4, 3, 3, 3)}, "features.0.weight"),
    "flat": (lambda: {**made(), "init_conv.weight": torch.rand(4)}, "no 1×1 convolution 'init_conv'"),
    "discriminator": (lambda: {"scale0_layer0.0.weight": torch.rand(4, 6, 4, 4)}, "it is a discriminator"),
    "with its losses": (
        lambda: {"discriminator.scale0_layer0.0.weight": torch.rand(4, 6, 4, 4)},
        "it is a discriminator",
    ),
    "SwinV2": (
        lambda: {**without(made(), "unet.internimage."), "unet.swin.patch_embed.proj.weight": torch.rand(4)},
        "a SwinV2 of the authors' own writing",
    ),
    "ViT": (
        lambda: {**without(made(), "unet.internimage."), "unet.vit.pos_embedding": torch.rand(1, 5, 4)},
        "a vision transformer of the authors' own writing",
    ),
    "no head": (lambda: without(made(), "unet.output_block."), "no 3×3 convolution 'unet.output_block.conv'"),
    "no stem of the extractor": (
        lambda: without(made(), "unet.internimage.patch_embed.conv2."),
        "no 3×3 convolution 'unet.internimage.patch_embed.conv2'",
    ),
    "attention in one place": (
        lambda: without(made(), "unet.decoder.0.1.", "unet.bottle_neck.1.1."),
        "it attends in encoder alone",
    ),
    "lacking": (
        lambda: without(made(), "unet.encoder.0.0.norm.bias"),
        r"missing: unet\.encoder\.0\.0\.norm\.bias\)",
    ),
    "excessive": (lambda: {**made(), "unet.more.bias": torch.rand(3)}, r"unknown: unet\.more\.bias"),
    "shape": (
        lambda: {**made(), "unet.encoder.1.0.downsample_conv.bias": torch.rand(3)},
        r"of another shape: unet\.encoder\.1\.0\.downsample_conv\.bias \(3,\) in place of \(8,\)",
    ),
    "width": (lambda: {**made(), "init_conv.weight": torch.rand(6, 3, 1, 1)}, "of another shape: .* and .* more"),
    "not a number": (
        lambda: {**made(), "init_conv.bias": torch.full((4,), torch.nan)},
        r"not finite: init_conv\.bias",
    ),
    "empty": (lambda: {**made(), "init_conv.weight": torch.rand(0, 3, 1, 1)}, "no 1×1 convolution 'init_conv'"),
    "no blocks": (lambda: without(made(), "unet.encoder.0."), "blocks 0.*cannot be"),
    "no layers": (lambda: without(made(), "unet.internimage.levels."), "cannot be"),
    "channels": (lambda: made("ms52ms4", tripled=False), "4 channels of 5. Name the bands: `--task ms52ms4`"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_generator_is_refused_with_its_reason(name: str) -> None:
    state, told = REFUSED[name]
    with pytest.raises(SpectraError, match=f"(?s){told}"):
        Pix2Next.import_official(state())


@pytest.mark.parametrize(
    ("task", "told"),
    [
        ("ms52nir", "it makes 3 channels of 3. The task ms52nir has 1 of 5."),
        ("rgb2ms5", "The task rgb2ms5 has 5 of 3."),
    ],
)
def test_a_task_of_other_channels_is_refused(task: str, told: str) -> None:
    with pytest.raises(SpectraError, match=told):
        Pix2Next.import_official(made(), Task.parse(task))


def test_many_channels_come_in_where_the_task_has_as_many() -> None:
    task = Task.parse("ms52ms4")
    assert Pix2Next.import_official(made("ms52ms4", tripled=False), task).translator.task.source.channels == 5


@pytest.mark.parametrize(
    "settings",
    [
        {"generator": "resnet", "dead_head": False, "downs": 1},
        {"skips": "add"},
        {"merge": "heads"},
        {"output": "tanh"},
        {"heads": 2},
        {"groups": 8},
        {"extractor_input": "image"},
        {"extractor": "internimage:t"},
        {"internimage": {**FIGURES, "offset_scale": 2.0}},
    ],
    ids=str,
)
def test_what_the_released_code_does_not_know_is_not_exported(settings: dict[str, Any]) -> None:
    translator = Pix2Next(Task.parse("rgb2nir"), Settings(**{**PRESETS["official"]["settings"], **LITTLE, **settings}))
    (word, value), *_ = settings.items()
    told = "internimage.offset_scale: 2.0" if word == "internimage" else f"{word}: {value}"
    with pytest.raises(SpectraError, match=f"no .*`{told}`"):
        translator.export_official()
