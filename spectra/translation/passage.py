"""One image through a model, from file to file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import torch
from torch import Tensor

from spectra.data.catalogue import Window
from spectra.data.formats.header import Header
from spectra.data.images import require_size
from spectra.data.pairs import Picture
from spectra.data.pictures import fits, wrong_channels
from spectra.errors import ImageError, SpectraError
from spectra.model import Model, device_of
from spectra.training.precision import tensor_cores
from spectra.translation import windows
from spectra.translation.inputs import Input, opened
from spectra.translation.outputs import Write, opened_output, require_place, takes_windows
from spectra.translation.remarks import require_room
from spectra.translation.sources import Job
from spectra.translation.work import Work, faults_of

Told = Callable[[str, int, int], None]


class Passage:
    """Called in several threads at once; an ``ImageError`` means this image alone."""

    def __init__(
        self,
        model: Model,
        dtype: str | None,
        *,
        chosen: bool = False,
        georeference: bool = True,
        told: Told | None = None,
    ) -> None:
        self.model, self.dtype, self.chosen, self.georeference, self.told = model, dtype, chosen, georeference, told
        self.device = device_of(model)
        self.stopped = Event()
        """Set where the images under way are to be given up, between two windows."""
        self._lane: ThreadPoolExecutor | None = None

    @contextmanager
    def open(self) -> Iterator[Passage]:
        """A network has a thread of its own, and all cores for one image at a time; formulas run side by side."""
        if not any(True for _ in self.model.parameters()):
            yield self
            return
        with ThreadPoolExecutor(1, "spectra-network") as self._lane:
            yield self

    def __call__(self, job: Job) -> list[str]:
        """Read, translate, write; what is to be said about it."""
        written = _time(job.source)
        with opened(job.source, self.georeference) as source:
            said = self._carried(job, source)
        if written > _time(job.output):  # the source is from the future: it must not seem to have changed since
            os.utime(job.output, ns=(written, written))
        return said

    def _carried(self, job: Job, source: Input) -> list[str]:
        task, header = self.model.task, source.header
        size = self.model.size_of((header.height, header.width))
        require_place(source, job.output, size)
        if not fits(header.channels, task.source):
            raise ImageError(wrong_channels(job.source, header.channels, task.source))
        with faults_of(job.source):
            dtype = self._type(header.dtype)
        work = Work(source, self.model, self.forward, dtype, self.chosen)
        plan = self._plan(work, job.output)
        result = Header(*size, task.target.channels, dtype)
        if size != (header.height, header.width):
            require_size(job.output, result)
        with opened_output(source, job.output, result, whole=len(plan) == 1, **work.kept) as write:
            for done, window in enumerate(plan, start=1):
                self._carry(work, window, write)
                self._tell(job, done, len(plan))
        return work.told()

    def _carry(self, work: Work, window: Window, write: Write) -> None:
        header = work.source.header
        margins = (self.model.reach or 0, self.model.translator.multiple)
        wide = windows.widened(window, (header.height, header.width), *margins)
        values, valid = work.translated(wide)
        if values.shape[:2] != (wide.height, wide.width):  # what resizes has no reach: the window is the whole image
            write(Window(0, 0, *values.shape[:2]), values, valid)
            return
        place = windows.inner(window, wide)
        write(window, values[place], None if valid is None else valid[place])

    def _plan(self, work: Work, output: Path) -> list[Window]:
        """The windows of a large image; of others, and where a window cannot give what the whole gives, the whole."""
        header, block, reach = work.source.header, work.source.block, self.model.reach
        large = header.height * header.width > windows.LARGE
        if large and reach is not None and takes_windows(work.source, output) and work.parts(reach):
            plan = windows.planned(header.height, header.width, block, windows.WINDOW)
            if windows.small_blocks(header, block):
                return plan
        try:
            require_size(work.source.path, header)
        except ImageError as why:
            raise ImageError(f"{why} {self._why_whole(work, output)}") from None
        return [Window(0, 0, header.height, header.width)]

    def _why_whole(self, work: Work, output: Path) -> str:
        if self.model.inference.resizes:
            return "The model resizes its images, and so needs them whole."
        if self.model.reach is None:
            return f"The translator {self.model.name!r} states no reach, and so needs whole images."
        if not takes_windows(work.source, output):
            return f"Files {output.suffix} are written whole; --format tif goes window by window."
        if not work.parts(self.model.reach):
            return "Its pixels without data take the mean of the whole image, as nothing marks them in the result."
        return "Its strips or tiles are too large to be read one by one."

    def _tell(self, job: Job, done: int, count: int) -> None:
        if self.stopped.is_set():
            raise CancelledError
        if self.told and count > 1:
            self.told(job.source.name, done, count)

    def _type(self, own: str) -> str:
        if self.dtype is None:
            require_room(self.model.task.target.scale, own)
        return self.dtype or own

    def forward(self, picture: Picture) -> Tensor:
        return self._lane.submit(self._forward, picture).result() if self._lane else self._forward(picture)

    def _forward(self, picture: Picture) -> Tensor:
        try:
            with torch.inference_mode(), tensor_cores("fp32"):
                pixels: Tensor = self.model(picture.pixels[None].to(self.device))[0].cpu()
        except SpectraError:
            raise
        except Exception as why:  # a stranger's translator may raise anything, at one image and not at the next
            raise SpectraError(f"the translator {self.model.name!r} raised {type(why).__name__}: {why}") from why
        if not torch.isfinite(pixels.sum()):
            raise SpectraError(f"the translator {self.model.name!r} gave values that are NaN or infinite.")
        return pixels


def _time(path: Path) -> int:
    """When the file was last written; of none, 0, as the reader words that fault."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
