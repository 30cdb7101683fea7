"""Fréchet's distance by a backbone of timm, with random weights in a file."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch.nn import functional

from spectra.metrics.distribution import timm_models
from spectra.metrics.distribution.timm_models import timm_passes
from spectra.metrics.frechet import Frechet
from spectra.metrics.unscored import Unscored
from tests.metrics.distribution_reference import frechet_by_roots
from tests.metrics.whole_set_items import fed, images

PACKAGE: Any = timm
NAME = "test_vit.r160_in1k"
OTHER = "test_resnet.r160_in1k"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """No cache of this machine, and no network of another test."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    timm_passes.cache_clear()
    yield
    timm_passes.cache_clear()


def network(name: str = NAME) -> Any:
    torch.manual_seed(0)
    return PACKAGE.create_model(name, pretrained=False).eval()


def written(path: Path, name: str = NAME) -> str:
    save_file(network(name).state_dict(), path)
    return str(path)


@pytest.mark.parametrize(("name", "mode"), [(NAME, "bicubic"), (OTHER, "bilinear")])
def test_it_is_that_of_the_pooled_features_before_the_classifier(name: str, mode: str, tmp_path: Path) -> None:
    items, model = images(9), network(name)
    mean, deviation = torch.tensor(model.pretrained_cfg["mean"]), torch.tensor(model.pretrained_cfg["std"])
    rows = []
    for side in ([it.prediction for it in items], [it.target for it in items]):
        shown = functional.interpolate(torch.stack(side), (160, 160), mode=mode, antialias=True)
        shown = (shown - mean[:, None, None]) / deviation[:, None, None]
        with torch.inference_mode():
            rows.append(model.forward_head(model.forward_features(shown), pre_logits=True).double().numpy())
    found = fed(Frechet, items, backbone=name, weights=written(tmp_path / "a.safetensors", name)).result()
    assert found.value == pytest.approx(frechet_by_roots(*rows), rel=1e-4)
    assert found.n == 9 and "9 images for " in found.reason


def test_backbone_and_weights_change_the_number_and_the_signature(tmp_path: Path) -> None:
    items = images(6)
    path = written(tmp_path / "a.safetensors")
    other = network()
    torch.nn.init.normal_(other.patch_embed.proj.weight)
    save_file(other.state_dict(), tmp_path / "b.safetensors")
    found = [
        fed(Frechet, items, backbone=NAME, weights=path),
        fed(Frechet, items, backbone=NAME, weights=str(tmp_path / "b.safetensors")),
        fed(Frechet, items, backbone=OTHER, weights=written(tmp_path / "c.safetensors", OTHER)),
        fed(Frechet, items, backbone=NAME, weights=path, bands=[2, 1, 0]),
    ]
    assert len({metric.result().value for metric in found}) == 4
    assert len({metric.signature for metric in found}) == 4


def test_its_signature_states_how_images_are_prepared() -> None:
    assert Frechet(Frechet.Settings(backbone=NAME)).signature == (
        f"frechet|backbone:{NAME}|weights:timm|input:unit|resize:bicubic-antialias-160x160|crop:none|mean:0.5,0.5,0.5"
        "|std:0.5,0.5,0.5|bands:grey-repeated+all|masked:filled-with-target-mean|covariance:n-1|set:all-images|v1"
    )
    assert "|resize:bicubic-antialias-518x518|" in Frechet(Frechet.Settings()).signature


def test_weights_in_the_caches_of_timm_are_found(tmp_path: Path) -> None:
    expected = fed(Frechet, images(4), backbone=NAME, weights=written(tmp_path / "a.safetensors")).result().value
    snapshot = tmp_path / "hub" / f"models--timm--{NAME}" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc")
    written(snapshot / "model.safetensors")
    assert fed(Frechet, images(4), backbone=NAME).result().value == expected


def test_weights_of_an_address_are_found_in_the_cache_of_torch(tmp_path: Path) -> None:
    known = PACKAGE.get_pretrained_cfg("resnet10t.c3_in1k")
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    torch.save(network("resnet10t.c3_in1k").state_dict(), folder / known.url.rpartition("/")[2])
    assert fed(Frechet, images(3), backbone="resnet10t.c3_in1k").result().value is not None


def reason(**settings: Any) -> str:
    score = fed(Frechet, images(3), **settings).result()
    assert score.value is None
    return str(score.reason)


def test_missing_weights_give_no_number_and_the_remedy() -> None:
    said = reason(backbone=NAME)
    assert said.startswith(f"not scored: needs the weights of '{NAME}', which are not in timm's cache")
    assert f"timm.create_model('{NAME}', pretrained=True)" in said
    assert "there is no file 'nowhere.pth'" in reason(backbone=NAME, weights="nowhere.pth")


def test_weights_of_another_network_give_no_number(tmp_path: Path) -> None:
    path = written(tmp_path / "other.safetensors", OTHER)
    assert f"does not hold the weights of '{NAME}'" in reason(backbone=NAME, weights=path)
    state = network().state_dict()
    state.pop("blocks.1.mlp.fc1.weight")
    save_file(state, tmp_path / "part.safetensors")
    assert "does not hold the weights" in reason(backbone=NAME, weights=str(tmp_path / "part.safetensors"))
    (tmp_path / "text.pth").write_text("not tensors")
    assert "does not hold the weights" in reason(backbone=NAME, weights=str(tmp_path / "text.pth"))


def test_a_model_that_timm_does_not_have_is_said_with_the_nearest() -> None:
    assert "timm has no model 'resnet5O'. Did you mean 'resnet50'?" in reason(backbone="resnet5O")


def test_without_timm_there_is_no_number_and_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(timm_models, "find_spec", lambda name: None if name == "timm" else real(name))
    monkeypatch.setitem(sys.modules, "timm", None)
    assert reason() == "not scored: needs timm; run: pip install 'spectra-translate[eval]'"
    assert Unscored(Frechet(Frechet.Settings()), "x").result().value is None


def test_shards_of_a_metric_without_its_network_stay_without_a_number() -> None:
    one, other = fed(Frechet, [], backbone=NAME), fed(Frechet, images(3), backbone=NAME)
    one.merge(other)
    assert "needs the weights" in one.result().reason
