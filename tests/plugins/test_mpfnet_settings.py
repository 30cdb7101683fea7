"""Every setting of MPFNet is heard: an output, a gradient, a stream or a number of parameters changes with it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor, nn

from spectra_mpfnet import MPFNet, Settings
from spectra_mpfnet.presets import PRESETS
from tests.plugins.mpfnet_by_hand import NETWORKS, SMALL, TASK, batch, learning, made

OUTPUT: list[dict[str, Any]] = [
    {"width": 6},
    {"depths": (2, 2)},
    {"depths": (2,)},
    {"csff": False},
    {"activation": "relu"},
    {"skip_source": "post_act"},
    {"norm_affine": True},
    {"norm_first": False},
    {"rcab_convs": 1},
    {"rcab_convs": 0},
    {"rcab_norm": "group"},
    {"rcab_norm": "none"},
    {"sccm_activation": "linear"},
    {"sccm_residual": "input", "sccm_activation": "linear"},
    {"init_std": 0.1},
    {"without": ("translation",)},
    {"without": ("rcab",)},
    {"without": ("scales",)},
]
"""What changes the image that comes out, once every parameter has been moved away from where it began."""

LEARNED: list[tuple[str, dict[str, Any]]] = [
    ("translation", {"discriminator_width": 6}),
    ("translation", {"discriminator_layers": 1}),
    ("translation", {"discriminator_norm": "instance"}),
    ("translation", {"pool": 1}),
    ("translation", {"adversarial": 0.5}),
    ("translation", {"cycle": 0.5}),
    ("translation", {"identity": 0.5}),
    ("translation", {"pair": 1.0}),
    ("colorization", {"mix_kind": "single", "depths": (2,)}),
    ("colorization", {"mix_alpha": 0.5}),
    ("colorization", {"mix_window": 7}),
    ("colorization", {"mix_scales": (0.5, 1.0)}),
    ("joint", {"joint_translation": 0.5}),
    ("joint", {"joint_feature": 0.5}),
    ("joint", {"replay": 1.0}),
    ("joint", {"joint_target": "source"}),
    ("joint", {"joint_target": "grey"}),
    ("joint", {"feature_loss": "wgan"}),
    ("joint", {"feature_loss": "vanilla"}),
    ("joint", {"feature_real": "gt"}),
    ("joint", {"without": ("feature_discriminator",)}),
]
"""What changes the weights that come out of two steps of a stage."""

ELSEWHERE = {"stages", "rcab_reduction", "online", "pretrain_unpaired"}
"""Tested by themselves, here and beside the stages."""


def output(**settings: Any) -> Tensor:
    translator = made(**settings)
    generator = torch.Generator().manual_seed(1)
    for parameter in translator.parameters():
        parameter.data += 0.1 * torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    with torch.no_grad():
        return translator.train()(torch.rand(1, 1, 16, 16, generator=generator, dtype=torch.float64) ** 2)


@pytest.fixture(scope="module")
def plain() -> Tensor:
    return output()


@pytest.mark.parametrize("change", OUTPUT, ids=str)
def test_every_setting_of_the_networks_changes_what_comes_out(change: dict[str, Any], plain: Tensor) -> None:
    assert not torch.allclose(output(**change), plain, atol=1e-5)


def after_learning(name: str, **settings: Any) -> list[Tensor]:
    trainer, stage = learning(made(**settings), name)
    torch.manual_seed(11)
    for step in range(2):
        trainer.step(stage, batch(stage, step))
    nets = [getattr(stage, net) for net in NETWORKS if isinstance(getattr(stage, net, None), nn.Module)]
    return [value.detach() for net in nets for value in net.parameters()]


@pytest.fixture(scope="module")
def base() -> dict[str, list[Tensor]]:
    return {}


@pytest.mark.parametrize(("name", "change"), LEARNED, ids=str)
def test_every_setting_of_the_stages_changes_what_is_learned(
    name: str, change: dict[str, Any], base: dict[str, list[Tensor]]
) -> None:
    shared = {key: value for key, value in change.items() if key == "depths"}  # of `single`, which needs 11 pixels
    key = f"{name} {shared}"
    if key not in base:
        base[key] = after_learning(name, **shared)
    found = after_learning(name, **change)
    pairs = zip(found, base[key], strict=False)
    assert len(found) != len(base[key]) or any(
        one.shape != other.shape or not torch.allclose(one, other, atol=1e-7) for one, other in pairs
    )


def test_none_is_left_out() -> None:
    tested = {key for change in [*OUTPUT, *(change for _, change in LEARNED)] for key in change} | ELSEWHERE
    assert tested == set(Settings.model_fields)


def test_a_smaller_reduction_gives_attention_more_channels() -> None:
    with torch.device("meta"):
        counts = [sum(p.numel() for p in MPFNet(TASK, Settings(rcab_reduction=r)).parameters()) for r in (32, 8)]
    assert counts[1] > counts[0]


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"sccm_residual": "input"}, "linear"),
        ({"mix_scales": (1.0, 1.0)}, "each of the 3 scales"),
        ({"mix_scales": (0.0, 0.0, 0.0)}, "no scale"),
        ({"mix_window": 8}, "odd"),
        ({"stages": ("joint",), "without": ("nobody",)}, "feature_discriminator"),
        ({"depths": ()}, "at least 1"),
        ({"width": 0}, "greater than 0"),
        ({"cycle": -1}, "greater than or equal to 0"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        Settings(**settings)


def test_a_single_scale_takes_the_weight_of_the_finest() -> None:
    assert Settings(without=("scales",), mix_scales=(1, 2, 3)).scale_weights == (3,)
    assert Settings(**SMALL).scale_weights == (1, 1)


def test_only_the_preset_paper_goes_without_what_the_paper_has_not() -> None:
    chosen = {name: Settings(**preset["settings"]) for name, preset in PRESETS.items()}
    losses = {name: (own.pair, own.joint_feature, own.replay) for name, own in chosen.items()}
    assert losses == {"paper": (0, 1, 0), **dict.fromkeys(("tuned", "small", "tiny"), (10, 0.1, 1))}
    assert chosen["small"].width == 32
