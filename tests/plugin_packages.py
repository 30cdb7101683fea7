"""Made-up distributions with plugins, installed by writing the files that an installer would write."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from spectra.registry import Plugin, installed, refresh

GOOD_LOSS = """
from spectra.loss import Loss

class Good(Loss):
    api_version = 1

    def forward(self, prediction, target):
        return (prediction - target).abs().mean()
"""
GOOD_COMMAND = """
import click

@click.command()
def hello():
    click.echo("hello from a plugin")
"""


class PluginPackages:
    """A site folder; every change is seen by the registry at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def add(
        self, name: str, entries: Mapping[str, Mapping[str, str]], code: str = "", *, version: str = "1.0"
    ) -> list[Plugin]:
        """Install a distribution with one module of its own name; ``entries`` maps groups to names to targets."""
        lines = []
        for group, targets in entries.items():
            lines += [f"[spectra.{group}]", *(f"{entry} = {target}" for entry, target in targets.items()), ""]
        self.write(name, "\n".join(lines), f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", version)
        (self.folder / f"{name.replace('-', '_')}.py").write_text(code)
        refresh()
        return [plugin for plugin in installed() if plugin.distribution == name]

    def write(self, name: str, entry_points: str | bytes, metadata: str | bytes, version: str = "1.0") -> Path:
        """Install the metadata of a distribution, well-formed or not."""
        info = self.folder / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        for file, content in (("entry_points.txt", entry_points), ("METADATA", metadata)):
            (info / file).write_bytes(content if isinstance(content, bytes) else content.encode())
        refresh()
        return info

    def forget(self) -> None:
        """Leave no module of these distributions behind."""
        for name, module in list(sys.modules.items()):
            if str(getattr(module, "__file__", None) or "").startswith(str(self.folder)):
                del sys.modules[name]
        refresh()
