"""What stands beside a set of generated images: what made them, of what. Its folder holds nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spectra.data.atomic import atomic, write_text
from spectra.data.images import find_images
from spectra.errors import DataError
from spectra.translation.alone import LOCK, write_faults

NAME = "provenance.json"
MADE_BY = "spectra expand"
_LEFTOVER = re.compile(r"\.[0-9a-f]{16}(\.[A-Za-z]{3,4})?")


class Provenance:
    """The file of one folder, from the first image to the last label."""

    def __init__(self, out: Path, work: Mapping[str, Any]) -> None:
        self.out, self.path = out, out / NAME
        self.work = _plain(work)
        """All that decides what the labels hold: only the same work goes on here."""
        self.before = self._read()

    def begin(self, outputs: Iterable[Path], model: Mapping[str, Any]) -> None:
        """Refused where the folder holds anything that this work did not make. ``model``: what decides the images."""
        model = _plain(model)
        self._require_same(model)
        self._require_own(set(outputs))
        if self.before.get("finished"):
            self._require_untouched()
        self._sweep()
        begun = self.before.get("begun") or _now()
        self._keep({**self.before, "made_by": MADE_BY, "begun": begun, "finished": None, "model": model, **self.work})

    def write_labels(self, files: Iterable[tuple[str, str]]) -> dict[str, str]:
        """All files of the labels, each whole or not at all, and their hashes; those of before that are no more go."""
        hashes: dict[str, str] = {}
        with write_faults(self.out):
            for name, text in files:
                data = text.encode()
                hashes[name] = hashlib.sha256(data).hexdigest()
                self._require_free(self.out / name, data, name)
                _put(self.out / name, data)
            for name in self.before.get("files", {}):
                if name not in hashes:
                    (self.out / name).unlink(missing_ok=True)
        return hashes

    def end(self, said: Mapping[str, Any]) -> None:
        kept = {key: self.content[key] for key in ("made_by", "begun")}
        model = self.content["model"]
        self._keep({**kept, "finished": _now(), "model": model, **self.work, **said})

    def _keep(self, content: dict[str, Any]) -> None:
        self.content = content
        with write_faults(self.out):
            write_text(self.path, json.dumps(content, indent=2) + "\n")

    def _read(self) -> dict[str, Any]:
        if not os.path.lexists(self.path):
            return {}
        try:
            said = json.loads(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError) as why:
            raise DataError(f"{str(self.path)!r} cannot be read ({why}). Choose another --out.") from None
        if not isinstance(said, dict) or said.get("made_by") != MADE_BY:
            raise DataError(f"{str(self.path)!r} is not of `{MADE_BY}`. Nothing is written over: choose another --out.")
        return said

    def _require_same(self, model: Mapping[str, Any]) -> None:
        said = {**self.work, "model": model}
        keys = [key for key in said if self.before and self.before.get(key) != said[key]]
        if not keys:
            return
        if not find_images(self.out) and not self.before.get("files"):
            self.before = {"made_by": MADE_BY}  # of work that came to nothing
        else:
            told = "\n".join(f"  {key}: {self.before.get(key, 'nothing')} there, {said[key]} now" for key in keys)
            raise DataError(
                f"The folder {str(self.out)!r} holds results of other work, and nothing is written over:\n{told}\n"
                "Choose another --out, or give the command that began it to go on with it."
            )

    def _require_own(self, outputs: set[Path]) -> None:
        """Without the file, nothing here is ours; with it, all images but those that were or will be made are not."""
        if self.before:
            known = outputs | {self.out / "images" / entry["image"] for entry in self.before.get("images", ())}
            strange = [path for path in find_images(self.out) if path not in known]
        else:
            strange = [path for path in sorted(self.out.iterdir()) if not _passing(path.name)]
        if strange:
            more = f" and {len(strange) - 1} more" if len(strange) > 1 else ""
            raise DataError(
                f"The folder {str(self.out)!r} holds what `{MADE_BY}` did not make: {str(strange[0])!r}{more}. "
                "Generated images are not written among others: choose a new --out. To have both in one file: --mix."
            )

    def _require_free(self, path: Path, data: bytes, name: str) -> None:
        """A file that came after all was done, and by somebody else, stays."""
        strange = bool(self.before.get("finished")) and name not in self.before.get("files", {})
        if strange and path.is_file() and path.read_bytes() != data:
            raise DataError(f"{str(path)!r} is not of `{MADE_BY}`. Nothing is written over: move it away.")

    def _sweep(self) -> None:
        """Remove what a killed call left half written."""
        with write_faults(self.out):
            for path in [*self.out.iterdir(), *(self.out / "labels").rglob(".*")]:
                if _LEFTOVER.fullmatch(path.name):
                    path.unlink(missing_ok=True)

    def _require_untouched(self) -> None:
        for name, known in self.before.get("files", {}).items():
            path = self.out / name
            if path.is_file() and hash_of(path) != known:
                raise DataError(
                    f"{str(path)!r} has changed since it was written, and nothing is written over. "
                    "Move it away, or choose another --out."
                )


def hash_of_labels(path: Path) -> str:
    """Of a file; of a folder, by the names and hashes of the files in it."""
    if path.is_file():
        return hash_of(path)
    digest = hashlib.sha256()
    for file in sorted(file for file in path.rglob("*") if file.suffix in (".txt", ".xml", ".yaml") and file.is_file()):
        digest.update(f"{file.relative_to(path).as_posix()}\n{hash_of(file)}\n".encode(errors="surrogateescape"))
    return digest.hexdigest()


def hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _put(path: Path, data: bytes) -> None:
    """As it is already, or written anew."""
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic(path, durable=False) as temporary:  # can be made again, and there are many
        temporary.write_bytes(data)


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    plain: dict[str, Any] = json.loads(json.dumps(dict(content)))
    return plain


def _passing(name: str) -> bool:
    """What is there while we are at work, or is left by one who was killed."""
    return name == LOCK or bool(_LEFTOVER.fullmatch(name))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
