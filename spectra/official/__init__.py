"""Checkpoints of the methods' own authors: read without unpickling, made into models, and written back."""

from __future__ import annotations

from .models import import_model
from .reading import CheckpointError, read_checkpoint
from .writing import require_new, write_checkpoint

__all__ = ["CheckpointError", "import_model", "read_checkpoint", "require_new", "write_checkpoint"]
