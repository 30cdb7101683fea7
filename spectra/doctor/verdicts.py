"""The doctor's last word on each plugin, kept between commands."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass
from pathlib import Path

from spectra.cache import home
from spectra.registry import API_VERSION, Plugin

Key = tuple[str, str, str]  # group, name, distribution


@dataclass(frozen=True)
class Verdict:
    """What the doctor found when it examined one plugin: a fault, or None."""

    plugin: Plugin
    fault: str | None


class Verdicts:
    """Verdicts by plugin; one about another version or target of it is told apart."""

    def __init__(self, verdicts: Iterable[Verdict]) -> None:
        self._by_key: dict[Key, Verdict] = {_key(it.plugin): it for it in verdicts}

    def word(self, plugin: Plugin) -> str:
        """``ok``, ``fault``, ``not examined`` or ``examined in another version``."""
        verdict = self._by_key.get(_key(plugin))
        if verdict is None:
            return "not examined"
        if verdict.plugin != plugin:
            return "examined in another version"
        return "fault" if verdict.fault else "ok"

    def fault(self, plugin: Plugin) -> str | None:
        """Why it is faulty, where the verdict is about this very version."""
        verdict = self._by_key.get(_key(plugin))
        return verdict.fault if verdict and verdict.plugin == plugin else None


def place() -> Path:
    """One file for each environment: what is broken in one may be whole in another."""
    environment = f"{sys.prefix}|{sys.version}|{API_VERSION}"
    return home() / "doctor" / f"{hashlib.sha256(environment.encode()).hexdigest()[:16]}.json"


def read() -> Verdicts:
    """The kept verdicts; a file that is missing, or that nobody can read, says of each plugin ``not examined``."""
    try:
        kept = json.loads(place().read_text("utf-8"))
        return Verdicts([Verdict(Plugin(*map(str, it["plugin"])), _text(it["fault"])) for it in kept["verdicts"]])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Verdicts([])


def save(verdicts: Mapping[Plugin, str | None]) -> Path:
    """Keep them; raises OSError where the cache cannot be written."""
    from spectra.data.atomic import write_text

    path = place()
    path.parent.mkdir(parents=True, exist_ok=True)
    kept = [{"plugin": astuple(plugin), "fault": fault} for plugin, fault in verdicts.items()]
    write_text(path, json.dumps({"verdicts": kept}, indent=1))
    return path


def described(plugin: Plugin) -> dict[str, str]:
    """The metadata of a plugin, for JSON."""
    return asdict(plugin)


def _key(plugin: Plugin) -> Key:
    return plugin.group, plugin.name, plugin.distribution


def _text(fault: object) -> str | None:
    return None if fault is None else str(fault)
