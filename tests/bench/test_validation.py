"""Validation: scores and pictures while it learns, which change nothing of what is learned."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from spectra.bench.harness import Method, evaluate
from spectra.bench.picture_sheet import GAP, HEADINGS, LINE, MARGIN, NARROWEST, WIDEST, Row, picture_sheet
from spectra.bench.samples import HEAT
from spectra.bench.validation import Validator, require_metric, undisturbed, validator
from spectra.data.images import read_image
from spectra.data.open import open_data
from spectra.data.pairs import Pair, PairSet, Picture
from spectra.errors import SpectraError
from spectra.loss import Loss
from spectra.modalities import Modality, Scale, Task
from spectra.model import Model
from spectra.recipe.recipe import EvaluateSettings, Recipe
from spectra.recipe.train import TrainSettings, ValidationSettings
from spectra.settings import Config
from spectra.stage import Batch, Player, Stage, Update
from spectra.training.trainer import Trainer
from spectra.training.world import World
from spectra.translator import Translator
from tests.plugin_packages import PluginPackages

BYTES = Scale(0, 255)
TASK = Task(Modality("gray", 1), Modality("nir", 1))


class Wobble(Translator):
    """Draws random numbers whenever it is called, and keeps running statistics while it learns."""

    def __init__(self, task: Task, settings: Config) -> None:
        super().__init__(task, settings)
        self.frozen = nn.Dropout(0.5)
        self.net = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Dropout(0.3), nn.Conv2d(4, 1, 1))
        self.kept: Tensor | None = None
        self.seen: list[bool] = []

    def forward(self, source: Tensor) -> Tensor:
        if self.kept is None or self.kept.shape != source.shape[-2:]:
            self.kept = torch.linspace(0, 1, source.shape[-2])[:, None].expand(source.shape[-2:])
        self.seen.append(self.net.training)
        torch.rand(3), random.random(), np.random.rand()
        output: Tensor = self.net(source * 1.0) * self.kept
        return output

    def stages(self) -> list[Stage]:
        return [Learn(self)]


class Learn(Stage):
    def __init__(self, nets: Wobble) -> None:
        super().__init__()
        self.nets, self.players = nets, {"generator": Player(nets.net)}

    def step(self, batch: Batch) -> Iterator[Update]:
        source, target = batch.pairs
        fake = self.nets(source)
        yield Update("generator", **self.pairwise(fake, target))


class Feed:
    def epoch(self, stage: Stage) -> int:
        return 4

    def batch(self, stage: Stage, step: int) -> Batch:
        draws = torch.Generator().manual_seed(step)
        return Batch(pairs=(torch.rand(2, 1, 8, 8, generator=draws), torch.rand(2, 1, 8, 8, generator=draws)))


class Pairs(list[Pair]):
    """A set of pairs that counts how often each is read."""

    @property
    def names(self) -> list[str]:
        return [pair.name for pair in self]

    def identity(self) -> str:
        return "made"


def picture(seed: int, size: tuple[int, int] = (8, 8), channels: int = 1) -> Picture:
    pixels = torch.rand(channels, *size, generator=torch.Generator().manual_seed(seed))
    return Picture((pixels * 255).round() / 255, BYTES, "uint8")


def pairs(count: int = 6) -> PairSet:
    return Pairs(Pair(f"place {n}", f"place {n}", picture(n), picture(100 + n)) for n in range(count))


def made(model: Model | None = None, folder: Path | None = None, count: int = 6, **said: Any) -> Validator:
    metrics = said.pop("metrics", {"psnr": {}, "mae": {}})
    evaluation = EvaluateSettings.model_validate({"metrics": metrics})
    settings = ValidationSettings.model_validate(said)
    torch.manual_seed(0)
    return Validator(model or wobble(), pairs(count), settings, evaluation, folder, World())


def wobble() -> Model:
    torch.manual_seed(0)
    return Model(Wobble(TASK, Config()), "wobble")


class Says(nn.Module):
    """Stands in for a model: gives what it is told to."""

    def __init__(self, *values: float) -> None:
        super().__init__()
        self.values = list(values)
        self.task = TASK

    def forward(self, source: Tensor) -> Tensor:
        return torch.full_like(source, self.values[0])


def scored(values: list[float], metric: str) -> list[bool]:
    """Whether each look at predictions of these values is said to be the best so far; targets are around 0.5."""
    model = Says()
    look = made(model, metric=metric)  # type: ignore[arg-type]
    found = []
    for value in values:
        model.values = [value]
        found.append(look("train", 1).best)
    return found


@pytest.mark.parametrize("metric", ["psnr", "mae"])
def test_the_best_is_the_highest_or_the_lowest_as_the_metric_says_and_comes_first(metric: str) -> None:
    assert scored([0.9, 0.7, 0.8, 0.7, 0.5], metric) == [True, True, False, False, True]


def test_scores_are_those_that_the_harness_gives_for_the_same_images() -> None:
    model = wobble()
    look = made(model, metrics={"psnr": {}, "ssim": {"window": 7}}, images=3)
    found = look("train", 5)
    method = Method(name="wobble", model=model)
    chosen = Pairs(look.pairs[place] for place in (0, 2, 5))
    evaluate([method], chosen, look.evaluate)
    assert found.scores == {name: score.value for name, score in method.scores().items()}
    assert (found.stage, found.total, found.metric, found.better) == ("train", 5, "psnr", "higher")


def test_images_are_spread_evenly_and_as_many_as_are_asked_for() -> None:
    assert made(images=3).places == [0, 2, 5]
    assert made(images=99).places == [0, 1, 2, 3, 4, 5]
    assert made(images=6, samples=2).shown == {0, 5}


def test_evaluation_at_another_size_is_validation_at_that_size() -> None:
    look = made(metrics={"mae": {}}, metric="mae")
    small = EvaluateSettings.model_validate({"metrics": ["mae"], "resize": (4, 4)})
    other = Validator(look.model, look.pairs, look.settings, small, None, World())
    assert other("train", 1).scores != look("train", 1).scores


def test_predictions_are_scored_as_a_file_would_hold_them() -> None:
    """Between two levels of eight bits nothing changes."""
    model = Says(100.2 / 255)
    look = made(model, metrics={"mae": {}}, metric="mae")  # type: ignore[arg-type]
    first = look("train", 1).scores
    model.values = [99.8 / 255]
    assert look("train", 2).scores == first
    model.values = [99.2 / 255]
    assert look("train", 3).scores != first


def test_what_is_not_finite_has_no_score_a_reason_and_is_never_the_best(tmp_path: Path) -> None:
    model = Says(float("nan"))
    look = made(model, tmp_path / "samples")  # type: ignore[arg-type]
    found = look("train", 1)
    assert found.scores == {"psnr": None, "mae": None} and not found.best
    assert found.reasons["psnr"] == "6 predictions hold values that are not finite"
    assert found.samples is not None and found.samples.is_file()
    model.values = [0.5]
    assert look("train", 2).best


def test_a_metric_without_a_number_is_told_with_its_reason() -> None:
    found = made(metrics={"psnr": {}, "ssim": {"window": 101}})("train", 1)
    assert found.scores["ssim"] is None and found.scores["psnr"] is not None
    assert "ssim" in found.reasons


FAILING = """
import torch
from spectra import PerImage

class Fails(PerImage):
    api_version = 1
    better, unit, signature = "lower", "", "fails|v1"
    def score(self, item):
        if float(item.prediction.mean()) > 0.5:
            raise ValueError("too bright")
        return float(item.prediction.mean())

class Unmade(Fails):
    api_version = 1
    def __init__(self, settings):
        raise RuntimeError("in making")

class Draws(PerImage):
    api_version = 1
    better, unit, signature = "lower", "", "draws|v1"
    def __init__(self, settings):
        super().__init__(settings)
        self.first = torch.rand(3)
    def score(self, item):
        return float(torch.rand(()))
"""


@pytest.fixture
def failing(plugin_packages: PluginPackages) -> Iterator[None]:
    names = {name.lower(): f"failing:{name}" for name in ("Fails", "Unmade", "Draws")}
    plugin_packages.add("failing", {"metrics": names}, FAILING)
    yield
    plugin_packages.forget()


def test_a_metric_that_raises_has_no_score_in_that_look_and_the_others_have(failing: None) -> None:
    model = Says(0.8)
    look = made(model, metrics={"mae": {}, "fails": {}, "unmade": {}}, metric="mae")  # type: ignore[arg-type]
    first = look("train", 1)
    assert first.scores["mae"] is not None and first.best
    assert first.scores["fails"] is None and first.scores["unmade"] is None
    assert first.failed == {"fails": "ValueError: too bright", "unmade": "RuntimeError: in making"}
    assert "too bright" in first.reasons["fails"]
    model.values = [0.2]
    second = look("train", 2)
    assert second.scores["fails"] == pytest.approx(0.2) and list(second.failed) == ["unmade"]


def test_a_metric_that_raises_before_it_has_chosen_any_weights_is_an_error_that_says_what_to_do(failing: None) -> None:
    model = Says(0.8)
    look = made(model, metrics={"fails": {}}, metric="fails")  # type: ignore[arg-type]
    with pytest.raises(SpectraError, match=r"'fails', by which .* best weights, failed: .*too bright.*choose: last"):
        look("train", 1)
    last = made(model, metrics={"fails": {}}, metric="fails", choose="last")  # type: ignore[arg-type]
    assert not last("train", 1).best
    model.values = [0.2]
    assert look("train", 2).best
    model.values = [0.8]
    assert not look("train", 3).best and look.best == pytest.approx(0.2), "what was chosen stays"


def test_a_metric_that_draws_numbers_as_it_is_made_takes_none_from_what_learns(failing: None, tmp_path: Path) -> None:
    said = recipe(evaluate={"metrics": ["draws"]}, train={"validation": {"metric": "draws"}})
    model, data = wobble(), open_data(said)
    before = torch.get_rng_state()
    look = validator(model, said, data, tmp_path)
    assert look is not None and torch.equal(torch.get_rng_state(), before)
    look("train", 1)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_metric_that_is_to_choose_and_cannot_be_made_is_told_before_anything_is_learned(
    failing: None, tmp_path: Path
) -> None:
    said = recipe(evaluate={"metrics": ["unmade"]}, train={"validation": {"metric": "unmade"}})
    with pytest.raises(SpectraError, match="RuntimeError: in making"):
        validator(wobble(), said, open_data(said), tmp_path)
    assert validator(Model(Copies(TASK, Config()), "copies"), said, open_data(said), tmp_path) is not None


def test_the_signs_of_a_collapse_are_found_over_all_images() -> None:
    assert made(Says(0.5))("train", 1).signs["contrast"] == 0  # type: ignore[arg-type]
    copies = made(Model(Copies(TASK, Config()), "copies"))("train", 1).signs
    assert copies["copy"] == 0 and copies["contrast"] == pytest.approx(1, abs=0.2)


class Copies(Translator):
    def forward(self, source: Tensor) -> Tensor:
        return source


def weights_after(validation: ValidationSettings | None, steps: int = 7) -> tuple[dict[str, Tensor], list[bool]]:
    model = wobble()
    translator = model.translator
    assert isinstance(translator, Wobble)
    settings = TrainSettings.model_validate({"steps": steps, "validation": validation and validation.model_dump()})
    look = None if validation is None else made(model, images=3)
    trainer = Trainer(translator, settings, {"l1": (L1(Config()), 1.0)}, validate=look)
    torch.manual_seed(7), random.seed(7), np.random.seed(7)
    trainer.train(Feed())
    drawn = torch.rand(1).item(), random.random(), np.random.rand()
    return {**translator.state_dict(), "drawn": torch.tensor(drawn)}, translator.seen


class L1(Loss):
    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).abs().mean()


def test_a_run_with_validation_ends_in_the_bits_of_one_without() -> None:
    plain, alone = weights_after(None)
    watched, modes = weights_after(ValidationSettings(every=2))
    assert alone == [True] * 7
    assert modes == [True, True, *[False] * 3, True, True, *[False] * 3, True, True, *[False] * 3, True]
    for name, tensor in plain.items():
        assert torch.equal(tensor, watched[name]), name


def test_what_a_network_keeps_from_validation_serves_for_learning() -> None:
    model = wobble()
    made(model)("train", 1)
    model.train()
    scale = torch.ones((), requires_grad=True)
    model.translator(torch.rand(1, 1, 8, 8) * scale).sum().backward()
    assert scale.grad is not None


def test_each_part_goes_back_to_the_mode_it_was_in_even_after_a_fault() -> None:
    model = wobble()
    model.train()
    model.translator.get_submodule("frozen").eval()
    before = {name: module.training for name, module in model.named_modules()}
    state = torch.get_rng_state()
    with pytest.raises(ZeroDivisionError), undisturbed(model):
        assert not any(module.training for module in model.modules())
        torch.rand(1)
        raise ZeroDivisionError
    assert {name: module.training for name, module in model.named_modules()} == before
    assert len(set(before.values())) == 2 and torch.equal(torch.get_rng_state(), state)


def test_what_was_best_outlives_a_stop() -> None:
    first = made(Says(0.6), metric="mae")  # type: ignore[arg-type]
    assert first("train", 1).best
    second = made(Says(0.9), metric="mae")  # type: ignore[arg-type]
    second.restore(first.state())
    assert not second("train", 2).best
    assert made(Says(0.9), metric="mae")("train", 2).best  # type: ignore[arg-type]


def test_another_process_says_what_the_first_found_and_looks_at_nothing() -> None:
    found = made(Says(0.6))("train", 4)  # type: ignore[arg-type]

    class Second(World):
        def told(self, said: Any) -> Any:
            assert said is None
            return found

    look = made(Says())  # type: ignore[arg-type]
    look.world = Second(1, 2)
    assert look("train", 4) is found and look.best == found.scores["psnr"]


def test_the_picture_shows_source_prediction_target_and_error_in_rows(tmp_path: Path) -> None:
    found = made(Says(0.5), tmp_path / "training/samples", samples=3)("train", 1000)  # type: ignore[arg-type]
    assert found.samples == tmp_path / "training/samples/step_00001000.png"
    sheet = read_image(found.samples)
    side = NARROWEST // 8 * 8
    assert sheet.shape == (2 * MARGIN + LINE + 3 * (side + LINE + GAP) - GAP, 2 * MARGIN + 4 * side + 3 * GAP, 3)
    top = MARGIN + LINE + 2 * (side + LINE + GAP)  # the third row: the last image
    panels = [sheet[top : top + side, MARGIN + (side + GAP) * column :][:, :side] for column in range(4)]
    step = side // 8
    levels = [torch.from_numpy(panel[::step, ::step, 0]) / 255 for panel in panels]
    source, target = pairs()[5].source.pixels[0], pairs()[5].target.pixels[0]
    assert torch.allclose(levels[0], source, atol=1e-6) and torch.allclose(levels[2], target, atol=1e-6)
    assert panels[1].min() == panels[1].max() == 128
    worst = int((target - 128 / 255).abs().argmax())
    assert panels[3][::step, ::step].reshape(64, 3)[worst].tolist() == list(HEAT[-1][1])
    assert sorted(path.name for path in found.samples.parent.iterdir()) == ["step_00001000.png"]


def test_a_picture_is_made_anew_when_its_step_comes_again(tmp_path: Path) -> None:
    model = Says(0.2)
    look = made(model, tmp_path)  # type: ignore[arg-type]
    look("train", 3)
    before = (tmp_path / "step_00000003.png").read_bytes()
    model.values = [0.8]
    look("train", 3)
    assert (tmp_path / "step_00000003.png").read_bytes() != before


def test_no_samples_are_no_picture(tmp_path: Path) -> None:
    assert made(folder=tmp_path, samples=0)("train", 1).samples is None
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("size", "shown"), [((8, 8), (160, 160)), ((100, 60), (100, 60)), ((600, 1200), (192, 384))])
def test_small_images_are_enlarged_and_large_ones_made_smaller(size: tuple[int, int], shown: tuple[int, int]) -> None:
    pair = Pair("a", "a", picture(1, size, 3), picture(2, size))
    sheet = picture_sheet([Row(pair, pair.target.pixels)])
    assert sheet.shape[0] == 2 * MARGIN + 2 * LINE + shown[0]
    assert sheet.shape[1] == 2 * MARGIN + 4 * shown[1] + 3 * GAP and max(shown) <= WIDEST
    assert len(HEADINGS) == 4


def test_images_of_several_sizes_and_long_names_stand_on_one_sheet() -> None:
    rows = [Row(p, p.target.pixels) for p in (_pair((40, 90), "a" * 300), _pair((300, 20), "größe"))]
    assert picture_sheet(rows).dtype == np.uint8


def _pair(size: tuple[int, int], name: str) -> Pair:
    return Pair(name, name, picture(1, size, 3), picture(2, size))


def test_where_there_is_no_data_there_is_no_error() -> None:
    valid = torch.zeros(160, 160, dtype=torch.bool)
    target = picture(1, (160, 160))
    pair = Pair("a", "a", target, Picture(target.pixels, BYTES, "uint8", valid))
    sheet = picture_sheet([Row(pair, 1 - target.pixels)])
    error = sheet[MARGIN + LINE : MARGIN + LINE + 160, -MARGIN - 160 : -MARGIN]
    assert (error == np.array(HEAT[0][1])).all()


def test_the_metric_that_chooses_must_be_one_that_is_scored() -> None:
    settings = ValidationSettings(metric="pnsr")
    with pytest.raises(SpectraError, match=r"'pnsr', which is not among.*Did you mean 'psnr'.*psnr, ssim, rmse, mae"):
        require_metric(settings, EvaluateSettings())
    require_metric(ValidationSettings(metric="mae"), EvaluateSettings())


def recipe(**said: Any) -> Recipe:
    scenes = {"size": 32, "train": 2, "test": 2, "validation": 3}
    return Recipe.model_validate({"task": "gray2nir", "translator": "copy", "data": {"scenes": scenes}, **said})


def test_a_recipe_that_asks_for_it_is_looked_at_on_its_validation_split(tmp_path: Path) -> None:
    said = recipe(train={"validation": {"metric": "mae", "samples": 1}})
    look = validator(wobble(), said, open_data(said), tmp_path)
    assert look is not None and look.better == "lower"
    found = look("train", 2)
    assert set(found.scores) == {"psnr", "ssim", "rmse", "mae"} and found.samples is not None
    assert validator(wobble(), recipe(), open_data(recipe()), tmp_path) is None


def test_images_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    said = recipe(train={"validation": {"metric": "mae"}}, evaluate={"metrics": ["mae"]})
    data = open_data(said)
    drawn: list[int] = []
    inner = data.validation.pairs  # type: ignore[union-attr]
    original = type(inner).__getitem__
    monkeypatch.setattr(type(inner), "__getitem__", lambda own, at: drawn.append(at) or original(own, at))
    look = validator(wobble(), said, data, None)
    assert look is not None
    look("train", 1), look("train", 2)
    assert drawn == [0, 1, 2]
