"""What is known of image files without decoding them, found out once for each file, whoever asks."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path

from spectra.data.catalogue import ImageFile, Window
from spectra.data.images import Header
from spectra.data.pairs import Picture
from spectra.data.pictures import can_hold
from spectra.data.reader import Reading, read
from spectra.errors import DataError, SpectraError
from spectra.modalities import Modality

EDGE = 65536


class Facts:
    """Headers and fingerprints by file.

    Headers are read one after the other: on a near disk a thread costs more than it saves.
    """

    def __init__(self, reader: Reading) -> None:
        self.reader = reader
        self._headers: dict[ImageFile, Header | SpectraError] = {}
        self._fingerprints: dict[Path, str] = {}

    def header(self, file: ImageFile) -> Header:
        """Raises the fault of a file that cannot be read whenever it is asked for."""
        if file not in self._headers:
            self._headers[file] = self._read_header(file)
        found = self._headers[file]
        if isinstance(found, SpectraError):
            raise found
        return found

    def readable(self, file: ImageFile) -> bool:
        """Whether it has a header that can be read."""
        try:
            return bool(self.header(file))
        except SpectraError:
            return False

    def size(self, file: ImageFile) -> tuple[int, int]:
        header = self.header(file)
        return header.height, header.width

    def mark(self, file: ImageFile) -> float | None:
        """The value that the file itself states for pixels without data, where its type can hold it."""
        header = self.header(file)
        return header.nodata if header.nodata is not None and can_hold(header.dtype, header.nodata) else None

    def picture(self, file: ImageFile, modality: Modality, window: Window | None = None) -> Picture:
        """The image; its own mark for no data counts where the scale states none."""
        if modality.scale.nodata is None and (mark := self.mark(file)) is not None:
            modality = modality.with_scale(replace(modality.scale, nodata=mark))
        return read(self.reader, file, modality, window)

    def fingerprint(self, file: ImageFile) -> str:
        """The size of a file and a hash of its first and last 64 KiB."""
        if file.path not in self._fingerprints:
            self._fingerprints[file.path] = _fingerprint(file.path)
        return self._fingerprints[file.path] + (f":{file.part}" if file.part else "")

    def _read_header(self, file: ImageFile) -> Header | SpectraError:
        try:
            return self.reader.header(file)
        except SpectraError as fault:
            return fault


def _fingerprint(path: Path) -> str:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            start = file.read(EDGE)
            file.seek(max(EDGE, size - EDGE))
            return f"{size}:{hashlib.sha256(start + file.read(EDGE)).hexdigest()}"
    except OSError as why:
        raise DataError(f"The image {str(path)!r} cannot be read: {why.strerror or why}.") from None
