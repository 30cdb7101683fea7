"""Published weights of InternImage: where they are looked for, how they come in, and what is said of them."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from spectra import SpectraError
from spectra.weights import MissingWeights
from spectra_pix2next.extractors.choose import extractor_of
from spectra_pix2next.extractors.extractor import Extractor
from spectra_pix2next.extractors.internimage import InternImage
from spectra_pix2next.extractors.normalised import Normalised, spread
from spectra_pix2next.extractors.reference import load_reference
from spectra_pix2next.extractors.variants import Variant, variant_of
from spectra_pix2next.settings import InternImageSettings, Settings

FIGURES: dict[str, Any] = {"channels": 16, "depths": [1, 1]}
CLASSIFIER = ("conv_head.0.weight", "conv_head.1.0.running_mean", "head.weight", "head.bias")
MEAN, DEVIATION = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])


@pytest.fixture(autouse=True)
def no_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SPECTRA_WEIGHTS", raising=False)


def network(name: str = "s", bands: int = 3, **figures: Any) -> InternImage:
    said = InternImageSettings.model_validate({**FIGURES, **figures})
    return InternImage(bands, variant_of(name, said))


def published(seed: int = 0, name: str = "s", **figures: Any) -> dict[str, Tensor]:
    """As OpenGVLab's files hold it, with a classifier; every parameter drawn anew."""
    drawing = torch.Generator().manual_seed(seed)
    state = {
        key: torch.randn(it.shape, generator=drawing) / 4 for key, it in network(name, **figures).state_dict().items()
    }
    return state | {key: torch.zeros(2) for key in CLASSIFIER}


def written(path: Path, state: dict[str, Tensor]) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save({"model": state}, path)
    return str(path)


def chosen(weights: str | None, channels: int = 3, extractor: str = "internimage:s", **said: Any) -> Extractor:
    settings = Settings.model_validate(
        {"extractor": extractor, "internimage": FIGURES, "extractor_weights": weights, **said}
    )
    found = extractor_of(settings, channels)
    assert found is not None
    return found.eval()


def image(bands: int = 3) -> Tensor:
    return 2 * torch.rand(1, bands, 24, 16, generator=torch.Generator().manual_seed(1)) - 1


def test_keys_are_those_of_the_published_files() -> None:
    keys = set(InternImage(3, Variant(16, (1, 1), layer_scale=1e-5)).state_dict())
    assert {
        "patch_embed.conv1.bias",
        "patch_embed.norm1.1.weight",
        "patch_embed.norm2.1.bias",
        "levels.0.blocks.0.gamma1",
        "levels.0.blocks.0.norm1.0.weight",
        "levels.0.blocks.0.dcn.dw_conv.0.weight",
        "levels.0.blocks.0.dcn.dw_conv.1.1.weight",
        "levels.0.blocks.0.dcn.offset.bias",
        "levels.0.blocks.0.dcn.mask.weight",
        "levels.0.blocks.0.dcn.input_proj.weight",
        "levels.0.blocks.0.mlp.fc2.weight",
        "levels.0.downsample.conv.weight",
        "levels.0.downsample.norm.1.weight",
    } <= keys
    assert len(keys) == 6 + 2 + 3 * 2 - 3 + 2 * (2 + 4 + 4 + 4 + 8)


def test_all_weights_come_from_the_file_and_its_classifier_is_dropped_and_named(tmp_path: Path) -> None:
    state = published()
    found = chosen(written(tmp_path / "a.pth", state))
    for key, tensor in found.state_dict().items():
        assert torch.equal(tensor, state[key]), key
    (said,) = load_reference(network(), state)
    assert said.startswith("Dropped") and all(key in said for key in CLASSIFIER)


def test_an_image_is_normalised_where_weights_are_set_and_only_there(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pth", published())
    learned, fresh = chosen(path), chosen(None)
    fresh.load_state_dict(learned.state_dict())
    shown = ((image() + 1) / 2 - MEAN[:, None, None]) / DEVIATION[:, None, None]
    assert torch.allclose(learned(image())[-1], fresh(shown)[-1], atol=1e-5)
    assert not torch.allclose(learned(image())[-1], fresh(image())[-1], atol=1e-3)


def test_of_other_bands_the_mean_of_the_constants_is_taken() -> None:
    shown = Normalised(2)(image(2))
    assert torch.allclose(shown, ((image(2) + 1) / 2 - MEAN.mean()) / DEVIATION.mean())
    assert not Normalised(2).state_dict()  # it is said by the settings


@pytest.mark.parametrize("bands", [1, 2, 3, 5])
def test_a_grey_image_of_any_bands_gives_what_it_gave_with_three(bands: int) -> None:
    state, grey = published(), image(1)
    original, other = network().eval(), network(bands=bands).eval()
    load_reference(original, state)
    load_reference(other, state)
    expected = original(grey.expand(-1, 3, -1, -1))
    for one, two in zip(other(grey.expand(-1, bands, -1, -1)), expected, strict=True):
        assert torch.allclose(one, two, atol=1e-4)


def test_a_weight_for_as_many_bands_is_left_as_it_is() -> None:
    weight = torch.randn(4, 3, 3, 3)
    assert spread(weight, 3) is weight
    assert torch.allclose(spread(weight, 4).sum(1), weight.sum(1), atol=1e-6)


def test_published_weights_are_found_where_weights_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = published()
    written(tmp_path / "own" / "internimage_s_1k_224.pth", state)
    monkeypatch.setenv("SPECTRA_WEIGHTS", str(tmp_path / "own"))
    assert torch.equal(chosen("pretrained").state_dict()["levels.0.blocks.0.gamma1"], state["levels.0.blocks.0.gamma1"])


def test_without_them_nothing_is_computed_and_the_remedy_is_said() -> None:
    found = chosen("pretrained")
    with pytest.raises(MissingWeights, match=r"there is no internimage_s_1k_224.pth(.|\n)*`extractor_weights: FILE`"):
        found(image())
    with pytest.raises(MissingWeights):
        deepcopy(found).require()


def test_a_saved_model_needs_the_file_no_more() -> None:
    found, kept = chosen("pretrained"), network().state_dict()
    outer = torch.nn.ModuleDict({"extractor": found})
    outer.load_state_dict({f"extractor.{key}": it for key, it in kept.items()})
    found.require()
    assert all(it.isfinite().all() for it in found(image()))


def refused(state: dict[str, Tensor], name: str = "s", **figures: Any) -> str:
    made = network(name, **figures)
    before = {key: it.clone() for key, it in made.state_dict().items()}
    with pytest.raises(SpectraError) as caught:
        load_reference(made, state)
    assert all(torch.equal(it, before[key]) for key, it in made.state_dict().items())
    return str(caught.value)


def test_a_file_of_another_variant_is_told_by_its_figures() -> None:
    said = refused(published(channels=32, depths=[1, 1, 2]))
    assert said.startswith("it has levels.1.downsample.conv.weight") and "which this variant has not" in said
    assert said.endswith("It holds an InternImage of 32 channels and depths [1, 1, 2].")
    assert " is (32,), not (16,), and " in refused(published(channels=32))


def test_a_file_that_lacks_a_weight_is_refused() -> None:
    state = published()
    del state["levels.0.blocks.0.gamma1"]
    assert refused(state).startswith("it lacks levels.0.blocks.0.gamma1.")
    assert "gamma1" in refused(published(name="t"))


def test_another_network_is_refused() -> None:
    assert refused({"conv.weight": torch.zeros(1)}).endswith("It seems to be no InternImage.")


def test_a_file_that_is_not_there_or_runs_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match=r"nowhere.pth' is not there"):
        chosen("nowhere.pth").require()
    torch.save({"model": Path("x")}, tmp_path / "objects.pth")
    with pytest.raises(SpectraError, match="not such of 'internimage:s'"):
        chosen(str(tmp_path / "objects.pth")).require()


def test_of_the_stems_features_no_image_weights_are_taken(tmp_path: Path) -> None:
    path = written(tmp_path / "a.pth", published())
    with pytest.raises(SpectraError, match="only `extractor_input: image` can use weights that have seen images"):
        chosen(path, 12, extractor_input="stem").require()
    fitting = published()
    fitting["patch_embed.conv1.weight"] = torch.randn(8, 12, 3, 3)
    found = chosen(written(tmp_path / "b.pth", fitting), 12, extractor_input="stem")
    assert isinstance(found.shown, torch.nn.Identity)
    assert found(image(12))[-1].isfinite().all()


def test_of_the_official_one_there_are_no_published_weights() -> None:
    with pytest.raises(SpectraError, match=r"no published weights of 'internimage:official'. Choose one of t, s, b"):
        chosen("pretrained", extractor="internimage:official").require()
