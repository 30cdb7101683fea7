"""An archive that appears whole or not at all, and never in the place of another."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from spectra import SpectraError

_WHEN = (1980, 1, 1, 0, 0, 0)  # the same results make the same bytes


def refuse_taken(out: Path) -> None:
    if os.path.lexists(out):
        raise SpectraError(f"{str(out)!r} exists already, and an archive is never written over. Choose another --out.")
    if out.suffix.lower() != ".zip":
        raise SpectraError(f"{str(out)!r} would be a ZIP archive: let --out end in .zip.")


def write_archive(path: Path, members: Iterable[tuple[str, bytes]]) -> None:
    """Members by their names; images are not packed a second time."""
    with ZipFile(path, "x") as archive:
        for name, content in members:
            entry = ZipInfo(name, _WHEN)
            entry.external_attr = 0o644 << 16
            entry.compress_type = ZIP_STORED if name.endswith(".png") else ZIP_DEFLATED
            archive.writestr(entry, content)
    with path.open("r+b") as file:
        os.fsync(file.fileno())


def take_name(temporary: Path, out: Path) -> None:
    """Fails where the name has been taken meanwhile."""
    try:
        os.link(temporary, out)
    except FileExistsError:
        refuse_taken(out)
        raise
    except OSError:  # a file system without links
        refuse_taken(out)
        temporary.rename(out)
