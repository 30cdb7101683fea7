"""Pretrained backbones: where they are, how they are fetched and verified, what is said when they are missing.

    state = weights.load("vgg19")  # tensors by name, or MissingWeights, which tells the remedy

Nothing is fetched unless it is asked for by ``fetch``, and nothing is loaded by a name whose hash is not the known one;
``read`` takes any file that somebody named.
"""

from __future__ import annotations

from .fetching import fetch
from .finding import find
from .importing import import_file
from .known import KNOWN, Entry, entry
from .loading import load, read
from .missing import MissingWeights

__all__ = ["KNOWN", "Entry", "MissingWeights", "entry", "fetch", "find", "import_file", "load", "read"]
