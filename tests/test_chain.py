"""Chains: models one after the other, which must fit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import spectra
from spectra.chain import Chain, resolve
from spectra.data.images import read_image, write_image
from spectra.errors import ModelError, SpectraError
from spectra.inference import Inference
from spectra.link import Link
from spectra.modalities import Modality, Scale, Task
from spectra.model import Model, validated
from spectra.model_folder import weights_hash
from spectra.registry import registry
from spectra.testing import Check, NotApplicable, checks
from tests.plugin_packages import PluginPackages
from tests.translation.images import image

SAR2IR = Task.parse("sar2ir")
NETWORKS = '''
from spectra import Config, Translator
from torch import nn

class Blur(Translator):
    """A convolution that overshoots; it must be learned."""

    api_version = 1
    side, factor = 3, 1

    def __init__(self, task, settings):
        super().__init__(task, settings)
        self.net = nn.Conv2d(task.source.channels, task.target.channels, self.side, padding=self.side // 2)

    @property
    def reach(self):
        return self.side // 2

    @property
    def multiple(self):
        return self.factor

    def forward(self, source):
        return 3 * self.net(source) - 0.2

class Wide(Blur):
    side = 5

class Strided(Blur):
    factor = 4

class Whole(Blur):
    reach = None

class Free(Blur):
    bounded = False
'''
NAMES = ("Blur", "Wide", "Strided", "Whole", "Free")


@pytest.fixture(autouse=True)
def networks(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("netkit", {"translators": {name.lower(): f"netkit:{name}" for name in NAMES}}, NETWORKS)


def model(name: str, task: str | Task, seed: int = 0, **more: Any) -> Model:
    torch.manual_seed(seed)
    found = task if isinstance(task, Task) else Task.parse(task)
    return Model(registry("translators").get(name)(found, spectra.Config()), name, trained=True, **more)


def saved(folder: Path, name: str, task: str | Task, seed: int = 0, **more: Any) -> Model:
    made = model(name, task, seed, **more)
    made.save(folder)
    return made


def chained(task: str | Task, *links: dict[str, Any]) -> Model:
    found = task if isinstance(task, Task) else Task.parse(task)
    chain = resolve([Link(**link) for link in links], found)
    return Model(chain, "chain", notes=chain.notes)


GRAYDEF = {"translator": "graydef", "settings": {"factor": 1.15}}


def test_the_links_are_applied_in_turn_each_held_to_the_unit_interval(tmp_path: Path) -> None:
    first = saved(tmp_path / "sar2rgb", "blur", "sar2rgb")
    chain = chained("sar2ir", {"model": str(tmp_path / "sar2rgb")}, GRAYDEF)
    source = torch.rand(2, 1, 9, 13)
    raw = first.translator(source)
    assert raw.min() < 0 or raw.max() > 1, "the network must overshoot, or clamping is not seen"
    expected = (1.15 * raw.clamp(0, 1).mean(1, keepdim=True)).clamp(0, 1)
    assert chain.trained
    torch.testing.assert_close(chain(source), expected, rtol=0, atol=1e-6)


def test_a_recipe_is_a_link_by_the_folder_of_its_run(tmp_path: Path) -> None:
    first = saved(tmp_path / "runs" / "sar2rgb" / "model", "blur", "sar2rgb")
    asked: list[str] = []

    def folder_of(recipe: str) -> Path:
        asked.append(recipe)
        return tmp_path / "runs" / "sar2rgb"

    chain = resolve([Link(recipe="recipes/sar2rgb.yaml"), Link(**GRAYDEF)], SAR2IR, folder_of)
    assert asked == ["recipes/sar2rgb.yaml"]
    source = torch.rand(1, 1, 8, 8)
    torch.testing.assert_close(chain(source), spectra.load("graydef", preset="sar2ir")(first(source)))


def test_a_recipe_whose_run_nobody_knows_is_refused() -> None:
    with pytest.raises(SpectraError, match=r"The run of base\.yaml is needed first"):
        resolve([Link(recipe="base.yaml"), Link(**GRAYDEF)], SAR2IR)


def test_a_saved_chain_comes_back_whole_without_what_it_was_made_of(tmp_path: Path) -> None:
    saved(tmp_path / "a" / "model", "blur", "sar2rgb", notes=("half of it was left out.",), found={"n": 3})
    chain = chained("sar2ir", {"model": str(tmp_path / "a" / "model")}, GRAYDEF)
    chain.save(tmp_path / "chain")
    (tmp_path / "a" / "model").rename(tmp_path / "gone")
    again = spectra.load(tmp_path / "chain")
    source = torch.rand(1, 1, 7, 5)
    assert torch.equal(again(source), chain(source))
    assert (again.trained, again.notes, again.diagnostics) == (True, chain.notes, chain.diagnostics)
    assert again.translator.settings == chain.translator.settings
    again.save(tmp_path / "twice")
    assert (tmp_path / "twice" / "model.json").read_text() == (tmp_path / "chain" / "model.json").read_text()


def test_the_chain_says_which_links_it_has_with_their_hashes_and_notes(tmp_path: Path) -> None:
    notes = ("half of it was left out.",)
    first = saved(tmp_path / "a" / "model", "blur", "sar2rgb", notes=notes, found={"n": 3}, inference=Inference((4, 4)))
    chain = chained("sar2ir", {"model": str(tmp_path / "a" / "model")}, GRAYDEF)
    one, two = chain.diagnostics["links"]
    assert (one["translator"], one["origin"], one["task"]) == ("netkit:blur", "a", "sar2rgb")
    assert (one["weights"], one["diagnostics"]) == (weights_hash(first), {"n": 3})
    assert one["inference"] == {"input": [4, 4], "output": None} and "inference" not in two
    assert (two["translator"], two["task"]) == ("spectra-translate:graydef", "rgb2ir")
    assert chain.notes == ("Link 1 (a): half of it was left out.", "Link 1 (a): Sources are brought to 4×4.")


def test_networks_built_from_the_settings_alone_are_not_trained(tmp_path: Path) -> None:
    saved(tmp_path / "a", "blur", "sar2rgb")
    settings = chained("sar2ir", {"model": str(tmp_path / "a")}, GRAYDEF).translator.settings
    fresh = spectra.load("chain", "sar2ir", **settings.model_dump(mode="json"))
    assert fresh(torch.rand(1, 1, 4, 4)).shape == (1, 1, 4, 4)
    assert not fresh.trained


def test_a_chain_of_chains_is_its_links(tmp_path: Path) -> None:
    saved(tmp_path / "a", "blur", "sar2rgb")
    saved(tmp_path / "b", "wide", "ir2ir", seed=1)
    chained("sar2ir", {"model": str(tmp_path / "a")}, GRAYDEF).save(tmp_path / "inner")
    flat = chained("sar2ir", {"model": str(tmp_path / "a")}, GRAYDEF, {"model": str(tmp_path / "b")})
    nested = chained("sar2ir", {"model": str(tmp_path / "inner")}, {"model": str(tmp_path / "b")})
    source = torch.rand(1, 1, 11, 6)
    assert torch.equal(nested(source), flat(source))
    nested.save(tmp_path / "nested")
    assert torch.equal(spectra.load(tmp_path / "nested")(source), flat(source))
    assert nested.reach == flat.reach == 3


def with_scale(task: str, source: str = "dtype", target: str = "dtype") -> Task:
    parsed = Task.parse(task)
    return Task(parsed.source.with_scale(Scale.parse(source)), parsed.target.with_scale(Scale.parse(target)))


@pytest.mark.parametrize(
    ("tasks", "task", "told"),
    [
        (["sar2rgb", "rgb2ir"], "eo2ir", "The task eo2ir begins with eo .*, and link 1 .* takes sar"),
        (["sar2rgb", "rgb2ir"], "sar2nir", "Link 2 .* gives ir .*, and the task sar2nir ends with nir"),
        (["sar2rgb", "eo2ir"], "sar2ir", r"Link 1 .* gives rgb \(3 channels, .*, and link 2 .* takes eo \(1 channel,"),
        (["sar2rgb", "ir2sar"], "sar2sar", "Link 1 .* gives rgb .* takes ir"),
        (
            [with_scale("sar2ir", target="K 250..330"), with_scale("ir2nir", source="K 240..330")],
            "sar2nir",
            r"scale `K 250\.\.330`\), and link 2 .* scale `K 240\.\.330`\)\. Neighbours must agree",
        ),
        (
            [with_scale("sar2rgb", source="dB -25..0"), "rgb2ir"],
            "sar2ir",
            r"begins with sar .*`dtype`.* takes .*`dB -25\.\.0`",
        ),
        (
            ["sar2rgb", with_scale("rgb2ir", target="K 250..330")],
            "sar2ir",
            r"gives ir .*`K 250\.\.330`.* ends with ir .*`dtype`",
        ),
        (["sar2rgb", with_scale("rgb2ir", source="dtype nodata 0")], "sar2ir", "nodata 0"),
    ],
)
def test_neighbours_that_do_not_fit_are_refused_with_both_sides(
    tmp_path: Path, tasks: list[str | Task], task: str, told: str
) -> None:
    for place, one in enumerate(tasks):
        saved(tmp_path / str(place), "blur", one)
    with pytest.raises(SpectraError, match=told):
        chained(task, *({"model": str(tmp_path / str(place))} for place in range(len(tasks))))


def test_another_number_of_channels_under_the_same_name_is_refused(tmp_path: Path) -> None:
    four, five = Modality("stack", 4), Modality("stack", 5)
    saved(tmp_path / "a", "blur", Task(four, four))
    saved(tmp_path / "b", "blur", Task(five, five))
    with pytest.raises(SpectraError, match=r"gives stack \(4 channels, .* takes stack \(5 channels"):
        chained(Task(four, five), {"model": str(tmp_path / "a")}, {"model": str(tmp_path / "b")})


def test_a_damaged_chain_whose_links_no_longer_fit_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "a", "blur", "sar2rgb")
    chained("sar2ir", {"model": str(tmp_path / "a")}, GRAYDEF).save(tmp_path / "chain")
    path = tmp_path / "chain" / "model.json"
    said = json.loads(path.read_text())
    said["settings"]["links"][1]["source"]["scale"] = "K 250..330"
    path.write_text(json.dumps(said))
    with pytest.raises(ModelError, match=r"Link 1 .* gives rgb .* takes rgb \(3 channels, scale `K 250\.\.330`"):
        spectra.load(tmp_path / "chain")


def test_a_named_link_takes_task_and_scales_from_its_neighbours(tmp_path: Path) -> None:
    kelvin = with_scale("sar2rgb", target="K 250..330")
    saved(tmp_path / "a", "blur", kelvin)
    saved(tmp_path / "b", "blur", with_scale("nir2ir", source="reflectance 0..100"))
    links = [{"model": str(tmp_path / "a")}, GRAYDEF, {"model": str(tmp_path / "b")}]
    middle = chained("sar2ir", *links).translator.settings.links[1]
    assert (middle.source.name, middle.source.scale) == ("rgb", "K 250..330")
    assert (middle.target.name, middle.target.scale) == ("nir", "reflectance 0..100")


@pytest.mark.parametrize(
    ("links", "told"),
    [
        ([{"translator": "blur"}], r"Link 1 \(blur\) must learn before it can be used"),
        ([{"translator": "graydef", "preset": "fit"}], r"Link 1 \(graydef\) must learn"),
        ([GRAYDEF, GRAYDEF], "both names, and nothing says"),
        (
            [{"translator": "graydef", "target": {"name": "rgb", "channels": 3}}],
            "cannot stand there: GrayDefinition does not",
        ),
        ([], "at least one link"),
    ],
)
def test_what_cannot_be_a_link_is_refused(links: list[dict[str, Any]], told: str) -> None:
    with pytest.raises(SpectraError, match=told):
        chained("rgb2ir", *links)


def test_two_names_in_a_row_may_say_what_lies_between() -> None:
    between = {"name": "gray", "channels": 1}
    chain = chained("rgb2ir", {**GRAYDEF, "target": between}, {"translator": "inverse"})
    source = torch.rand(1, 3, 4, 4)
    torch.testing.assert_close(chain(source), 1 - (1.15 * source.mean(1, keepdim=True)).clamp(0, 1))


def test_an_untrained_model_is_refused(tmp_path: Path) -> None:
    untrained = Model(model("blur", "rgb2ir").translator, "blur")
    untrained.save(tmp_path / "a")
    with pytest.raises(SpectraError, match=r"Link 1 \(a\) is not trained"):
        chained("rgb2ir", {"model": str(tmp_path / "a")})


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ({}, "one of `recipe`, `model` or `translator`"),
        ({"recipe": "a.yaml", "model": "b"}, "not recipe and model together"),
        ({"recipe": "a.yaml", "settings": {"factor": 1.1}}, "leave out settings"),
        ({"model": "a", "preset": "x"}, "leave out preset"),
        ({"translator": "greydef"}, "Did you mean 'graydef'"),
        ({"translator": "graydef", "preset": "x"}, "No preset of 'graydef' is named 'x'"),
        ({"translator": "graydef", "settings": {"facto": 1.1}}, "facto: there is no such key"),
        (
            {"translator": "graydef", "source": {"name": "rgb", "channels": 3, "scale": "inches"}},
            "'inches' is not a scale",
        ),
        ({"translator": "graydef", "setings": {}}, "links.0.setings: there is no such key. Did you mean 'settings'"),
    ],
)
def test_a_link_that_says_too_little_or_too_much_is_a_fault_of_the_settings(link: dict[str, Any], told: str) -> None:
    with pytest.raises(SpectraError) as refused:
        validated(Chain, "chain", {"links": [link]})
    assert told in str(refused.value)


def test_links_as_a_recipe_writes_them_are_valid_but_nothing_to_apply() -> None:
    unresolved = {"links": [{"recipe": "a.yaml"}, {"model": "b"}, GRAYDEF]}
    settings = validated(Chain, "chain", unresolved)
    assert settings.model_dump(mode="json") == unresolved, "what was not said is not written out"
    made = Model(Chain(SAR2IR, settings), "chain")
    assert (made.trained, made.reach, made.diagnostics) == (False, None, {})
    with pytest.raises(SpectraError, match="no models yet"):
        made(torch.rand(1, 1, 4, 4))


@pytest.mark.parametrize(
    ("names", "reach"),
    [(["blur", "wide"], 3), (["blur"], 1), (["blur", "strided"], None), (["whole", "blur"], None)],
)
def test_the_reach_is_the_sum_where_all_have_one(tmp_path: Path, names: list[str], reach: int | None) -> None:
    for place, name in enumerate(names):
        saved(tmp_path / str(place), name, "rgb2rgb")
    chain = chained("rgb2rgb", *({"model": str(tmp_path / str(place))} for place in range(len(names))))
    assert (chain.reach, chain.translator.multiple) == (reach, 1)


def test_a_link_that_resizes_makes_the_result_of_its_size(tmp_path: Path) -> None:
    first = saved(tmp_path / "a", "strided", "sar2rgb", inference=Inference((8, 8), (12, 14)))
    chain = chained("sar2ir", {"model": str(tmp_path / "a")}, GRAYDEF)
    source = torch.rand(1, 1, 5, 6)
    assert torch.equal(chain(source), spectra.load("graydef", preset="sar2ir")(first(source)))
    assert (chain.reach, chain.size_of((5, 6))) == (None, (12, 14))
    valid = torch.ones(5, 6, dtype=torch.bool)
    valid[0, 0] = False
    assert torch.equal(chain.mask_of(valid), first.mask_of(valid))
    chain.inference = Inference(None, (3, 3))
    assert chain(source).shape == (1, 1, 3, 3)
    chain.save(tmp_path / "chain")
    assert torch.equal(spectra.load(tmp_path / "chain")(source), chain(source))


def test_a_named_link_may_resize() -> None:
    chain = chained("rgb2ir", {**GRAYDEF, "inference": {"output": (4, 4)}})
    assert chain(torch.rand(1, 3, 8, 8)).shape == (1, 1, 4, 4)
    assert chain.reach is None


def test_values_beyond_the_scale_survive_where_the_last_link_lets_them(tmp_path: Path) -> None:
    saved(tmp_path / "bounded", "blur", "ir2ir")
    saved(tmp_path / "free", "free", "ir2ir", seed=3)
    source = torch.rand(1, 1, 16, 16)
    paths = [{"model": str(tmp_path / name)} for name in ("bounded", "free")]
    beyond, held = chained("ir2ir", *paths)(source), chained("ir2ir", *paths[::-1])(source)
    assert beyond.min() < 0 or beyond.max() > 1
    assert held.min() >= 0 and held.max() <= 1


def test_images_are_translated_by_a_chain(tmp_path: Path) -> None:
    saved(tmp_path / "a", "blur", "sar2rgb", inference=Inference((8, 8), (12, 14)))
    chained("sar2ir", {"model": str(tmp_path / "a")}, GRAYDEF).save(tmp_path / "chain")
    write_image(tmp_path / "a.png", image(0, 1))
    done = spectra.translate(tmp_path / "chain", tmp_path / "a.png", tmp_path / "out")
    assert done.failed == [] and read_image(done.written[0]).shape == (12, 14, 1)
    assert "Link 1 (a): Sources are brought to 8×8, results to 12×14." in done.notes
    assert "1 images have results of 12×14, another size than their own." in done.notes


def windowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("spectra.translation.windows.LARGE", 100)
    monkeypatch.setattr("spectra.translation.windows.WINDOW", 400)


def test_a_large_image_goes_through_a_chain_window_by_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    saved(tmp_path / "a", "blur", "sar2rgb")
    saved(tmp_path / "b", "wide", "rgb2ir", seed=1)
    chain = chained("sar2ir", {"model": str(tmp_path / "a")}, {"model": str(tmp_path / "b")})
    write_image(tmp_path / "a.npy", image(0, 1, "float32", (50, 61)))
    whole = spectra.translate(chain, tmp_path / "a.npy", tmp_path / "whole")
    windowed(monkeypatch)
    sizes: list[tuple[int, ...]] = []
    chain.translator.models[0].register_forward_pre_hook(lambda module, given: sizes.append(tuple(given[0].shape)))
    parts = spectra.translate(chain, tmp_path / "a.npy", tmp_path / "parts")
    assert len(sizes) > 4
    one, other = (torch.from_numpy(read_image(done.written[0])) for done in (whole, parts))
    torch.testing.assert_close(one, other, rtol=0, atol=1e-6)


CHECKS: list[str] = [check.name for check in checks("translators", "copy")]


@pytest.mark.parametrize("name", CHECKS)
def test_a_chain_passes_the_suite_of_every_translator(name: str) -> None:
    side = {"name": "gray", "channels": 1}
    links = [
        {**GRAYDEF, "source": {"name": "rgb", "channels": 3}, "target": side},
        {"translator": "inverse", "source": side, "target": {"name": "ir", "channels": 1}},
    ]
    found = checks("translators", "chain", task="rgb2ir", settings={"links": links})
    chosen: Check = next(check for check in found if check.name == name)
    try:
        chosen()
    except NotApplicable as why:
        pytest.skip(str(why))
