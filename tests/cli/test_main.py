from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from spectra.cli.main import OWN, main
from tests.plugin_packages import GOOD_COMMAND, PluginPackages

HEAVY = ("torch", "numpy", "cv2", "tifffile", "pydantic", "rich", "yaml", "jinja2", "safetensors")


def spectra(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def environment(packages: PluginPackages, **more: str) -> dict[str, str]:
    path = os.pathsep.join([str(packages.folder), *filter(None, sys.path)])
    return {**os.environ, "PYTHONPATH": path, **more}


HEAD = """
import click, errno, os, pathlib, time
from spectra.errors import SpectraError

@click.command()
def it():
    """


def command(packages: PluginPackages, name: str, body: str) -> None:
    """Install a plugin with one command that does what ``body`` says."""
    packages.add(name, {"commands": {name: f"{name}:it"}}, HEAD + body)


def every_command() -> Iterator[tuple[str, ...]]:
    """Ours, and those inside groups of ours."""
    context = click.Context(main)
    for name in OWN:
        yield (name,)
        found = main.get_command(context, name)
        if isinstance(found, click.Group):
            yield from ((name, inner) for inner in found.commands)


def test_help_lists_every_command_with_what_it_does(plugin_packages: PluginPackages) -> None:
    text = spectra("--help").output
    assert all(f"  {name} " in text and home.help in text for name, home in OWN.items())
    assert re.search(r"Commands of plugins:\n  detect +spectra-translate .*\n  pbvs +spectra-translate", text)
    assert "\n  Examples:\n    spectra run recipes/pbvs_rgb2ir.yaml\n    spectra translate graydef" in text


def test_every_help_ends_with_examples_and_agrees_with_the_table(plugin_packages: PluginPackages) -> None:
    lacking = []
    for words in every_command():
        text = spectra(*words, "--help").output
        _, found, examples = text.partition("\n  Examples:\n    spectra ")
        lacking += [] if found and not [it for it in examples.splitlines() if it.lstrip().startswith("--")] else [words]
    assert lacking == []
    assert {click.Context(main).command.get_command(click.Context(main), name).name for name in OWN} == set(OWN)  # type: ignore[attr-defined]


@pytest.mark.parametrize("arguments", [["--help"], ["list"], ["list", "--json"], ["--version"], ["lst"]])
def test_nothing_heavy_is_imported_for(plugin_packages: PluginPackages, arguments: list[str]) -> None:
    plugin_packages.add("acme", {"losses": {"l": "acme:L"}, "commands": {"c": "acme:c"}}, "raise RuntimeError")
    code = f"""
import sys
from spectra.cli.main import main
try:
    main({arguments!r}, prog_name="spectra")
except SystemExit:
    pass
print(sorted({{name.partition(".")[0] for name in sys.modules}} & {{*{HEAVY!r}, "acme"}}), file=sys.stderr)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(plugin_packages), capture_output=True, text=True, check=True
    )
    assert done.stderr.splitlines()[-1] == "[]"


def test_the_version_is_that_of_the_distribution() -> None:
    from spectra import __version__

    assert spectra("--version").output == f"spectra {__version__}\n"


def test_the_package_runs_as_a_module(plugin_packages: PluginPackages) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "spectra", "--help"], env=environment(plugin_packages), capture_output=True, text=True
    )
    assert done.returncode == 0 and done.stdout.startswith("Usage: spectra [OPTIONS]")


def test_a_mistyped_command_gets_the_nearest_one() -> None:
    result = spectra("tranlsate", "x")
    assert result.exit_code == 2
    assert "Error: No such command 'tranlsate'. Did you mean 'translate'?" in result.output


def test_a_mistyped_option_is_a_mistake_of_use() -> None:
    result = spectra("list", "--jsn")
    assert result.exit_code == 2 and "--json" in result.output


def test_a_command_of_a_plugin_is_listed_with_its_distribution_and_runs(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme-tools", {"commands": {"hello": "acme_tools:hello"}}, GOOD_COMMAND)
    assert re.search(r"Commands of plugins:\n(?:  \w+ +.*\n)*  hello +acme-tools 1\.0\n", spectra("--help").output)
    assert spectra("hello").output == spectra("acme-tools:hello").output == "hello from a plugin\n"
    assert "Did you mean 'hello'?" in spectra("helo").output


def test_a_broken_command_of_a_plugin_fails_alone_and_only_when_called(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("broken", {"commands": {"bad": "broken:hello"}}, "import sys; sys.exit(0)")
    plugin_packages.add("whole", {"commands": {"hello": "whole:hello"}}, GOOD_COMMAND)
    assert re.search(r"\n  bad +broken 1\.0\n", spectra("--help").output)
    assert spectra("hello").exit_code == 0
    result = spectra("bad")
    assert result.exit_code == 1
    assert result.output.startswith(
        "Error: The command 'bad' of the distribution 'broken' cannot be used: it calls sys"
    )


def test_a_plugin_cannot_take_a_command_of_ours(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme", {"commands": {"list": "acme:hello"}}, GOOD_COMMAND)
    assert "acme:list  acme 1.0" in spectra("--help").output
    assert "spectra-translate" in spectra("list").output
    assert spectra("acme:list").output == "hello from a plugin\n"


def test_a_command_that_two_plugins_take_is_refused_with_both_full_names(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("one", {"commands": {"hello": "one:hello"}}, GOOD_COMMAND)
    plugin_packages.add("two", {"commands": {"hello": "two:hello"}}, GOOD_COMMAND)
    result = spectra("hello")
    assert result.exit_code == 1 and "write one:hello or two:hello" in result.output
    assert "  one:hello  one 1.0\n  two:hello  two 1.0\n" in spectra("--help").output


def test_a_fault_the_person_can_mend_is_one_message(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(plugin_packages, "fails", "raise SpectraError('The folder is empty.')")
    result = spectra("fails")
    assert (result.exit_code, result.output) == (1, "Error: The folder is empty.\n")
    monkeypatch.setenv("SPECTRA_TRACEBACK", "1")
    result = spectra("fails")
    assert result.exit_code == 1
    assert "Traceback" in result.output and result.output.endswith("Error: The folder is empty.\n")


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("OSError(errno.ENAMETOOLONG, 'File name too long', 'xx')", "File name too long: 'xx'"),
        ("OSError(errno.ELOOP, 'Too many levels', b'xx')", "Too many levels: 'xx'"),
        ("OSError(errno.ENOENT, 'No such file', pathlib.Path('xx'))", "No such file: 'xx'"),
        ("OSError(errno.EXDEV, 'Other disk', 'xx', None, 'yy')", "Other disk: 'xx'"),
        ("OSError(errno.ENOSPC, 'No space')", "No space"),
    ],
)
def test_what_the_system_refuses_is_one_message(plugin_packages: PluginPackages, raised: str, told: str) -> None:
    command(plugin_packages, "fails", f"raise {raised}")
    result = spectra("fails")
    assert (result.exit_code, result.output) == (1, f"Error: {told}\n")


@pytest.mark.parametrize(
    "raised", ["OSError('out of nowhere')", "OSError(errno.EBADF, 'Bad file descriptor', 5)", "TimeoutError()"]
)
def test_a_fault_of_the_system_that_names_no_file_is_not_hidden(plugin_packages: PluginPackages, raised: str) -> None:
    command(plugin_packages, "fails", f"raise {raised}")
    assert isinstance(spectra("fails").exception, OSError)


def test_a_full_disk_is_one_message_and_a_bug_is_not_hidden(plugin_packages: PluginPackages) -> None:
    command(plugin_packages, "full", "raise OSError(errno.ENOSPC, 'No space left on device', '/x y')")
    command(plugin_packages, "bug", "raise KeyError('bug')")
    result = spectra("full")
    assert (result.exit_code, result.output) == (1, "Error: No space left on device: '/x y'\n")
    assert isinstance(spectra("bug").exception, KeyError)


@pytest.mark.parametrize(
    ("number", "code", "message"), [(signal.SIGINT, 130, "Interrupted.\n"), (signal.SIGTERM, 143, "Terminated.\n")]
)
def test_a_signal_ends_a_command_cleanly(
    plugin_packages: PluginPackages, tmp_path: Path, number: int, code: int, message: str
) -> None:
    ready, cleaned = tmp_path / "ready", tmp_path / "cleaned"
    body = f"""
    try:
        pathlib.Path({str(ready)!r}).touch()
        time.sleep(60)
    finally:
        os.kill(os.getpid(), {int(signal.SIGTERM)}) if {number} == {int(signal.SIGTERM)} else None  # again
        pathlib.Path({str(cleaned)!r}).touch()"""
    command(plugin_packages, "works", body)
    process = subprocess.Popen(
        [sys.executable, "-m", "spectra", "works"],
        env=environment(plugin_packages),
        stderr=subprocess.PIPE,
        text=True,
    )
    while not ready.exists() and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(number)
    _, told = process.communicate(timeout=120)
    assert (process.returncode, told) == (code, message)
    assert cleaned.exists()


def test_a_forked_worker_dies_of_sigterm_without_a_word(plugin_packages: PluginPackages) -> None:
    body = f"""
    worker = os.fork()
    if worker == 0:
        time.sleep(60)
    time.sleep(0.3)
    os.kill(worker, {int(signal.SIGTERM)})
    click.echo(os.WTERMSIG(os.waitpid(worker, 0)[1]))"""
    command(plugin_packages, "forks", body)
    done = subprocess.run(
        [sys.executable, "-m", "spectra", "forks"], env=environment(plugin_packages), capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == (f"{int(signal.SIGTERM)}\n", "")


def test_the_handler_of_sigterm_is_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    assert spectra("list").exit_code == 0
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_reader_that_goes_away_is_no_error(plugin_packages: PluginPackages) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "spectra", "list"],
        env=environment(plugin_packages),
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert done.stderr == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_completion_script_comes_with_how_to_install_it(shell: str) -> None:
    result = spectra("completion", shell)
    assert result.exit_code == 0
    assert result.output.startswith(f"# Install: spectra completion {shell} > ")
    assert f"_SPECTRA_COMPLETE={shell}_complete" in result.output


def completed(packages: PluginPackages, line: str) -> list[str]:
    more = {"_SPECTRA_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(line.split(" ")) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "spectra"], env=environment(packages, **more), capture_output=True, text=True
    )
    assert done.stderr == ""
    return [word.partition(",")[2] for word in done.stdout.splitlines() if word]


def test_the_tab_key_completes_commands_groups_and_options(plugin_packages: PluginPackages, tmp_path: Path) -> None:
    mark = tmp_path / "loaded"
    plugin_packages.add("acme", {"commands": {"dock": "acme:hello"}}, f"open({str(mark)!r}, 'w')\nraise RuntimeError")
    assert completed(plugin_packages, "spectra do") == ["doctor", "dock"]
    assert not mark.exists()
    assert completed(plugin_packages, "spectra dock x") == []
    assert completed(plugin_packages, "spectra list lo") == ["losses"]
    assert completed(plugin_packages, "spectra list --js") == ["--json"]


@pytest.mark.parametrize(("chosen", "seen"), [(None, "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_unless_somebody_chose_otherwise(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch, chosen: str | None, seen: str
) -> None:
    monkeypatch.setenv("OMP_WAIT_POLICY", chosen or "")
    if chosen is None:
        monkeypatch.delenv("OMP_WAIT_POLICY")
    code = "import click, os\n\n@click.command()\ndef policy():\n    click.echo(os.environ['OMP_WAIT_POLICY'])\n"
    plugin_packages.add("acme", {"commands": {"policy": "acme:policy"}}, code)
    assert spectra("policy").output == f"{seen}\n"
