"""Names to components, through the entry points of installed distributions. Nothing loads before it is asked for."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import invalidate_caches
from importlib.metadata import Distribution, EntryPoint, distribution, distributions
from typing import Any

from spectra.errors import BrokenPlugin, SpectraError, UnknownName

API_VERSION = 1
OWN_DISTRIBUTION = "spectra-translate"
GROUPS: Mapping[str, str] = {
    "translators": "translator",
    "losses": "loss",
    "metrics": "metric",
    "layouts": "layout",
    "commands": "command",
}
SWITCH = "SPECTRA_PLUGINS"


@dataclass(frozen=True)
class Plugin:
    """One advertised component: known by name, not yet loaded."""

    group: str
    name: str
    target: str
    distribution: str
    version: str

    @property
    def kind(self) -> str:
        return GROUPS[self.group]

    @property
    def own(self) -> bool:
        return self.distribution == OWN_DISTRIBUTION

    @property
    def full_name(self) -> str:
        return f"{self.distribution}:{self.name}"

    @property
    def admitted(self) -> bool:
        """Whether ``SPECTRA_PLUGINS`` lets it in: unset or ``all`` admits every one, empty or ``none`` only ours,
        anything else lists the distributions to admit."""
        listed = switch()
        return self.own or listed is None or self.distribution in listed

    def load(self) -> Any:
        """The component itself, checked; whatever its package does on the way becomes a ``BrokenPlugin``."""
        if not EntryPoint.pattern.fullmatch(self.target):
            raise self.broken(f"its entry point {self.target!r} does not have the form 'module:name'")
        try:
            component = EntryPoint(self.name, self.target, f"spectra.{self.group}").load()
            fault = fault_of(self.group, component)
        except KeyboardInterrupt:
            raise
        except BaseException as why:  # a plugin may raise anything, SystemExit too; it must not take the others down
            raise self.broken(reason(why)) from why
        if fault:
            raise self.broken(fault)
        return component

    def broken(self, reason: str) -> BrokenPlugin:
        return BrokenPlugin(self.kind, self.name, self.distribution, reason)


@dataclass(frozen=True)
class Unreadable:
    """A distribution that seems to advertise plugins, with metadata that cannot be read."""

    where: str
    reason: str


class Registry:
    """The components of one group."""

    def __init__(self, group: str, plugins: tuple[Plugin, ...]) -> None:
        self.group, self.kind = group, GROUPS[group]
        self.plugins = tuple(plugin for plugin in plugins if plugin.admitted)
        self._switched_off = tuple(plugin for plugin in plugins if not plugin.admitted)
        self._loaded: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(sorted({plugin.name for plugin in self.plugins}))

    def __contains__(self, name: object) -> bool:
        return any(name in (plugin.name, plugin.full_name) for plugin in self.plugins)

    def find(self, name: str) -> Plugin:
        """The plugin of a name, or of ``distribution:name``. Spectra's own keeps a name that another also takes."""
        found = _named(name, self.plugins)
        if not found:
            raise self._unknown(name)
        if len(found) > 1 and not found[0].own:  # our own come first
            choices = " or ".join(plugin.full_name for plugin in found)
            raise SpectraError(f"The {self.kind} name {name!r} is taken by several distributions: write {choices}.")
        return found[0]

    def get(self, name: str) -> Any:
        """The component itself, loaded when it is first asked for."""
        plugin = self.find(name)
        if plugin.full_name not in self._loaded:
            self._loaded[plugin.full_name] = plugin.load()
        return self._loaded[plugin.full_name]

    def clashes(self) -> dict[str, list[Plugin]]:
        """The names that more than one distribution takes."""
        by_name: dict[str, list[Plugin]] = {}
        for plugin in self.plugins:
            by_name.setdefault(plugin.name, []).append(plugin)
        return {name: plugins for name, plugins in by_name.items() if len(plugins) > 1}

    def _unknown(self, name: str) -> SpectraError:
        if off := _named(name, self._switched_off):
            return SpectraError(
                f"The {self.kind} {name!r} is switched off by {SWITCH}={os.environ.get(SWITCH, '')!r}.\n"
                f"Add its distribution {off[0].distribution!r} to {SWITCH}, or unset it to admit all."
            )
        return UnknownName(self.kind, name, self)


@cache
def registry(group: str) -> Registry:
    """The registry of ``translators``, ``losses``, ``metrics``, ``layouts`` or ``commands``."""
    return Registry(group, tuple(plugin for plugin in installed() if plugin.group == group))


def installed() -> tuple[Plugin, ...]:
    """Every plugin, those that ``SPECTRA_PLUGINS`` switches off too; ours before others."""
    return _survey()[0]


def unreadable() -> tuple[Unreadable, ...]:
    """The distributions whose plugins cannot even be listed."""
    return _survey()[1]


def refresh() -> None:
    """Look for plugins anew, after something was installed or the environment changed."""
    invalidate_caches()
    registry.cache_clear()
    _survey.cache_clear()


def switch() -> frozenset[str] | None:
    """The third-party distributions that ``SPECTRA_PLUGINS`` admits, or None for all."""
    listed = os.environ.get(SWITCH, "all").strip()
    if listed.lower() == "all":
        return None
    names = {_normal(name) for name in listed.split(",") if name.strip()}
    return frozenset(names - {"none"})


def _named(name: str, plugins: tuple[Plugin, ...]) -> list[Plugin]:
    return [plugin for plugin in plugins if name in (plugin.name, plugin.full_name)]


@cache
def _survey() -> tuple[tuple[Plugin, ...], tuple[Unreadable, ...]]:
    """One distribution at a time and not ``entry_points()``, which one stranger's broken file would break for all."""
    found: dict[tuple[str, str, str], Plugin] = {}
    strange: list[Unreadable] = []
    for one in distributions():
        try:
            for plugin in _plugins_of(one):
                found.setdefault((plugin.group, plugin.name, plugin.distribution), plugin)
        except Exception as why:  # whatever the parsers of importlib.metadata make of a stranger's file
            where = getattr(one, "_path", None) or one.locate_file("")  # only the private name tells which folder
            strange.append(Unreadable(str(where), f"its metadata cannot be read: {reason(why)}"))
    order = sorted(found.values(), key=lambda it: (it.group, it.name, not it.own, it.distribution))
    return tuple(order), tuple(strange)


def _plugins_of(one: Distribution) -> list[Plugin]:
    text = one.read_text("entry_points.txt") or ""
    if "spectra." not in text:  # most of what is installed: its metadata need not be parsed
        return []
    if missing := [key for key in ("Name", "Version") if key not in one.metadata]:
        raise ValueError(f"METADATA has no {' and no '.join(missing)}")
    name, version = one.metadata["Name"], one.metadata["Version"]
    if distribution(name).read_text("entry_points.txt") != text:  # an earlier entry of sys.path shadows it
        return []
    return [
        Plugin(entry.group.removeprefix("spectra."), entry.name, entry.value, _normal(name), version)
        for entry in one.entry_points
        if entry.group.startswith("spectra.") and entry.group.removeprefix("spectra.") in GROUPS
    ]


def _normal(distribution_name: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution_name.strip()).lower()


def fault_of(group: str, component: Any) -> str | None:
    """Why a loaded object cannot serve in its group, or None."""
    if group == "commands":
        from click import Command

        return None if isinstance(component, Command) else f"it is {component!r}, not a click command"
    if group == "layouts":
        from spectra.data.layout import Layout

        if not isinstance(component, Layout):
            return f"it is {component!r}, not an instance of spectra.Layout"
        return _version_fault(component.api_version)
    base = _base(group)
    if not (isinstance(component, type) and issubclass(component, base)):
        return f"it is {component!r}, not a subclass of spectra.{base.__name__}"
    if fault := _version_fault(getattr(component, "api_version", None)):
        return fault
    if abstract := getattr(component, "__abstractmethods__", None):
        return f"it does not implement {', '.join(sorted(abstract))}"
    return None


def _version_fault(version: Any) -> str | None:
    if version is None:
        return f"it does not say which plugin API it speaks: add `api_version = {API_VERSION}` to the class"
    return None if version == API_VERSION else f"it speaks plugin API {version}, this Spectra speaks {API_VERSION}"


def _base(group: str) -> type:
    if group == "translators":
        from spectra.translator import Translator

        return Translator
    if group == "losses":
        from spectra.loss import Loss

        return Loss
    from spectra.metric import Metric

    return Metric


def reason(why: BaseException) -> str:
    """What a stranger's exception says, in words that can be printed."""
    if isinstance(why, SystemExit):
        return f"it calls sys.exit({why.code!r}) when it is imported"
    try:
        text = str(why)
    except Exception as worse:
        text = f"its message cannot be had, for {type(worse).__name__}"
    told = f"{type(why).__name__}: {text}" if text else type(why).__name__
    return told.encode("utf-8", "backslashreplace").decode()
