"""Writes the package of a new plugin: a translator, a loss and a metric that work, to be replaced one by one."""

from __future__ import annotations

import keyword
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from spectra.errors import SpectraError
from spectra.registry import installed

SUFFIX = ".template"
PACKAGE = "package"
LONGEST = 30
NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
BLANK = re.compile(r"\{\{(\w+)\}\}")
TAKEN = {"Any", "Batch", "ClassVar", "Config", "Field", "Iterator", "Learning", "Mapping", "Player", "Settings"} | {
    *("Stage", "Task", "Tensor", "Translator", "Update")
}
"""Other things that the module of the new class calls so."""


def write_plugin(name: str, out: Path) -> Path:
    """A new folder in ``out`` with a complete package; it appears whole or not at all, and never over another."""
    words = words_of(name)
    folder = out / words["distribution"]
    if folder.exists() or folder.is_symlink():
        raise SpectraError(
            f"{str(folder)!r} exists already, and is left as it is. Choose another name or another --out."
        )
    place = out / f".{folder.name}.{secrets.token_hex(4)}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        place.mkdir()
    except OSError as why:
        raise SpectraError(f"Cannot write {str(folder)!r}: {why.strerror}.") from None
    try:
        for path, text in package_of(name).items():
            (place / path).parent.mkdir(parents=True, exist_ok=True)
            (place / path).write_text(text, encoding="utf-8", newline="\n")
        os.rename(place, folder)  # noqa: PTH104 - fails where the folder has appeared meanwhile and holds something
    except OSError as why:
        raise SpectraError(f"Cannot write {str(folder)!r}: {why.strerror}.") from why
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return folder


def package_of(name: str) -> dict[str, str]:
    """The files of the package: text by path."""
    words = words_of(name)
    return {path.replace(f"{PACKAGE}/", f"{words['package']}/", 1): _filled(text, words) for path, text in _templates()}


def words_of(name: str) -> Mapping[str, str]:
    """What stands in the templates' blanks, once the name is found good."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise SpectraError(
            f"{name!r} cannot name a plugin: lower-case letters, digits and single _ between them, a letter first, "
            f"at most {LONGEST} in all, such as my_method."
        )
    class_name = "".join(part.capitalize() for part in name.split("_"))
    if keyword.iskeyword(class_name) or class_name in TAKEN:
        raise SpectraError(
            f"{name!r} cannot name a plugin: its class {class_name} would hide another. Choose another name."
        )
    package, distribution = f"spectra_{name}", f"spectra-{name.replace('_', '-')}"
    if any(it.own and (name == it.name or it.target.startswith(f"{package}:")) for it in installed()):
        raise SpectraError(f"{name!r} cannot name a plugin: it is one of Spectra's own. Choose another name.")
    return {"name": name, "Class": class_name, "package": package, "distribution": distribution}


def _filled(text: str, words: Mapping[str, str]) -> str:
    return BLANK.sub(lambda blank: words[blank[1]], text)


def _templates() -> Iterator[tuple[str, str]]:
    return _walk(files("spectra") / "templates" / "plugin", "")


def _walk(folder: Traversable, above: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda it: it.name):
        if entry.is_dir():
            yield from _walk(entry, f"{above}{entry.name}/")
        elif entry.name.endswith(SUFFIX):
            yield above + entry.name.removesuffix(SUFFIX), entry.read_text(encoding="utf-8")
