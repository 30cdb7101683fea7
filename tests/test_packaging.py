"""Wheel, sdist and editable install: each is built, and the wheel is installed and used away from the repository."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(kind: str, source: Path, out: Path) -> Path:
    out.mkdir(parents=True, exist_ok=True)
    code = f"import sys; from hatchling.build import build_{kind}; print(build_{kind}(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], cwd=source, capture_output=True, text=True, check=True
    )
    return out / done.stdout.split()[-1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel installed into a folder of its own; what it depends on is borrowed from this environment."""
    site = tmp_path_factory.mktemp("site")
    install = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(site),
        str(wheel),
    ]
    subprocess.run(install, check=True, capture_output=True)
    return site


def python(installed: Path, folder: Path, *words: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(installed), "SPECTRA_HOME": str(folder / "home")}
    done = subprocess.run([sys.executable, *words], cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def content(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if ".dist-info/" not in name}


def test_the_wheel_holds_the_core_the_plugins_and_what_they_read(wheel: Path) -> None:
    names = content(wheel)
    assert {name.split("/")[0] for name in names} == {"spectra", *(path.name for path in (ROOT / "plugins").iterdir())}
    assert "spectra/bench/templates/report.html" in names
    shown = [path.relative_to(ROOT).as_posix() for path in sorted((ROOT / "spectra" / "bench" / "page").rglob("*.*"))]
    assert {name for name in shown if not name.endswith(".pyc")} <= set(names)
    assert "spectra/published/pix2next.yaml" in names
    assert "spectra/py.typed" in names
    tracked = {str(path.relative_to(ROOT)) for path in (ROOT / "spectra").rglob("*.py")}
    assert tracked <= names


def test_the_installed_wheel_runs_a_recipe_away_from_the_repository(installed: Path, tmp_path: Path) -> None:
    assert python(installed, tmp_path, "-c", "import spectra; print(spectra.__file__)").startswith(str(installed))
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text((ROOT / "recipes" / "pbvs_rgb2ir.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    sets = ("--set", "data.scenes.size=48", "--set", "data.scenes.train=3", "--set", "data.scenes.test=2")
    assert "graydef" in python(installed, tmp_path, "-m", "spectra", "run", "recipe.yaml", *sets)
    assert (tmp_path / "runs" / "recipe" / "report.html").is_file()
    assert "spectra-translate" in python(installed, tmp_path, "-m", "spectra", "list", "translators")


def test_the_sdist_builds_the_same_wheel(wheel: Path, tmp_path: Path) -> None:
    sdist = build("sdist", ROOT, tmp_path / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    source = next((tmp_path / "source").iterdir())
    assert content(build("wheel", source, tmp_path / "again")) == content(wheel)
    assert (source / "recipes" / "pbvs_rgb2ir.yaml").is_file()
    assert not list(source.rglob("*.safetensors"))


def test_an_editable_install_points_at_the_repository(tmp_path: Path) -> None:
    with zipfile.ZipFile(build("editable", ROOT, tmp_path)) as archive:
        paths = next(archive.read(name).decode() for name in archive.namelist() if name.endswith(".pth"))
    assert {str(ROOT), str(ROOT / "plugins")} <= set(paths.split())
