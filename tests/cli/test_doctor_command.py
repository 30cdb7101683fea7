from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from spectra.cli.main import main
from spectra.registry import Plugin
from tests.plugin_packages import GOOD_COMMAND, PluginPackages


@pytest.fixture
def judged_here(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Faults by distribution, in place of the examination in other processes, which ``test_doctor`` covers."""
    faults: dict[str, str] = {}
    devices = {
        "cpu": {"name": "arm", "threads": 3, "memory": 2**31},
        "cuda": [{"name": "Big", "memory": 2**34, "capability": "9.0"}],
        "mps": False,
        "error": None,
    }

    def judge(plugins: list[Plugin], limit: float) -> tuple[dict[Plugin, str | None], dict[str, object]]:
        assert limit == 7
        return {plugin: faults.get(plugin.distribution) for plugin in plugins}, devices

    monkeypatch.setattr("spectra.doctor.examine.judge", judge)
    return faults


def test_a_whole_installation_ends_with_exit_code_0(
    plugin_packages: PluginPackages, judged_here: dict[str, str]
) -> None:
    result = CliRunner().invoke(main, ["doctor", "--timeout", "7"])
    assert result.exit_code == 0, result.output
    assert "cpu     arm, 3 threads, 2.0 GiB\n  cuda:0  Big, 16.0 GiB, compute capability 9.0" in result.output
    assert "ok     translator graydef (spectra-translate 0.1.0)" in result.output
    assert "home/weights (0 files; the folder is not there yet)" in result.output
    assert result.output.endswith("All is well.\n")


def test_a_faulty_plugin_is_named_and_ends_with_exit_code_1(
    plugin_packages: PluginPackages, judged_here: dict[str, str]
) -> None:
    judged_here["acme"] = "RuntimeError: no licence"
    plugin_packages.add("acme", {"losses": {"strange": "acme:Good"}, "commands": {"run": "acme:run"}})
    result = CliRunner().invoke(main, ["doctor", "--timeout", "7"])
    assert result.exit_code == 1
    assert "fault  loss strange (acme 1.0)\n         RuntimeError: no licence" in result.output
    assert "write 'acme:run' for this one" in result.output
    assert result.output.endswith("2 faults found.\n")
    assert "! strange of acme: RuntimeError: no licence" in CliRunner().invoke(main, ["list"]).output


def test_json_holds_the_same(plugin_packages: PluginPackages, judged_here: dict[str, str]) -> None:
    judged_here["acme"] = "RuntimeError: no licence"
    plugin_packages.add("acme", {"losses": {"strange": "acme:Good"}})
    result = CliRunner().invoke(main, ["doctor", "--json", "--timeout", "7"])
    assert result.exit_code == 1
    report = json.loads(result.output)
    assert report["faulty"] == 1
    assert {"versions", "devices", "plugins", "faults", "notes", "weights", "extras"} <= set(report)
    (strange,) = [it for it in report["plugins"] if it["distribution"] == "acme"]
    assert (strange["name"], strange["status"], strange["faults"]) == ("strange", "fault", ["RuntimeError: no licence"])


def test_known_weights_are_told_with_where_they_are(
    plugin_packages: PluginPackages, judged_here: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "vgg19-dcbb9e9d.pth").write_bytes(b"not these")
    monkeypatch.setenv("SPECTRA_WEIGHTS", str(tmp_path))
    result = CliRunner().invoke(main, ["doctor", "--timeout", "7"])
    assert result.exit_code == 0, result.output
    assert "vgg19          not here" in result.output and "alexnet        not here" in result.output
    assert "vgg19-dcbb9e9d.pth' is damaged, or another file" in result.output


def test_a_timeout_of_nothing_is_a_mistake_of_use(plugin_packages: PluginPackages) -> None:
    assert CliRunner().invoke(main, ["doctor", "--timeout", "0"]).exit_code == 2


def test_what_a_plugin_prints_does_not_reach_the_report(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme", {"commands": {"hello": "acme:hello"}}, f"print('noise', flush=True){GOOD_COMMAND}")
    done = subprocess.run(
        [sys.executable, "-m", "spectra", "doctor", "--json"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
    )
    report = json.loads(done.stdout)
    assert done.stderr == ""
    assert [it["status"] for it in report["plugins"] if it["distribution"] == "acme"] == ["ok"]
