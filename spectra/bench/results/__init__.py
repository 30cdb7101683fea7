"""What a bench found: as data, as files and as tables."""

from __future__ import annotations

from spectra.bench.results.file import read_result, result_of, write_result
from spectra.bench.results.files import write_tables, written
from spectra.bench.results.image_scores import ImageScores, read_image_scores, write_image_scores
from spectra.bench.results.result import Result
from spectra.bench.results.terminal import text_table

__all__ = [
    "ImageScores",
    "Result",
    "read_image_scores",
    "read_result",
    "result_of",
    "text_table",
    "write_image_scores",
    "write_result",
    "write_tables",
    "written",
]
