"""The packages that only this plugin needs."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from spectra import SpectraError, undisturbed

PACKAGES = {"torchvision": "torchvision.models.detection", "pycocotools": "pycocotools.cocoeval"}
COMMAND = 'pip install "spectra-translate[detect]"'


def load_packages() -> None:
    """Load them before anything is drawn or learned, or say what is missing."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise SpectraError(f"A detection experiment needs {' and '.join(missing)}: {COMMAND}")
    with undisturbed():
        for module in PACKAGES.values():
            import_module(module)
