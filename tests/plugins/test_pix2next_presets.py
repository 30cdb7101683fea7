"""The presets of Pix2Next: each valid, each another thing; what they cost, and what they learn from."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from spectra.losses.ssim import Ssim
from spectra.modalities import Task
from spectra.model import validated
from spectra.recipe.recipe import Recipe
from spectra.recipe.train import TrainSettings
from spectra.stage import Batch, PairedBatch
from spectra.training.trainer import Trainer
from spectra_pix2next import Pix2Next, Settings
from spectra_pix2next.extractors import dcnv3
from spectra_pix2next.presets import PRESETS
from spectra_pix2next.settings import FAMILIES

NIR = Task.parse("rgb2nir")
LITTLE: dict[str, Any] = {
    "width": 4,
    "blocks": 2,
    "internimage": {"channels": 16, "depths": [1, 1, 1], "layer_scale": 0.5, "drop_path": 0.0},
    "discriminator_width": 4,
}
"""Any preset in small, for what does not depend on size."""


def little(name: str, **settings: Any) -> Pix2Next:
    torch.manual_seed(0)
    return Pix2Next(NIR, Settings(**{**PRESETS[name]["settings"], **LITTLE, **settings})).double()


def images(channels: int = 1) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return tuple(torch.rand(2, n, 32, 40, generator=generator, dtype=torch.float64) for n in (3, channels))  # type: ignore[return-value]


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid(name: str) -> None:
    said = PRESETS[name]
    validated(Pix2Next, "pix2next", said["settings"])
    recipe = Recipe.model_validate({"task": "rgb2nir", "translator": "pix2next", **said})
    assert recipe.train.betas == (0.5, 0.999)
    assert recipe.inference.output == recipe.evaluate.resize


@pytest.mark.parametrize("name", ["paper", "official", "official_pyramid"])
def test_the_paper_and_its_code_train_a_thousand_epochs_at_256(name: str) -> None:
    said = PRESETS[name]
    train = TrainSettings.model_validate(said["train"])
    assert (train.steps, train.batch_size, train.lr) == ("1000 epochs", 3, 1e-4)
    assert train.schedule.name == ("cosine" if name == "paper" else "ramp")
    assert train.schedule.settings.warmup == 1000
    assert said["inference"] == {"input": [256, 256], "output": [256, 256]}
    (operation,) = train.augment
    assert operation.settings.size == (256, 256) and operation.settings.flip == 0


def test_the_presets_differ_where_the_paper_and_its_code_do() -> None:
    paper, official, pyramid = (
        Settings(**PRESETS[name]["settings"]) for name in ("paper", "official", "official_pyramid")
    )
    assert paper == Settings()
    assert (paper.extractor, paper.extractor_input, paper.merge) == ("internimage:b", "image", "heads")
    assert (paper.order, paper.discriminator_norm, paper.tripled) == ("discriminator_first", "instance", False)
    assert (official.extractor, official.extractor_input, official.merge) == (
        "internimage:official",
        "stem",
        "scrambled",
    )
    assert (official.order, official.discriminator_norm, official.tripled) == ("generator_first", "batch", True)
    assert {name for name in Settings.model_fields if getattr(official, name) != getattr(pyramid, name)} == {
        "condition"
    }


def test_each_of_paper_official_and_pyramid_computes_something_else() -> None:
    made = [little(name)(images()[0]) for name in ("paper", "official", "official_pyramid")]
    assert all(not torch.allclose(one, other) for one, other in zip(made, made[1:] + made[:1], strict=True))


def learned(name: str, **weights: float) -> dict[str, Tensor]:
    """The generator after one step of a preset in small, with its own losses; and the unweighted terms."""
    said = copy.deepcopy(dict(PRESETS[name]))
    entries = Recipe.model_validate({"task": "rgb2nir", "translator": "pix2next", "losses": said["losses"]}).losses
    losses = {
        key: (Ssim(Ssim.Settings(**entry.settings)), weights.get(key, entry.weight))
        for key, entry in entries.items()
        if key == "ssim"
    }
    own = {key: value for key, value in weights.items() if key != "ssim"}
    told = {**said["weights"], "generator": {**said["weights"]["generator"], **own}}
    translator = little(name)
    trainer = Trainer(translator, TrainSettings(lr=1e-3), losses, told)
    (stage,) = translator.stages()
    stage.players["discriminator"].modules[0].double()
    trainer.prepare(stage)
    trainer.step(stage, Batch(pairs=PairedBatch(images())))
    return {key: tensor.clone() for key, tensor in translator.state_dict().items()}


@pytest.mark.parametrize("name", ["paper", "official"])
@pytest.mark.parametrize("term", ["adversarial", "matching", "ssim"])
def test_every_weight_of_a_preset_counts_and_may_be_replaced(name: str, term: str) -> None:
    """The optimizer's first step forgets the length of a gradient, not its direction."""
    usual, without = learned(name), learned(name, **{term: 0.0})
    assert any(not torch.equal(usual[key], without[key]) for key in usual)


def test_the_loss_of_the_official_preset_is_that_of_the_released_code() -> None:
    """Least squares, 5/3 of the sum over scales and layers of the mean distance, and 10 (1 - SSIM) by torchmetrics."""
    metrics = pytest.importorskip("torchmetrics.functional.image")
    said = PRESETS["official"]
    translator = little("official")
    (stage,) = translator.stages()
    discriminator = stage.players["discriminator"].modules[0].double()
    ssim = Ssim(Ssim.Settings(**{key: value for key, value in said["losses"]["ssim"].items() if key != "weight"}))
    stage.losses = {"ssim": (ssim, said["losses"]["ssim"]["weight"])}
    source, target = images()
    target = 0.4 + 0.2 * target  # so that the range of what is there is another than that of all there could be
    update = next(iter(stage.step(Batch(pairs=PairedBatch([source, target])))))
    weights = {**{name: term.weight for name, term in update.terms.items()}, **said["weights"]["generator"]}
    found = sum(weights[name] * term.compute() for name, term in update.terms.items())

    x, y = 2 * source - 1, (2 * target - 1).repeat(1, 3, 1, 1)
    fake = translator.generator(x)
    fakes, reals = (discriminator(torch.cat([x, image], 1)) for image in (fake, y))
    expected = sum(((maps[-1] - 1) ** 2).mean() for maps in fakes)
    for one, other in zip(fakes, reals, strict=True):
        assert len(one) == 5
        expected = expected + sum(5 / 3 * (a - b).abs().mean() for a, b in zip(one[:-1], other[:-1], strict=True))
    expected = expected + 10 * (1 - metrics.structural_similarity_index_measure(y, fake))
    assert torch.allclose(torch.as_tensor(found), expected, rtol=1e-5)


@pytest.mark.parametrize("name", ["paper", "small"])
def test_the_ssim_of_the_paper_is_of_images_from_minus_one_to_one_with_a_range_of_two(name: str) -> None:
    scores = pytest.importorskip("skimage.metrics")
    said = dict(PRESETS[name]["losses"]["ssim"])
    assert said.pop("weight") == 10
    source, target = images()
    fake = target + 0.3 * (source[:, :1] - 0.5)
    gaussian = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    pairs = zip((2 * fake - 1)[:, 0].numpy(), (2 * target - 1)[:, 0].numpy(), strict=True)
    found = Ssim(Ssim.Settings(**said))(fake, target)
    expected = [1 - scores.structural_similarity(one, other, data_range=2.0, **gaussian) for one, other in pairs]
    assert float(found) == pytest.approx(sum(expected) / len(expected), rel=1e-9)


def test_the_official_discriminator_has_the_size_of_the_released_one() -> None:
    with torch.device("meta"):
        (stage,) = Pix2Next(
            NIR, Settings(**{**PRESETS["official"]["settings"], **LITTLE, "discriminator_width": 64})
        ).stages()
        discriminator = stage.players["discriminator"].modules[0]
        maps = discriminator(torch.empty(1, 6, 256, 256))
    assert sum(parameter.numel() for parameter in discriminator.parameters()) == 8_308_803
    assert len(discriminator.state_dict()) == 75
    sides = [[one.shape[-1] for one in scale] for scale in maps]
    assert sides == [[129, 65, 33, 34, 35], [65, 33, 17, 18, 19], [33, 17, 9, 10, 11]]
    assert [one.shape[1] for one in maps[0]] == [64, 128, 256, 512, 1]


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], int]:
    """Of one image of 256×256, the bilinear sampling of DCNv3 left out, on tensors that hold nothing."""
    monkeypatch.setattr(dcnv3, "deformed", lambda values, *_: values)

    def count(name: str) -> int:
        with torch.device("meta"):
            translator = Pix2Next(NIR, Settings(**PRESETS[name]["settings"]))
        with FakeTensorMode(allow_non_fake_inputs=True), FlopCounterMode(display=False) as counted, torch.no_grad():
            translator.to_empty(device="cpu")(torch.empty(1, 3, 256, 256))
        return counted.get_total_flops()

    return count


def test_small_takes_at_most_an_eighth_of_the_operations_of_the_paper_and_tiny_a_hundredth(
    operations: Callable[[str], int],
) -> None:
    paper = operations("paper")
    assert 0.05 < operations("small") / paper < 1 / 8
    assert operations("tiny") < paper / 100


def test_tiny_takes_images_as_small_as_128_and_says_nothing_of_their_size() -> None:
    said = PRESETS["tiny"]
    assert said["train"]["crop"] <= 160 and said["train"]["crop"] % 8 == 0
    assert said["inference"] == {"input": None, "output": None} and said["evaluate"] == {"resize": None}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_is_the_member_of_its_size(family: str) -> None:
    for size, member in FAMILIES[family].items():
        assert Settings.model_validate({"extractor": family, "extractor_size": size}).extractor == member
    assert Settings(extractor="timm:convnext_tiny", extractor_size="tiny").extractor == "timm:convnext_tiny"
    assert Settings(**PRESETS["tiny"]["settings"], extractor=family).extractor == FAMILIES[family]["tiny"]


def test_where_nothing_attends_there_is_no_extractor_unless_one_is_named() -> None:
    assert Settings(attention="none").extractor == "none"
    assert Settings(**PRESETS["tiny"]["settings"], attention="none").extractor == "none"
    assert Settings(attention="none", generator="resnet").extractor == "internimage:b"
    assert Settings(attention="bottleneck").extractor == "internimage:b"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"extractor": "none", "extractor_frozen": True}, "`extractor: none` has no weights"),
        ({"extractor": "none", "condition": "pyramid"}, "gives no pyramid"),
        ({"extractor": "swinv2", "attention": "none"}, "leaves nobody to look at what the extractor 'timm:swinv2_base"),
        ({"extractor": "internimage:b", "attention": "none"}, "say `extractor: none` as well, or let it attend"),
        ({"extractor": "timm:resnet18", "dead_head": True}, "that of the InternImage of a `unet`"),
        ({"width": 10, "heads": 3}, "3 `heads` cannot share 4 × 10 channels"),
    ],
    ids=str,
)
def test_settings_that_contradict_each_other_are_refused(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Settings(**settings)
