"""A stranger's translator, loss and metric, in a package of their own, built, installed and used beside ours."""

from __future__ import annotations

import json
import shutil
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

import spectra
from tests.testing.packages import build_wheel, finished, install

EXAMPLE = Path(__file__).parents[1] / "examples" / "spectra-firefly"


@dataclass(frozen=True)
class Example:
    source: Path
    wheel: Path
    environment: dict[str, str]

    def spectra(self, *arguments: str | Path) -> str:
        command = [sys.executable, "-m", "spectra", *map(str, arguments)]
        return finished(command, cwd=self.wheel.parent, environment=self.environment)


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("example")
    source = folder / "source"
    shutil.copytree(EXAMPLE, source, ignore=shutil.ignore_patterns(".*", "__pycache__", "runs", "dist"))
    wheel = build_wheel(source, folder / "dist")
    return Example(source, wheel, install(wheel, folder / "site"))


@pytest.fixture(scope="module")
def run(example: Example) -> Path:
    folder = example.wheel.parent / "run"
    example.spectra("run", example.source / "recipe.yaml", "--out", folder)
    return folder


def test_the_wheel_holds_the_package_and_says_what_it_offers(example: Example) -> None:
    with zipfile.ZipFile(example.wheel) as wheel:
        names = wheel.namelist()
        (entry_points,) = (name for name in names if name.endswith("entry_points.txt"))
        offered = wheel.read(entry_points).decode()
    assert {name for name in names if "dist-info" not in name} == {
        f"spectra_firefly/{name}" for name in ("__init__.py", "translator.py", "loss.py", "metric.py", "py.typed")
    }
    assert "[spectra.translators]\nfirefly = spectra_firefly.translator:Firefly" in offered


def test_the_three_are_listed_once_it_is_installed(example: Example) -> None:
    listed = json.dumps(json.loads(example.spectra("list", "--json")))
    assert all(f'"{name}"' in listed for name in ("firefly", "firefly_edges", "firefly_bias"))


def test_one_recipe_uses_all_three_and_the_translator_beats_the_constant_floor(run: Path) -> None:
    methods = json.loads((run / "metrics.json").read_text())["methods"]
    learned, constant = methods["firefly"]["scores"], methods["constant"]["scores"]
    assert learned["psnr"]["mean"] > constant["psnr"]["mean"] + 1
    assert learned["firefly_bias"]["n"] == learned["psnr"]["n"] == 8
    assert learned["firefly_bias"]["unit"] == "%"
    assert learned["firefly_bias"]["signature"].startswith("firefly_bias|")
    assert "firefly_edges" in (run / "recipe.yaml").read_text()


def test_its_loss_is_learnt_from(example: Example, run: Path) -> None:
    """With the loss left out, other weights are learnt."""
    without = example.wheel.parent / "without"
    example.spectra("run", example.source / "recipe.yaml", "--out", without, "--set", "losses.firefly_edges.weight=0")
    one, other = (folder / "model" / "weights.safetensors" for folder in (run, without))
    assert one.stat().st_size == other.stat().st_size
    assert one.read_bytes() != other.read_bytes()


def test_where_it_is_not_installed_its_model_says_what_to_install(run: Path) -> None:
    with pytest.raises(spectra.ModelError, match="pip install spectra-firefly"):
        spectra.load(run)
