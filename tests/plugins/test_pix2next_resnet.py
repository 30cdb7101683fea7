"""The generator of the middle row of the paper's Table 6: pix2pixHD's, with layers of InternImage."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch.nn import functional

from spectra.errors import SpectraError
from spectra.modalities import Task
from spectra.recipe.train import TrainSettings
from spectra.stage import Batch, PairedBatch
from spectra.training.trainer import Trainer
from spectra_pix2next import Pix2Next, Settings
from spectra_pix2next.extractors.internimage import Layer
from spectra_pix2next.resnet import Resnet

LITTLE: dict[str, Any] = {
    "generator": "resnet",
    "width": 4,
    "downs": 2,
    "blocks": 3,
    "internimage": {"group_channels": 8, "layer_scale": 0.5},
    "discriminator_width": 4,
    "discriminator_layers": 2,
    "scales": 2,
}


def made(**settings: Any) -> Resnet:
    torch.manual_seed(0)
    return Resnet(3, 1, Settings(**{**LITTLE, **settings})).double()


def image() -> Tensor:
    return torch.rand(2, 3, 24, 32, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


def test_it_is_the_generator_of_pix2pixhd_around_its_layers() -> None:
    """Step by step: reflected 7×7, halves, layers, doubles, reflected 7×7; each but the last normed and cut at 0."""
    net = made()

    def normed(x: Tensor) -> Tensor:
        return functional.relu(functional.instance_norm(x))

    state = net.state_dict()
    x = functional.conv2d(functional.pad(image(), [3] * 4, "reflect"), state["stem.1.weight"], state["stem.1.bias"])
    x = normed(x)
    for place in (0, 3):
        x = normed(functional.conv2d(x, state[f"down.{place}.weight"], state[f"down.{place}.bias"], 2, 1))
    assert x.shape == (2, 16, 6, 8)
    x = x.permute(0, 2, 3, 1)
    for layer in net.middle:
        x = layer(x)
    x = x.permute(0, 3, 1, 2)
    for place in (0, 3):
        x = normed(functional.conv_transpose2d(x, state[f"up.{place}.weight"], state[f"up.{place}.bias"], 2, 1, 1))
    x = functional.conv2d(functional.pad(x, [3] * 4, "reflect"), state["head.1.weight"], state["head.1.bias"])
    assert torch.allclose(net(image()), x, rtol=1e-10)
    assert torch.allclose(made(output="tanh")(image()), x.tanh(), rtol=1e-10)


def test_with_the_figures_of_the_paper_it_has_nine_layers_of_groups_of_sixteen() -> None:
    with torch.device("meta"):
        net = Resnet(3, 3, Settings(generator="resnet", width=64, blocks=9))
    layers = [module for module in net.middle if isinstance(module, Layer)]
    assert len(layers) == 9
    assert all(layer.dcn.groups == 64 for layer in layers)
    of_layers = sum(parameter.numel() for parameter in net.middle.parameters())
    assert of_layers == 9 * 12_282_560, "a layer of the facts' last stage, 1024 channels"


@pytest.mark.parametrize(
    "settings",
    [
        {"width": 8},
        {"downs": 1},
        {"blocks": 4},
        {"output": "tanh"},
        {"extractor": "internimage:t"},
        {"internimage": {"group_channels": 4, "layer_scale": 0.5}},
        {"internimage": {"group_channels": 8, "layer_scale": 0.1}},
    ],
    ids=str,
)
def test_every_setting_of_it_changes_the_image(settings: dict[str, Any]) -> None:
    assert not torch.allclose(made(**settings)(image()), made()(image()))


def test_offset_scale_counts_and_drop_path_counts_only_where_it_is_said() -> None:
    figures = LITTLE["internimage"]
    far = made(internimage={**figures, "offset_scale": 2.0})
    assert not torch.allclose(far(image()), made()(image()))
    assert torch.equal(made().train()(image()), made().eval()(image()))
    dropping = made(internimage={**figures, "drop_path": 0.9}).train()
    assert not torch.allclose(dropping(image()), dropping.eval()(image()))


def test_it_learns_by_the_stage_of_pix2next() -> None:
    torch.manual_seed(0)
    translator = Pix2Next(Task.parse("rgb2nir"), Settings(**LITTLE))
    assert translator.multiple == 4
    (stage,) = translator.stages()
    trainer = Trainer(translator, TrainSettings(lr=1e-3))
    trainer.prepare(stage)
    before = {key: tensor.clone() for key, tensor in translator.state_dict().items()}
    trainer.step(stage, Batch(pairs=PairedBatch([torch.rand(1, 3, 24, 32), torch.rand(1, 1, 24, 32)])))
    moved = {
        key.split(".")[1] for key, tensor in translator.state_dict().items() if not torch.equal(tensor, before[key])
    }
    assert moved == {"stem", "down", "middle", "up", "head"}
    assert len(translator.recomputed()) == 3


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(ValidationError, match="layers of an InternImage"):
        Settings(**{**LITTLE, "extractor": "none"})
    with pytest.raises(SpectraError, match="16 channels in the middle cannot have groups of 12"):
        made(internimage={"group_channels": 12, "channels": 24})
    translator = Pix2Next(Task.parse("rgb2nir"), Settings(**LITTLE))
    with pytest.raises(SpectraError, match="30×32 cannot be halved 2 times: both sides must divide by 4"):
        translator(torch.rand(1, 3, 30, 32))
