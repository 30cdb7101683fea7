"""Words of a file that are taken for nothing else."""

from __future__ import annotations

from pydantic import ConfigDict

from spectra.settings import Config


class Exact(Config):
    """Nothing is taken for something else: "1" is not a number, and 1.5 no count."""

    model_config = ConfigDict(strict=True)
