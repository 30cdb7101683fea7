"""The report of a bench: one HTML file that needs no network."""

from __future__ import annotations

from spectra.bench.page.bench_page import bench_page, write_page

__all__ = ["bench_page", "write_page"]
