"""`spectra plugin new`: the package that it writes works as it is."""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from spectra.cli.main import main
from spectra.errors import SpectraError
from spectra.scaffold import LONGEST, TAKEN, package_of, write_plugin
from tests.testing.packages import build_wheel, finished, install

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "examples" / "spectra-firefly"
LEFTOVERS = {"__pycache__", ".ruff_cache", ".mypy_cache", ".pytest_cache", "runs", "dist"}
LONG = "b" * 9 + "_" + "c" * 9 + "_" + "d" * 10


def files_of(folder: Path) -> dict[str, bytes]:
    paths = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path.as_posix(): (folder / path).read_bytes() for path in paths if not LEFTOVERS & set(path.parts)}


def test_the_example_is_what_is_written_for_its_name(tmp_path: Path) -> None:
    """After a change of the templates: remove examples/spectra-firefly and write it anew."""
    written = files_of(write_plugin("firefly", tmp_path))
    assert len(written) == 10
    assert written == files_of(EXAMPLE)


def test_no_blank_is_left(tmp_path: Path) -> None:
    for path, text in package_of("my_method").items():
        assert "{{" not in path + text
        assert "firefly" not in path + text


def test_a_new_package_installs_and_passes_its_own_tests(tmp_path: Path) -> None:
    folder = write_plugin("my_method2", tmp_path)
    environment = install(build_wheel(folder, tmp_path / "dist"), tmp_path / "site")
    told = finished([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], folder, environment)
    passed = int(told.rpartition(" passed")[0].split()[-1])
    assert passed > 50


@pytest.mark.parametrize("name", ["a", "zz9", LONG])
def test_a_new_package_is_clean_and_in_shape(name: str, tmp_path: Path) -> None:
    assert len(LONG) == LONGEST
    folder = write_plugin(name, tmp_path)
    for verb in (["check"], ["format", "--check"]):
        finished([sys.executable, "-m", "ruff", *verb, "--no-cache", "."], folder)


def test_a_new_package_is_typed(tmp_path: Path) -> None:
    folder = write_plugin("my_method", tmp_path)
    paths = os.pathsep.join(map(str, (folder, ROOT, ROOT / "plugins")))
    environment = {**os.environ, "MYPYPATH": paths, "MYPY_CACHE_DIR": str(ROOT / ".mypy_cache")}
    finished([sys.executable, "-m", "mypy"], folder, environment)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "My",
        "9lives",
        "a-b",
        "a b",
        "_a",
        "a_",
        "a__b",
        "é",
        "../up",
        "a/b",
        "-x",
        "a\n",
        "x" * 31,
        "none",
        "stage",
        "copy",
        "floors",
    ],
)
def test_a_name_that_cannot_be_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(SpectraError, match="cannot name a plugin"):
        write_plugin(name, tmp_path)
    assert not list(tmp_path.iterdir())


def test_every_name_that_the_module_takes_is_refused() -> None:
    module = ast.parse(package_of("firefly")["spectra_firefly/translator.py"])
    imported = {a.name for node in ast.walk(module) if isinstance(node, ast.ImportFrom) for a in node.names}
    defined = {node.name for node in ast.walk(module) if isinstance(node, ast.ClassDef)}
    assert {name for name in imported | defined if name[0].isupper()} - {"Firefly"} == TAKEN


def test_an_existing_folder_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "spectra-mine").mkdir()
    with pytest.raises(SpectraError, match="exists already"):
        write_plugin("mine", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["spectra-mine"]
    assert not list((tmp_path / "spectra-mine").iterdir())


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write, written = Path.write_text, []

    def full(self: Path, *arguments: object, **named: object) -> int:
        written.append(self)
        if len(written) == 4:
            raise OSError(28, "No space left on device")
        return write(self, *arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(SpectraError, match="No space left on device"):
        write_plugin("mine", tmp_path)
    assert len(written) == 4
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("mask", "mode"), [(0o077, 0o700), (0o022, 0o755)])
def test_the_folder_has_the_permissions_that_the_person_gives(tmp_path: Path, mask: int, mode: int) -> None:
    before = os.umask(mask)
    try:
        write_plugin("mine", tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "spectra-mine").stat().st_mode & 0o777 == mode


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SpectraError, match="Cannot write"):
        write_plugin("mine", tmp_path / "file" / "below")


def test_the_command_writes_it_and_says_what_comes_next(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["plugin", "new", "mine", "--out", str(tmp_path / "new")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "new" / "spectra-mine" / "pyproject.toml").is_file()
    assert "spectra run recipe.yaml" in done.output
    again = CliRunner().invoke(main, ["plugin", "new", "mine", "--out", str(tmp_path / "new")])
    assert again.exit_code == 1
    assert "exists already" in again.output


@pytest.mark.parametrize("command", [["plugin"], ["plugin", "new"]])
def test_help_has_examples(command: list[str]) -> None:
    assert "spectra plugin new firefly" in CliRunner().invoke(main, [*command, "--help"]).output
