from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from spectra.cli.main import main
from spectra.doctor import verdicts
from spectra.registry import GROUPS, refresh
from tests.plugin_packages import GOOD_LOSS, PluginPackages


def listed(*arguments: str) -> str:
    result = CliRunner().invoke(main, ["list", *arguments])
    assert result.exit_code == 0, result.output
    return result.output


def rows(group: str) -> dict[str, dict[str, object]]:
    return {f"{it['distribution']}:{it['name']}": it for it in json.loads(listed(group, "--json"))[group]}


def test_ours_are_listed_with_version_and_distribution(plugin_packages: PluginPackages) -> None:
    lines = listed("translators").splitlines()
    assert lines[0] == "translators"
    assert lines[1].split() == ["NAME", "VERSION", "DISTRIBUTION", "DOCTOR"]
    assert any(line.split()[0] == "graydef" and "spectra-translate  not examined" in line for line in lines)
    assert len({line.index("spectra-translate") for line in lines[2:]}) == 1  # aligned


def test_every_group_is_listed(plugin_packages: PluginPackages) -> None:
    text = listed()
    assert [line for line in text.splitlines() if line and not line.startswith(" ")] == list(GROUPS)
    assert "  pbvs " in text.partition("\ncommands\n")[2]
    assert set(json.loads(listed("--json"))) == {*GROUPS, "unreadable"}


def test_an_unknown_group_is_a_mistake_of_use(plugin_packages: PluginPackages) -> None:
    result = CliRunner().invoke(main, ["list", "loses"])
    assert result.exit_code == 2 and "'losses'" in result.output


def test_nothing_is_loaded(plugin_packages: PluginPackages, tmp_path: Path) -> None:
    mark = tmp_path / "loaded"
    plugin_packages.add("acme", {"losses": {"strange": "acme:Good"}}, f"open({str(mark)!r}, 'w')\n{GOOD_LOSS}")
    assert "strange" in listed() and "acme:strange" in rows("losses")
    assert not mark.exists()


def test_clashes_are_marked_with_the_way_to_tell_them_apart(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("acme", {"losses": {"l1": "acme:Good", "same": "acme:Good"}, "commands": {"run": "acme:run"}})
    plugin_packages.add("other", {"losses": {"same": "other:Good"}})
    text = listed()
    assert "! l1 of spectra-translate: the name is also taken by acme; 'l1' alone means this one" in text
    assert "'l1' alone means that of spectra-translate: write 'acme:l1' for this one" in text
    assert "! same of acme: the name is also taken by other; 'same' alone is refused: write 'acme:same'" in text
    assert "'run' alone means that of spectra-translate: write 'acme:run' for this one" in text
    assert rows("losses")["spectra-translate:mse"]["clash"] is None


def test_plugins_that_are_switched_off_are_said_to_be(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin_packages.add("acme", {"losses": {"l1": "acme:Good"}})
    monkeypatch.setenv("SPECTRA_PLUGINS", "none")
    refresh()
    text = listed("losses")
    assert "acme               switched off" in text
    assert "Switched off by SPECTRA_PLUGINS='none'." in text
    assert "! l1" not in text  # what is off takes no name
    assert rows("losses")["acme:l1"]["switched_off"] is True


def test_the_doctors_last_word_is_shown(plugin_packages: PluginPackages) -> None:
    bad, good = plugin_packages.add("acme", {"losses": {"bad": "acme:Bad", "good": "acme:Good"}})
    verdicts.save({bad: "RuntimeError: first\nsecond", good: None})
    text = listed("losses")
    assert "! bad of acme: RuntimeError: first\n      second\n" in text
    words = {name: row["doctor"] for name, row in rows("losses").items()}
    assert (words["acme:bad"], words["acme:good"]) == ("fault", "ok")
    assert words["spectra-translate:l1"] == "not examined"


def test_corrupt_metadata_of_a_stranger_is_named_and_the_rest_listed(plugin_packages: PluginPackages) -> None:
    info = plugin_packages.write("bad", "[spectra.losses]\nno equals sign\n", "Name: bad\nVersion: 1\n")
    text = listed()
    assert f"Not listed: {info}: its metadata cannot be read" in text and "graydef" in text
    assert json.loads(CliRunner().invoke(main, ["list", "--json"]).output)["unreadable"][0]["where"] == str(info)
