"""Runs, models and components on a GPU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

import spectra
from spectra.bench.run import Run, run
from spectra.cli.main import main
from spectra.errors import SpectraError
from spectra.model import validated
from spectra.registry import installed, registry
from spectra.testing import checks
from spectra.testing.made import made_images
from spectra.training.precision import tensor_cores
from spectra.training.progress import Progress
from tests.gpu.learning import DEVICE, learned, trainer_on
from tests.pair_folders import write_data, write_pairs, write_recipe
from tests.training.miniatures import Ear

pytestmark = pytest.mark.gpu

RECIPE = """
task: rgb2ir
translator: pix2pixhd
preset: tiny
evaluate: {samples: 1}
"""
SMALL = ("settings.width=8", "train.steps=6", "train.batch_size=2", "train.crop=32", "train.log.every=1")
GAN_PRESETS = ("pix2pixhd", "cyclegan", "pix2pix")
TRANSLATORS = [it.full_name for it in installed() if it.own and it.group == "translators" and it.name != "chain"]
PLAIN_LOSSES = ("l1", "mse", "l2", "ssim", "ms_ssim", "mix")


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    return write_data(tmp_path / "pairs", size=(64, 64))


def run_on(device: str, pairs: Path, folder: Path, *sets: str, text: str = RECIPE) -> Run:
    recipe = write_recipe(folder.parent, text)
    return run(recipe, data=pairs, out=folder, device=device, sets=[*(SMALL if text is RECIPE else ()), *sets])


def test_spectra_run_trains_scores_and_leaves_a_model_for_the_cpu(pairs: Path, tmp_path: Path) -> None:
    recipe, out = write_recipe(tmp_path, RECIPE), tmp_path / "out"
    words = ["run", str(recipe), "--data", str(pairs), "--out", str(out), "--device", DEVICE]
    words += [word for said in SMALL for word in ("--set", said)]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert (out / "report.html").is_file() and (out / "training" / "log.jsonl").is_file()
    model = spectra.load(out)
    answer = model(made_images(3, 48, 40))
    assert answer.shape == (1, 1, 48, 40) and answer.device.type == "cpu" and answer.isfinite().all()


@pytest.mark.parametrize("translator", ["cyclegan", "pix2pix"])
def test_the_other_gans_run_too(translator: str, pairs: Path, tmp_path: Path) -> None:
    text = f"task: rgb2ir\ntranslator: {translator}\npreset: tiny\nevaluate: {{samples: 1}}\n"
    found = run_on(DEVICE, pairs, tmp_path / "out", "train.steps=4", "train.crop=64", text=text)
    assert found.methods[translator]["scores"]["psnr"]["mean"] > 0


@pytest.mark.parametrize("precision", ["bf16", "fp16"])
def test_a_run_in_short_numbers_with_channels_last(precision: str, pairs: Path, tmp_path: Path) -> None:
    sets = (f"train.precision={precision}", "train.channels_last=true", "train.ema=0.9")
    found = run_on(DEVICE, pairs, tmp_path / "out", *sets)
    assert found.methods["pix2pixhd"]["scores"]["psnr"]["mean"] > 0


def test_validation_scores_draws_and_chooses(pairs: Path, tmp_path: Path) -> None:
    write_pairs(pairs, "val", ("v", "w"), size=(64, 64))
    sets = ("data.validation=val", "train.validation={every: 2, images: 2, samples: 1}")
    run_on(DEVICE, pairs, tmp_path / "out", *sets)
    log = (tmp_path / "out" / "training" / "log.jsonl").read_text(encoding="utf-8").splitlines()
    seen = [line for line in map(json.loads, log) if line["kind"] == "validation"]
    assert len(seen) == 3 and all(line["scores"]["psnr"] is not None for line in seen)
    assert any(line["best"] for line in seen)
    assert any((tmp_path / "out" / "training" / "samples").iterdir())


@pytest.mark.parametrize("translator", [None, "graydef"])
def test_scores_of_a_model_that_is_ready_are_those_of_the_cpu(
    translator: str | None, pairs: Path, tmp_path: Path
) -> None:
    text = f"task: rgb2ir\ntranslator: {translator}\n" if translator else RECIPE
    sets = () if translator else ("train.steps=0",)
    here, there = (run_on(device, pairs, tmp_path / device, *sets, text=text) for device in ("cpu", DEVICE + ":0"))
    for method, said in here.methods.items():
        for name, score in said["scores"].items():
            assert there.methods[method]["scores"][name]["mean"] == pytest.approx(score["mean"], rel=1e-4, abs=1e-4)


def test_a_trained_model_gives_the_same_image_on_both(pairs: Path, tmp_path: Path) -> None:
    run_on("cpu", pairs, tmp_path / "out")
    model, source = spectra.load(tmp_path / "out"), made_images(3, 64, 64, count=2)
    with torch.inference_mode(), tensor_cores("fp32"):
        expected = model(source)
        found = model.to(DEVICE)(source.to(DEVICE))
    assert torch.allclose(found.cpu(), expected, atol=1e-4)


@pytest.mark.parametrize("name", TRANSLATORS)
def test_every_translator_of_ours_computes_there(name: str) -> None:
    preset = "tiny" if name.rpartition(":")[2] in GAN_PRESETS else None
    (device,) = (check for check in checks("translators", name, preset=preset) if check.name == "device")
    device()


@pytest.mark.parametrize("name", PLAIN_LOSSES)
def test_losses_are_those_of_the_cpu(name: str) -> None:
    component = registry("losses").get(name)
    loss, one, other = (
        component(validated(component, name, {})),
        made_images(3, 192, 192, 2),
        made_images(3, 192, 192, 2, 5),
    )
    with tensor_cores("fp32"):
        expected, found = loss(one, other), loss.to(DEVICE)(one.to(DEVICE), other.to(DEVICE))
    assert found.item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-5)


def test_too_little_memory_gives_advice() -> None:
    class Greedy(Ear):
        def stepped(self, progress: Progress) -> None:
            torch.empty(2**46, dtype=torch.uint8, device=DEVICE)

    with pytest.raises(SpectraError, match=r"lower `train\.batch_size` and raise `train\.accumulate`") as caught:
        learned(trainer_on(DEVICE, watchers=[Greedy()]))
    assert "emory" in str(caught.value).splitlines()[1]


def test_a_device_that_is_not_there_is_named() -> None:
    arguments: dict[str, Any] = {"device": f"cuda:{torch.cuda.device_count()}"}
    with pytest.raises(SpectraError, match="There is no device"):
        run("absent.yaml", **arguments)
