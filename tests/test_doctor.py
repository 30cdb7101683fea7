from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from spectra.doctor import verdicts
from spectra.doctor.examine import examine, judge
from spectra.doctor.probe import Question, ask
from spectra.registry import OWN_DISTRIBUTION, Plugin, installed
from tests.plugin_packages import GOOD_COMMAND, GOOD_LOSS, PluginPackages

has_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks into /proc")


def commands(packages: PluginPackages, codes: dict[str, str]) -> list[Plugin]:
    # Commands, and not losses, where it does not matter: judging a loss imports torch, which takes seconds.
    return [packages.add(name, {"commands": {name: f"{name}:hello"}}, code)[0] for name, code in codes.items()]


def faults(plugins: list[Plugin], limit: float = 20) -> dict[str, str | None]:
    answers = ask([Question((plugin,)) for plugin in plugins], limit)
    return {
        plugin.distribution: answer.said[0] if answer.said else answer.cut
        for plugin, answer in zip(plugins, answers, strict=True)
    }


def test_each_plugin_is_judged_by_itself(plugin_packages: PluginPackages) -> None:
    began = time.monotonic()
    found = faults(
        commands(
            plugin_packages,
            {
                "good": GOOD_COMMAND,
                "raises": "raise RuntimeError('no licence')",
                "exits": "import sys; sys.exit(3)",
                "ends": "import os; os._exit(0)",
                "interrupts": "raise KeyboardInterrupt",
                "crashes": "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
                "wrong": "hello = 3",
                "chatters": f"{GOOD_COMMAND}\nprint('null', flush=True)\nimport os; os.write(1, b'x' * 200000)",
                "asks": f"input()\n{GOOD_COMMAND}",
                "forks": f"import os\nos.fork()\n{GOOD_COMMAND}",
                "lingers": f"from threading import Timer\nTimer(99, print).start(){GOOD_COMMAND}",
                "wordy": "raise ValueError('x' * 100000)",
            },
        ),
        60,
    )
    assert time.monotonic() - began < 50  # the one that lingers was not waited for
    wordy = found.pop("wordy")
    assert wordy is not None and wordy.startswith("ValueError: xxx") and len(wordy) == 2000
    assert found == {
        "good": None,
        "raises": "RuntimeError: no licence",
        "exits": "it calls sys.exit(3) when it is imported",
        "ends": "it ends the process with exit code 0 when it is imported",
        "interrupts": "KeyboardInterrupt",
        "crashes": "it crashes the process with SIGSEGV when it is imported",
        "wrong": "it is 3, not a click command",
        "chatters": None,
        "asks": "EOFError: EOF when reading a line",
        "forks": None,
        "lingers": None,
    }


def test_a_plugin_that_forks_does_not_answer_twice(plugin_packages: PluginPackages) -> None:
    code = f"import os, time\nif os.fork():\n    time.sleep(0.5)  # the child comes back first\n{GOOD_COMMAND}"
    plugins = commands(plugin_packages, {"forks": code, "wrong": "hello = 3"})
    (answer,) = ask([Question(tuple(plugins))], 20)
    assert (answer.said, answer.cut) == ([None, "it is 3, not a click command"], None)


@has_proc
def test_a_plugin_that_hangs_is_killed_with_its_children(plugin_packages: PluginPackages, tmp_path: Path) -> None:
    note = tmp_path / "child"
    code = f"""
import pathlib, subprocess, time
child = subprocess.Popen(["sleep", "300"])
pathlib.Path({str(note)!r}).write_text(str(child.pid))
time.sleep(300)
"""
    began = time.monotonic()
    assert faults(commands(plugin_packages, {"hangs": code}), 2) == {"hangs": "it hangs: no answer within 2 s"}
    assert time.monotonic() - began < 10
    assert ended(int(note.read_text()))


@has_proc
def test_what_a_plugin_leaves_running_is_ended_too(plugin_packages: PluginPackages, tmp_path: Path) -> None:
    note = tmp_path / "child"
    code = f"""
import pathlib, subprocess
pathlib.Path({str(note)!r}).write_text(str(subprocess.Popen(["sleep", "300"]).pid))
{GOOD_COMMAND}"""
    assert faults(commands(plugin_packages, {"leaves": code})) == {"leaves": None}
    assert ended(int(note.read_text()))


def ended(process: int) -> bool:
    """Whether it is gone, or dead and only not yet collected by the first process of the system."""
    for _ in range(50):
        try:
            if Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.1)
    return False


@has_proc
def test_an_interrupted_examination_leaves_no_process_behind(
    plugin_packages: PluginPackages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    note = tmp_path / "pid"
    code = f"import os, pathlib, time\npathlib.Path({str(note)!r}).write_text(str(os.getpid()))\ntime.sleep(300)"
    plugins = commands(plugin_packages, {"hangs": code})

    def interrupt(seconds: float) -> None:
        if note.exists() and note.read_text():
            raise KeyboardInterrupt

    monkeypatch.setattr("spectra.doctor.probe.time.sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        faults(plugins)
    monkeypatch.undo()
    assert ended(int(note.read_text()))


def test_plugins_of_the_three_contracts_are_held_to_them(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("good", {"losses": {"good": "good:Good"}}, GOOD_LOSS)
    plugin_packages.add("future", {"losses": {"future": "future:Good"}}, f"{GOOD_LOSS}    api_version = 2")
    plugin_packages.add("crossed", {"metrics": {"crossed": "crossed:Good"}}, GOOD_LOSS)
    found = faults([it for it in installed() if not it.own], 60)
    assert found == {
        "good": None,
        "future": "it speaks plugin API 2, this Spectra speaks 1",
        "crossed": "it is <class 'crossed.Good'>, not a subclass of spectra.Metric",
    }


def test_ours_are_judged_one_by_one_when_one_of_them_spoils_the_process_they_share(
    plugin_packages: PluginPackages,
) -> None:
    plugin_packages.add("ends", {}, "import os; os._exit(7)")
    plugin_packages.add("good", {}, GOOD_COMMAND)
    bad = Plugin("commands", "bad", "ends:hello", OWN_DISTRIBUTION, "1")
    good = Plugin("commands", "good", "good:hello", OWN_DISTRIBUTION, "1")
    found, devices = judge([bad, good], 20)
    assert found == {bad: "it ends the process with exit code 7 when it is imported", good: None}
    assert devices["cpu"]["threads"] >= 1 and devices["error"] is None


def test_a_taken_name_is_a_fault_that_tells_both_apart(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("one", {"commands": {"hello": "one:hello"}}, GOOD_COMMAND)
    plugin_packages.add("two", {"commands": {"hello": "two:hello", "run": "two:hello"}}, GOOD_COMMAND)
    told = {it.plugin.full_name: it.faults for it in examine({"run"}).plugins if not it.plugin.own}
    assert told["one:hello"] == (
        "the name is also taken by two; 'hello' alone is refused: write 'one:hello' for this one",
    )
    assert told["two:hello"] == (
        "the name is also taken by one; 'hello' alone is refused: write 'two:hello' for this one",
    )
    assert told["two:run"] == (
        "the name is also taken by spectra-translate; 'run' alone means that of spectra-translate: "
        "write 'two:run' for this one",
    )


def test_a_whole_installation_is_reported(plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPECTRA_PLUGINS", "absent")
    (off,) = plugin_packages.add("off", {"commands": {"off": "off:hello"}}, "raise RuntimeError")
    report = examine()
    assert report.versions["torch"] and report.versions["python"]
    assert {it.plugin.name: it.faults for it in report.plugins if it.status == "fault"} == {}
    assert [it.plugin for it in report.plugins if it.status == "switched off"] == [off]
    assert report.faults == []
    assert set(report.extras) >= {"rasterio", "torchvision", "ray"}
    assert report.weights["folder"] == str(Path(os.environ["SPECTRA_HOME"]) / "weights")
    assert report.notes == [
        "SPECTRA_PLUGINS='absent' switches the plugins of other distributions off.",
        "SPECTRA_PLUGINS names 'absent', which advertises no plugin here.",
    ]
    kept = verdicts.read()
    assert {kept.word(it) for it in installed() if it.own} == {"ok"}
    assert kept.word(off) == "not examined"


def test_a_colour_library_of_the_same_import_name_is_reported(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spectra.doctor.examine.judge", nothing_judged)
    info = plugin_packages.write("spectra", "", "Name: spectra\nVersion: 0.0.11\n")
    (info / "RECORD").write_text("spectra-0.0.11.dist-info/METADATA,,\nspectra/__init__.py,,\n")
    (told,) = examine().faults
    assert "The distribution 'spectra' also installs the import package 'spectra'" in told
    assert "pip uninstall -y spectra spectra-translate && pip install spectra-translate" in told


def test_metadata_that_cannot_be_read_is_reported(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spectra.doctor.examine.judge", nothing_judged)
    info = plugin_packages.write("bad", b"[spectra.losses]\n\xff", b"\xff")
    (told,) = examine().faults
    assert told.startswith(f"{info}: its metadata cannot be read: UnicodeDecodeError")


def test_a_cache_that_cannot_be_written_is_said_and_is_no_fault(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("spectra.doctor.examine.judge", nothing_judged)
    (tmp_path / "a file").write_text("in the way")
    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "a file"))
    report = examine()
    assert report.faults == []
    assert len(report.notes) == 1 and "cannot be written" in report.notes[0]


def nothing_judged(plugins: list[Plugin], limit: float) -> tuple[dict[Plugin, None], dict[str, object]]:
    return dict.fromkeys(plugins), {}


def test_a_verdict_holds_for_the_version_and_target_it_was_about(plugin_packages: PluginPackages) -> None:
    plugin = Plugin("losses", "l", "a:B", "acme", "1.0")
    assert verdicts.read().word(plugin) == "not examined"
    verdicts.save({plugin: "RuntimeError: no licence"})
    kept = verdicts.read()
    assert (kept.word(plugin), kept.fault(plugin)) == ("fault", "RuntimeError: no licence")
    for changed in (Plugin("losses", "l", "a:B", "acme", "1.1"), Plugin("losses", "l", "a:C", "acme", "1.0")):
        assert (kept.word(changed), kept.fault(changed)) == ("examined in another version", None)
    verdicts.save({plugin: None})
    assert verdicts.read().word(plugin) == "ok"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{",
        "null",
        '{"verdicts": 3}',
        '{"verdicts": [{"plugin": ["a"], "fault": null}]}',
        "[" * 100_000,
        "\xff",
    ],
)
def test_a_damaged_cache_counts_as_not_examined(plugin_packages: PluginPackages, content: str) -> None:
    plugin = Plugin("losses", "l", "a:B", "acme", "1.0")
    verdicts.save({plugin: None})
    verdicts.place().write_bytes(content.encode("latin-1"))
    assert verdicts.read().word(plugin) == "not examined"


def test_the_cache_lies_where_it_is_told_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from spectra.cache import home, weights

    monkeypatch.setenv("SPECTRA_HOME", str(tmp_path / "mine"))
    assert home() == tmp_path / "mine" and weights() == tmp_path / "mine" / "weights"
    monkeypatch.delenv("SPECTRA_HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert home() == tmp_path / "xdg" / "spectra"
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    assert home().is_absolute() and "relative" not in home().parts
