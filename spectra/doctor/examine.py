"""What ails an installation: versions, devices, plugins, weights and extras. A report, nothing is changed."""

from __future__ import annotations

import os
import platform
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distributions, version
from typing import Any

from spectra import cache
from spectra.doctor import verdicts
from spectra.doctor.clashes import clash
from spectra.doctor.probe import Answer, Question, ask, threads
from spectra.registry import OWN_DISTRIBUTION, SWITCH, Plugin, installed, reason, switch, unreadable
from spectra.weights.finding import search
from spectra.weights.known import KNOWN

REQUIRED = ("torch", "numpy", "tifffile", "click", "pyyaml", "pydantic", "safetensors", "jinja2", "rich")
OPENCV = ("opencv-python-headless", "opencv-python", "opencv-contrib-python", "opencv-contrib-python-headless")
EXTRAS = (
    *("torchvision", "timm", "kornia", "lpips", "torch-fidelity", "torchmetrics"),
    *("rasterio", "onnx", "tensorboard", "starlette", "ray"),
)
LIMIT = 60.0


@dataclass(frozen=True)
class Judged:
    """One plugin as the doctor saw it."""

    plugin: Plugin
    status: str  # ok, fault or switched off
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """All that the doctor found; ``faults`` are what makes it end with exit code 1."""

    versions: dict[str, str | None]
    devices: dict[str, Any]
    plugins: list[Judged]
    faults: list[str]
    notes: list[str]
    weights: dict[str, Any]
    extras: dict[str, str | None]


def examine(reserved: Collection[str] = (), limit: float = LIMIT) -> Report:
    """Examine this installation; each plugin is loaded apart, for ``limit`` seconds at most.

    ``reserved`` are the names of built-in commands, which a plugin's command must not take.
    """
    admitted = [plugin for plugin in installed() if plugin.admitted]
    found, devices = judge(admitted, limit)
    judged = [_judged(plugin, found, reserved) for plugin in installed()]
    return Report(
        versions=_versions(),
        devices=devices,
        plugins=judged,
        faults=[*_import_clashes(), *(f"{it.where}: {it.reason}" for it in unreadable())],
        notes=[*_switch_notes(), *_opencv_notes(), *_save(found)],
        weights=_weights(),
        extras={name: _version(name) for name in EXTRAS},
    )


def judge(plugins: Iterable[Plugin], limit: float) -> tuple[dict[Plugin, str | None], dict[str, Any]]:
    """The fault of each plugin, or None, and the devices.

    Ours share a process, as importing torch for each would take long; unless all goes well there, each is judged alone.
    """
    plugins = list(plugins)
    own = tuple(plugin for plugin in plugins if plugin.own)
    alone = [Question((plugin,)) for plugin in plugins if not plugin.own]
    devices, shared, *rest = ask([Question(devices=True), Question(own), *alone], limit)
    found = _verdicts(alone, rest)
    if shared.cut or any(shared.said):
        again = [Question((plugin,)) for plugin in own]
        found |= _verdicts(again, ask(again, limit))
    else:
        found |= dict.fromkeys(own)
    return found, _devices(devices)


def _verdicts(questions: list[Question], answers: list[Answer]) -> dict[Plugin, str | None]:
    asked = [question.plugins[0] for question in questions]
    return {
        plugin: answer.said[0] if answer.said else answer.cut for plugin, answer in zip(asked, answers, strict=True)
    }


def _judged(plugin: Plugin, found: dict[Plugin, str | None], reserved: Collection[str]) -> Judged:
    if not plugin.admitted:
        return Judged(plugin, "switched off", ())
    taken = None if plugin.own else clash(plugin, reserved)
    faults = tuple(it for it in (found[plugin], taken) if it)
    return Judged(plugin, "fault" if faults else "ok", faults)


def _save(found: dict[Plugin, str | None]) -> list[str]:
    try:
        verdicts.save(found)
    except OSError as why:
        where = verdicts.place().parent
        return [f"`spectra list` will not show these verdicts, as {where} cannot be written: {why.strerror}."]
    return []


def _versions() -> dict[str, str | None]:
    required = {name: _version(name) for name in REQUIRED}
    opencv = {name: _version(name) for name in OPENCV if _version(name)} or {OPENCV[0]: None}
    own = {"spectra": _version(OWN_DISTRIBUTION), "python": platform.python_version(), "system": platform.platform()}
    return {**own, **required, **opencv}


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
    except Exception as why:  # a damaged METADATA file
        return f"unknown ({type(why).__name__})"


def _devices(answer: Answer) -> dict[str, Any]:
    accelerators = answer.said[0] if answer.said else {"cuda": [], "mps": False, "error": f"torch: {answer.cut}"}
    return {"cpu": {"name": platform.machine(), "threads": threads(), "memory": _memory()}, **accelerators}


def _memory() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system without these names
        return None


def _import_clashes() -> list[str]:
    """A colour library of that name also installs ``spectra``; whichever came last has written over the other."""
    return [
        f"The distribution {name!r} also installs the import package 'spectra', and the two overwrite each other. "
        f"Mend it: pip uninstall -y {name} {OWN_DISTRIBUTION} && pip install {OWN_DISTRIBUTION}"
        for name in sorted(_owners_of_our_package())
    ]


def _owners_of_our_package() -> Iterable[str]:
    for one in distributions():
        try:
            listed = (one.read_text("top_level.txt") or "").split()
            files = one.read_text("RECORD") or one.read_text("SOURCES.txt") or ""
            name = str(one.metadata["Name"]) if "spectra" in listed or "\nspectra/" in f"\n{files}" else ""
        except (
            ValueError,
            TypeError,
            LookupError,
        ):  # a stranger's damaged metadata, no concern of ours
            continue
        if name and name.replace("_", "-").lower() != OWN_DISTRIBUTION:
            yield name


def _switch_notes() -> list[str]:
    listed = switch()
    if listed is None:
        return []
    unknown = sorted(listed - {plugin.distribution for plugin in installed()})
    notes = [f"{SWITCH}={os.environ.get(SWITCH, '')!r} switches the plugins of other distributions off."]
    return notes + [f"{SWITCH} names {name!r}, which advertises no plugin here." for name in unknown]


def _opencv_notes() -> list[str]:
    several = [name for name in OPENCV if _version(name)]
    if len(several) < 2:
        return []
    return [f"{' and '.join(several)} overwrite each other's package cv2: keep one of them."]


def _weights() -> dict[str, Any]:
    folder = cache.weights()
    try:
        files = sum(1 for path in folder.rglob("*") if path.is_file())
    except OSError as why:
        return {"folder": str(folder), "files": 0, "note": reason(why), "found": {}, "refused": []}
    note = None if folder.is_dir() else "the folder is not there yet"
    found = {name: search(wanted) for name, wanted in KNOWN.items()}
    return {
        "folder": str(folder),
        "files": files,
        "note": note,
        "set_by": cache.HOME,
        "found": {name: str(it.found) if it.found else None for name, it in found.items()},
        "refused": [why for it in found.values() for why in it.refused],
    }
