"""Every command and every Python block of the README and the docs is carried out, in order, page by page."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs.generate import PARTS, parts_of
from docs.networks import DRAWINGS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(?P<language>[a-z]*)(?P<words>[^\n]*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
CARRIED_OUT = {"python", "console"}
READ_ONLY = {"", "text", "yaml", "json", "toml", "csv", "bibtex"}
SET_UP = ("make run", "make test")  # the tests of the house carry these out themselves


def blocks(page: Path) -> list[tuple[str, str]]:
    return [(found["language"], found["body"]) for found in BLOCK.finditer(page.read_text(encoding="utf-8"))]


COMMAND = """
import shlex as _shlex
import subprocess as _subprocess

def _command(line, shell):
    if shell:
        return _subprocess.run(line, shell=True, check=True)
    from spectra.cli.main import main
    try:
        main(_shlex.split(line)[1:], prog_name="spectra")
    except SystemExit as left:
        if left.code:
            raise _subprocess.CalledProcessError(left.code, line) from None
"""


def as_script(page: Path) -> str:
    """One Python program: the blocks of Python in one namespace, the commands between them."""
    lines = [COMMAND]
    for language, body in blocks(page):
        if language == "python":
            lines.append(body)
        if language == "console":
            lines += [f"_command({command!r}, {in_shell(page, command)})" for command in commands(body)]
    return "\n".join(lines)


def in_shell(page: Path, command: str) -> bool:
    """As a reader types it: the README, and whatever the shell has a part in; else in the process of its page.

    Torch takes seconds to load, for each of sixty commands.
    """
    return page.name == "README.md" or not command.startswith("spectra ") or bool(set(command) & set("|&;<>$`*"))


def commands(body: str) -> list[str]:
    told = [line.removeprefix("$ ") for line in body.replace("\\\n", " ").splitlines() if line.startswith("$ ")]
    return [command for command in told if not command.startswith(SET_UP)]


@pytest.fixture
def newcomer(tmp_path: Path) -> dict[str, str]:
    """An empty folder that has the repository's recipes, examples and docs in it, and a shell that finds `spectra`."""
    for name in ("recipes", "examples", "docs"):
        shutil.copytree(ROOT / name, tmp_path / name)
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "SPECTRA_HOME": str(tmp_path / "home"),
    }
    return environment


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_shows_can_be_done(page: Path, newcomer: dict[str, str], tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(as_script(page), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script.name], cwd=tmp_path, env=newcomer, capture_output=True, text=True, timeout=280
    )
    assert done.returncode == 0, f"{page.name}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_says_what_it_is(page: Path) -> None:
    for language, body in blocks(page):
        assert language in CARRIED_OUT | READ_ONLY, (
            f"{page.name}: a block of {language!r} is neither carried out nor known as reading matter"
        )
        if language == "console":
            assert commands(body) or any(
                line.startswith(f"$ {word}") for word in SET_UP for line in body.splitlines()
            ), page.name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_link_is_dead(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8")):
        assert target.startswith("https://") or (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_begins_with_the_two_commands() -> None:
    first = next(body for language, body in blocks(ROOT / "README.md") if language == "console")
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["$ make run", "$ make test"]


def test_a_failing_block_is_noticed(tmp_path: Path, newcomer: dict[str, str]) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ spectra recipe check recipes/none.yaml\n```\n")
    with pytest.raises(AssertionError, match=r"none\.yaml"):
        test_what_a_page_shows_can_be_done(page, newcomer, tmp_path)


@pytest.mark.parametrize(("page", "title"), PARTS)
def test_the_generated_parts_are_up_to_date(page: str, title: str) -> None:
    _, shown, _ = parts_of(ROOT / "docs" / page, title)
    assert shown == PARTS[page, title](), "run: python docs/generate.py"


@pytest.mark.parametrize("name", DRAWINGS)
def test_the_drawings_are_up_to_date(name: str) -> None:
    shown = (ROOT / "docs" / "images" / name).read_text(encoding="utf-8")
    assert shown == DRAWINGS[name]().svg(), "run: python docs/networks.py"
    assert ElementTree.fromstring(shown).tag.endswith("svg"), "a browser shows what is well formed"
