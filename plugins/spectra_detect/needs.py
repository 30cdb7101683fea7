"""The packages that only this plugin needs."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec

from spectra import SpectraError

PACKAGES = {"torchvision": "torchvision.models.detection", "pycocotools": "pycocotools.cocoeval"}
COMMAND = 'pip install "spectra-translate[detect]"'
HELD = (signal.SIGINT, signal.SIGTERM)


def load_packages() -> None:
    """Load them before anything is drawn or learned, or say what is missing."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise SpectraError(f"A detection experiment needs {' and '.join(missing)}: {COMMAND}")
    with _undisturbed():
        for module in PACKAGES.values():
            import_module(module)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Ctrl-C and SIGTERM wait: packages half loaded go on broken."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, HELD)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
