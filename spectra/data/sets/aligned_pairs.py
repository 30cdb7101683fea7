"""Pairs of GeoTIFFs of differing grids: both are brought onto the grid of the source, where they overlap."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from spectra.data.catalogue import ImageFile, Window
from spectra.data.pairs import Picture
from spectra.data.pictures import as_picture, masked
from spectra.data.sets.listed_pairs import ListedPairs, Size, image_faults, refuse, require_size
from spectra.errors import DataError, SpectraError


class AlignedPairs(ListedPairs):
    """The source's pixels stay as they are; where not both images have data, neither has."""

    def _checked_sizes(self) -> list[Size]:
        if any(files.mask is not None for files in self.files):
            raise DataError("`data.align: geo` and `data.mask` do not go together: a mask does not say where it lies.")
        sizes: list[Size] = []
        refuse(self._faults(sizes))
        return sizes

    def _faults(self, sizes: list[Size]) -> Iterator[str]:
        from spectra.data.geo.raster import overlap_size  # rasterio comes with an extra

        for files in self.files:
            found = [
                fault
                for file, modality in ((files.source, self.task.source), (files.target, self.task.target))
                for fault in (*image_faults(file, modality, self.facts), *_halves(file))
            ]
            yield from found
            if found:
                continue
            try:
                sizes.append(overlap_size(files.source.path, files.target.path))
            except SpectraError as fault:
                yield str(fault)

    def _pictures(self, place: int, window: Window | None) -> tuple[Picture, Picture]:
        """Read whole, as the target's part of a window is known only when it has been moved; then cut."""
        from spectra.data.geo.raster import aligned

        files = self.files[place]
        *arrays, known = aligned(
            files.source.path, files.target.path, (self.task.source.scale.nodata, self.task.target.scale.nodata)
        )
        valid = torch.from_numpy(known)
        require_size(files.name, self.sizes[place], valid)
        if window is not None:
            rows = slice(window.top, window.top + window.height)
            columns = slice(window.left, window.left + window.width)
            arrays, valid = [array[rows, columns] for array in arrays], valid[rows, columns]
        for array in arrays:
            array[~valid.numpy()] = 0  # what is there may be no number
        source = as_picture(arrays[0], files.source, self.task.source)
        target = as_picture(arrays[1], files.target, self.task.target)
        return masked(source, valid), masked(target, valid)


def _halves(file: ImageFile) -> list[str]:
    return [f"{str(file)!r} is half of a file, and only whole files say where they lie."] if file.part else []
