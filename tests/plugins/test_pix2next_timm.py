"""Backbones of timm as extractors, against timm's own features."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from spectra import SpectraError
from spectra.weights import MissingWeights
from spectra_pix2next.extractors import timm_backbone
from spectra_pix2next.extractors.choose import extractor_of
from spectra_pix2next.extractors.timm_backbone import TimmBackbone
from spectra_pix2next.settings import Settings

PACKAGE: Any = timm
VIT, RESNET, CONVNEXT = "test_vit.r160_in1k", "test_resnet.r160_in1k", "test_convnext.r160_in1k"


@pytest.fixture(autouse=True)
def no_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))


def reference(name: str, **arguments: Any) -> Any:
    torch.manual_seed(0)
    return PACKAGE.create_model(name, pretrained=False, **arguments).eval()


def written(path: Path, name: str) -> str:
    save_file(reference(name).state_dict(), path)
    return str(path)


def chosen(name: str, weights: str | None = None, channels: int = 3, **said: Any) -> TimmBackbone:
    settings = Settings.model_validate({"extractor": f"timm:{name}", "extractor_weights": weights, **said})
    found = extractor_of(settings, channels)
    assert isinstance(found, TimmBackbone)
    return found.eval()


def image(bands: int = 3, h: int = 96, w: int = 64) -> Tensor:
    return 2 * torch.rand(1, bands, h, w, generator=torch.Generator().manual_seed(1)) - 1


def shown(name: str, source: Tensor) -> Tensor:
    known = PACKAGE.get_pretrained_cfg(name)
    mean, deviation = torch.tensor(known.mean)[:, None, None], torch.tensor(known.std)[:, None, None]
    return ((source + 1) / 2 - mean) / deviation


@pytest.mark.parametrize("name", [RESNET, CONVNEXT])
def test_maps_are_timms_own_features_of_the_normalised_image(name: str, tmp_path: Path) -> None:
    found = chosen(name, written(tmp_path / "a.safetensors", name))
    expected = reference(name, features_only=True)(shown(name, image()))[-4:]
    maps = found(image())
    assert tuple(it.shape[1] for it in maps) == found.widths
    assert [it.shape[2] for it in maps] == [24, 12, 6, 3]
    assert all(torch.allclose(one, two, atol=1e-5) for one, two in zip(maps, expected, strict=True))


def test_the_last_map_of_a_vision_transformer_is_its_answer_before_the_classifier(tmp_path: Path) -> None:
    found, whole = chosen(VIT, written(tmp_path / "a.safetensors", VIT)), reference(VIT)
    maps = found(image(h=160, w=160))
    tokens = whole.forward_features(shown(VIT, image(h=160, w=160)))[:, whole.num_prefix_tokens :]
    assert torch.allclose(maps[-1].flatten(2).transpose(1, 2), tokens, atol=1e-5)
    assert len(maps) == 4 and found.widths == (64,) * 4


@pytest.mark.parametrize(("h", "w"), [(96, 64), (90, 70)])
def test_a_vision_transformer_sees_any_size_in_whole_patches(h: int, w: int) -> None:
    assert chosen(VIT)(image(h=h, w=w))[-1].shape[2:] == (-(-h // 16), -(-w // 16))


def test_where_only_one_size_is_known_the_image_is_resized(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timm_backbone, "SIZES", ({},))
    torch.manual_seed(0)
    found = chosen(VIT)
    assert found.size == (160, 160)
    resized = functional.interpolate(image(), (160, 160), mode="bicubic", antialias=True)
    assert torch.allclose(found(image())[-1], found(resized)[-1], atol=1e-5)


@pytest.mark.parametrize("bands", [1, 5])
def test_a_grey_image_of_any_bands_gives_what_it_gave_with_three(bands: int, tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", RESNET)
    original, other = chosen(RESNET, path), chosen(RESNET, path, bands)
    original.shown = other.shown = torch.nn.Identity()
    maps = other(image(1).expand(-1, bands, -1, -1)), original(image(1).expand(-1, 3, -1, -1))
    assert all(torch.allclose(one, two, atol=1e-4) for one, two in zip(*maps, strict=True))


def test_the_stems_features_are_not_normalised() -> None:
    found = chosen(RESNET, channels=6, extractor_input="stem")
    assert isinstance(found.shown, torch.nn.Identity) and found(image(6))[-1].isfinite().all()
    with pytest.raises(SpectraError, match="the stem's features are none: set `extractor_input: image`"):
        chosen(RESNET, __file__, channels=6, extractor_input="stem").require()


def test_weights_in_the_cache_of_timm_are_found(tmp_path: Path) -> None:
    snapshot = tmp_path / "hub" / f"models--timm--{VIT}" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text("abc")
    path = written(snapshot / "model.safetensors", VIT)
    one, two = chosen(VIT, "pretrained").state_dict(), chosen(VIT, path).state_dict()
    assert all(torch.equal(two[key], it) for key, it in one.items())


def test_without_weights_nothing_is_computed_and_the_remedy_is_said() -> None:
    found = chosen(VIT, "pretrained")
    with pytest.raises(
        MissingWeights, match=r"not in timm's cache(.|\n)*create_model\('test_vit.r160_in1k', pretrained"
    ):
        found(image())
    found.load_state_dict(chosen(VIT).state_dict())
    assert found(image())[-1].isfinite().all()


def test_weights_of_another_network_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path / "a.safetensors", RESNET)
    with pytest.raises(SpectraError, match=r"does not hold the weights of 'test_vit.r160_in1k'"):
        chosen(VIT, path).require()


def test_a_frozen_one_keeps_its_statistics_while_the_rest_learns() -> None:
    frozen, free = chosen(RESNET, extractor_frozen=True).train(), chosen(RESNET).train()
    before = {key: it.clone() for key, it in frozen.state_dict().items()}
    frozen(image())
    assert all(torch.equal(it, before[key]) for key, it in frozen.state_dict().items())
    assert not any(it.requires_grad for it in frozen.parameters()) and not frozen.network.training
    assert free.network.training and all(it.requires_grad for it in free.parameters())


def test_it_has_no_classifier() -> None:
    assert not [key for key in chosen(VIT).state_dict() if "head" in key]


def test_names_that_timm_does_not_have_are_said_with_the_nearest() -> None:
    with pytest.raises(SpectraError, match=r"timm has no model 'resnet5O'. Did you mean 'resnet50'"):
        chosen("resnet5O")


def test_without_timm_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(timm_backbone, "find_spec", lambda name: None if name == "timm" else real(name))
    with pytest.raises(SpectraError, match=r"needs timm; run: pip install 'spectra-translate\[eval\]'"):
        chosen(VIT)


def test_a_network_without_maps_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = torch.nn.Linear(1, 1)
    monkeypatch.setattr(PACKAGE, "create_model", lambda *names, **arguments: bare)
    with pytest.raises(SpectraError, match="gives no maps of features"):
        chosen(RESNET)
