"""A reader that decodes each image once: what it has decoded stays on disk, by the contents of the file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from spectra import cache
from spectra.data.cache.contents import HASH_BYTES, Contents, KnownFiles
from spectra.data.cache.plain import spot_of
from spectra.data.cache.store import Store
from spectra.data.catalogue import ImageFile, Window
from spectra.data.images import Header
from spectra.data.reader import Reader, Reading

VERSION = 1
"""Of what decoding makes of a file: raise it whenever the same bytes would become other pixels than before."""
WHOLE = 64 * 2**20
"""Bytes. Of a larger image windows are read as such, where its file allows it: all of it may not fit into memory."""


class DecodedReader:
    """In place of a ``Reader``: the same arrays, read-only, and none is decoded that has been decoded before.

    Files that hold their pixels as they are (NPY, TIFF without compression) are read directly.
    """

    def __init__(
        self,
        gigabytes: float,
        reader: Reading | None = None,
        folder: Path | None = None,
        notes: list[str] | None = None,
    ) -> None:
        """`notes`: a list to which it is added, at most once, why images are decoded again and again."""
        self.reader = reader or Reader()
        self.store = Store(folder or cache.home() / "decoded", int(gigabytes * 1e9), notes)
        self.files = KnownFiles()

    @property
    def notes(self) -> list[str]:
        return self.store.notes

    def header(self, file: ImageFile) -> Header:
        contents = self.files.contents(file.path)
        return self.reader.header(file) if contents is None else self._header(file, contents)

    def array(self, file: ImageFile, window: Window | None = None) -> NDArray[Any]:
        contents = self.files.contents(file.path)
        known = None if contents is None else self._known(file, contents, window)
        image = (self.reader.array(file, window) if known is None else known).view()
        image.flags.writeable = False
        return image

    def _known(self, file: ImageFile, contents: Contents, window: Window | None) -> NDArray[Any] | None:
        """From its place in the file, from the store, or decoded, and then kept; None where the reader knows better."""
        if contents.is_npy or (window is not None and self._is_large(file, contents)):
            return None
        if contents.plain is not None and not file.part:
            image = contents.plain.read(file.path, window)
            return image if self.files.unchanged(file.path, contents) else None
        key = self._key(file, contents)
        if key is None:
            return None
        image = self.store.get(key, whole=window is None)
        if image is None:
            image = self.reader.array(file)
            if self.files.unchanged(file.path, contents) and not self._is_plain(file, contents, image):
                self.store.put(key, image)
        return image if window is None else _cut(image, window)

    def _key(self, file: ImageFile, contents: Contents) -> bytes | None:
        """By contents and settings; None where the file cannot be read as it was just now."""
        if file.part not in contents.keys:
            digest = self.files.digest(file.path, contents)
            if digest is None:
                return None
            said = f"{VERSION}|{file.path.suffix.lower()}|{file.part}|".encode()
            contents.keys[file.part] = hashlib.blake2b(said + digest, digest_size=HASH_BYTES).digest()
        return contents.keys[file.part]

    def _is_plain(self, file: ImageFile, contents: Contents, image: NDArray[Any]) -> bool:
        if not contents.looked and not file.part:
            contents.plain, contents.looked = spot_of(file.path, image), True
        return contents.plain is not None

    def _is_large(self, file: ImageFile, contents: Contents) -> bool:
        header = self._header(file, contents)
        return header.windows and header.nbytes > WHOLE

    def _header(self, file: ImageFile, contents: Contents) -> Header:
        if file.part not in contents.headers:
            contents.headers[file.part] = self.reader.header(file)
        return contents.headers[file.part]


def _cut(image: NDArray[Any], window: Window) -> NDArray[Any]:
    """A copy: a view would hold the whole image in memory."""
    rows, columns = slice(window.top, window.top + window.height), slice(window.left, window.left + window.width)
    return image[rows, columns].copy("K")
