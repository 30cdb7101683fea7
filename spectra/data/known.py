"""The layouts that are installed; one that cannot be used fails alone."""

from __future__ import annotations

from collections.abc import Iterator

from spectra.data.layout import Layout
from spectra.errors import BrokenPlugin
from spectra.registry import Plugin, registry


def known_layouts(left_out: list[str]) -> Iterator[tuple[Plugin, Layout]]:
    """Every layout that loads; of the others, a note in `left_out`."""
    for plugin in registry("layouts").plugins:
        try:
            yield plugin, registry("layouts").get(plugin.full_name)
        except BrokenPlugin as why:
            left_out.append(f"The layout {plugin.full_name!r} was left out: {why.reason}")
