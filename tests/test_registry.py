from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from spectra.data.layout import About, Layout, Side
from spectra.errors import BrokenPlugin, SpectraError, UnknownName
from spectra.registry import (
    API_VERSION,
    OWN_DISTRIBUTION,
    SWITCH,
    Plugin,
    fault_of,
    installed,
    refresh,
    registry,
    unreadable,
)
from tests.plugin_packages import GOOD_LOSS, PluginPackages

LOSS = {"losses": {"strange": "stranger:Good"}}


def test_a_plugin_of_a_strangers_package_is_found_and_loaded(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("stranger", LOSS, GOOD_LOSS)
    assert "strange" in list(registry("losses"))
    assert registry("losses").get("strange").__name__ == "Good"
    assert registry("losses").get("strange") is registry("losses").get("stranger:strange")


def test_listing_loads_nothing(plugin_packages: PluginPackages, tmp_path: Path) -> None:
    mark = tmp_path / "loaded"
    plugin_packages.add("stranger", LOSS, f"open({str(mark)!r}, 'w').close()\n{GOOD_LOSS}")
    names = list(registry("losses"))
    assert "strange" in names and "strange" in registry("losses")
    assert registry("losses").find("strange").full_name == "stranger:strange"
    assert not mark.exists()
    registry("losses").get("strange")
    assert mark.exists()


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("raise RuntimeError('no licence')", "RuntimeError: no licence"),
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("this is no Python", "SyntaxError"),
        ("import sys; sys.exit('bye')", "it calls sys.exit('bye') when it is imported"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class Odd(Exception):\n  def __str__(self): raise ValueError\nraise Odd", "Odd: its message cannot be had"),
        ("raise ValueError('\\udcff')", "ValueError: "),
        ("", "AttributeError: module 'stranger' has no attribute 'Good'"),
        ("class Good: pass", "it is <class 'stranger.Good'>, not a subclass of spectra.Loss"),
        ("Good = 3", "it is 3, not a subclass of spectra.Loss"),
        (f"{GOOD_LOSS}    api_version = 99", f"it speaks plugin API 99, this Spectra speaks {API_VERSION}"),
        ("from spectra.loss import Loss\nclass Good(Loss): pass", "add `api_version = 1` to the class"),
        ("from spectra.loss import Loss\nclass Good(Loss): api_version = 1", "it does not implement forward"),
        ("class Meta(type):\n  def __repr__(self): raise ValueError('odd')\nclass Good(metaclass=Meta): pass", "odd"),
    ],
)
def test_a_broken_plugin_is_named_with_its_distribution_and_reason_and_harms_no_other(
    plugin_packages: PluginPackages, code: str, reason: str
) -> None:
    plugin_packages.add("stranger", LOSS, code)
    plugin_packages.add("whole", {"losses": {"whole": "whole:Good"}}, GOOD_LOSS)
    with pytest.raises(BrokenPlugin) as caught:
        registry("losses").get("strange")
    assert caught.value.distribution == "stranger"
    assert reason in caught.value.reason
    assert "'strange'" in str(caught.value) and "pip uninstall stranger" in str(caught.value)
    str(caught.value).encode()
    assert registry("losses").get("whole").__name__ == "Good"


def test_an_entry_point_that_is_no_module_and_name_is_a_fault(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("stranger", {"losses": {"strange": "no module at all"}})
    with pytest.raises(BrokenPlugin, match="does not have the form 'module:name'"):
        registry("losses").get("strange")


def test_ctrl_c_during_an_import_is_not_taken_for_a_fault(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("stranger", LOSS, "raise KeyboardInterrupt")
    with pytest.raises(KeyboardInterrupt):
        registry("losses").get("strange")


def test_a_name_that_a_stranger_also_takes_stays_ours(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("aaa-first", {"losses": {"l1": "aaa_first:Good"}}, GOOD_LOSS)
    assert registry("losses").find("l1").distribution == OWN_DISTRIBUTION
    assert registry("losses").get("aaa-first:l1").__module__ == "aaa_first"
    assert [it.distribution for it in registry("losses").clashes()["l1"]] == [OWN_DISTRIBUTION, "aaa-first"]


def test_a_name_that_two_strangers_take_is_refused_with_both_full_names(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("one", {"losses": {"same": "one:Good"}}, GOOD_LOSS)
    plugin_packages.add("two", {"losses": {"same": "two:Good"}}, GOOD_LOSS)
    with pytest.raises(SpectraError, match="taken by several distributions: write one:same or two:same"):
        registry("losses").find("same")
    assert registry("losses").get("two:same").__module__ == "two"


def test_an_unknown_name_gets_the_nearest_one(plugin_packages: PluginPackages) -> None:
    plugin_packages.add("stranger", LOSS, GOOD_LOSS)
    with pytest.raises(UnknownName, match=r"No loss is named 'strnge'\. Did you mean 'strange'\?\nKnown: .*strange"):
        registry("losses").get("strnge")


@pytest.mark.parametrize(
    ("value", "admitted"),
    [
        (None, {"good-one", "other"}),
        ("all", {"good-one", "other"}),
        ("ALL", {"good-one", "other"}),
        ("", set()),
        ("none", set()),
        ("good-one", {"good-one"}),
        (" Good_One , missing", {"good-one"}),
        ("good.one,other", {"good-one", "other"}),
    ],
)
def test_an_environment_variable_switches_strangers_off(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch, value: str | None, admitted: set[str]
) -> None:
    plugin_packages.add("good-one", {"losses": {"first": "good_one:Good"}})
    plugin_packages.add("other", {"losses": {"second": "other:Good"}})
    if value is not None:
        monkeypatch.setenv(SWITCH, value)
    refresh()
    assert {it.distribution for it in registry("losses").plugins} == {OWN_DISTRIBUTION, *admitted}
    assert {it.distribution for it in installed()} == {OWN_DISTRIBUTION, "good-one", "other"}


def test_a_plugin_that_is_switched_off_says_so(
    plugin_packages: PluginPackages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SWITCH, "none")
    plugin_packages.add("stranger", LOSS, GOOD_LOSS)
    with pytest.raises(
        SpectraError, match=r"switched off by SPECTRA_PLUGINS='none'\.\nAdd its distribution 'stranger'"
    ):
        registry("losses").get("strange")


@pytest.mark.parametrize(
    ("entry_points", "metadata"),
    [
        ("[spectra.losses]\nno equals sign\n", "Name: bad\nVersion: 1\n"),
        (b"[spectra.losses]\nx = \xff\xfe:Y\n", "Name: bad\nVersion: 1\n"),
        ("[spectra.losses]\nx = y:Z\n", ""),
        ("[spectra.losses]\nx = y:Z\n", "Name: bad\n"),
        ("[spectra.losses]\nx = y:Z\n", b"Name: \xff\xff\nVersion: 1\n"),
    ],
)
def test_a_strangers_corrupt_metadata_is_told_and_harms_no_other(
    plugin_packages: PluginPackages, entry_points: str | bytes, metadata: str | bytes
) -> None:
    info = plugin_packages.write("bad", entry_points, metadata)
    plugin_packages.add("whole", {"losses": {"whole": "whole:Good"}})
    assert {"whole", "l1"} <= set(registry("losses"))
    assert [it.where for it in unreadable()] == [str(info)]
    assert "its metadata cannot be read" in unreadable()[0].reason


def test_corrupt_metadata_without_plugins_is_no_concern_of_ours(plugin_packages: PluginPackages) -> None:
    plugin_packages.write("bad", b"[console_scripts]\n\xff\xff no equals sign\n[other]\n", b"\xff")
    plugin_packages.write("worse", "[console_scripts]\nno equals sign\n", "")
    assert "l1" in registry("losses")
    assert all("worse" not in it.where for it in unreadable())


def test_groups_that_are_not_ours_are_left_alone(plugin_packages: PluginPackages) -> None:
    assert plugin_packages.add("other", {"gadgets": {"x": "other:X"}}) == []


def test_the_first_of_two_installed_versions_counts_as_it_does_for_imports(
    plugin_packages: PluginPackages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plugin_packages.add("stranger", LOSS, GOOD_LOSS, version="1.0")
    later = PluginPackages(tmp_path / "earlier-on-the-path")
    monkeypatch.syspath_prepend(str(later.folder))
    found = later.add("stranger", {"losses": {"renamed": "stranger:Good"}}, GOOD_LOSS, version="2.0")
    assert [(it.name, it.version) for it in found] == [("renamed", "2.0")]


def test_refresh_sees_what_was_installed_and_uninstalled(plugin_packages: PluginPackages) -> None:
    assert "strange" not in registry("losses")
    plugin_packages.add("stranger", LOSS, GOOD_LOSS)
    assert "strange" in registry("losses")
    shutil.rmtree(plugin_packages.folder / "stranger-1.0.dist-info")
    assert "strange" in registry("losses")
    refresh()
    assert "strange" not in registry("losses")


def test_commands_and_layouts_are_judged_by_what_they_must_be() -> None:
    fake = SimpleNamespace(main=print)
    assert fault_of("commands", fake) == f"it is {fake!r}, not a click command"
    assert fault_of("layouts", 3) == "it is 3, not an instance of spectra.Layout"
    assert "not an instance" in str(fault_of("layouts", Layout))  # the class itself, where an instance is due
    about = About(what="x", size="x", licence="x", where="x")
    assert fault_of("layouts", Layout("x", "x", about, (Side("rgb", "{name}.*"),), "{name}")) is None

    class Newer(Layout):
        api_version = 9

    assert fault_of("layouts", Newer("x", "x", about, (), "")) == "it speaks plugin API 9, this Spectra speaks 1"


def test_the_kinds_of_a_plugin_are_words() -> None:
    plugin = Plugin("losses", "l1", "a:B", OWN_DISTRIBUTION, "1")
    assert (plugin.kind, plugin.own, plugin.admitted, plugin.full_name) == ("loss", True, True, "spectra-translate:l1")
