"""`spectra weights`: pretrained backbones, and the checkpoints of methods' authors."""

from __future__ import annotations

from collections.abc import Mapping

import click

from spectra.cli.main import Home
from spectra.cli.subcommands import Subcommands

SUBCOMMANDS: Mapping[str, Home] = {
    "list": Home("spectra.cli.weights_list", "list_weights", "List the pretrained weights, and which are here."),
    "fetch": Home("spectra.cli.weights_fetch", "fetch", "Fetch pretrained weights from the network."),
    "import": Home("spectra.cli.weights_import", "import_weights", "Take in a file: known weights, or a checkpoint."),
    "export": Home("spectra.cli.weights_export", "export", "Write a model as its authors' code reads it."),
}


@click.command(
    "weights",
    cls=Subcommands,
    table=SUBCOMMANDS,
    epilog="""\b
Examples:
  spectra weights list
  spectra weights fetch vgg19
  spectra weights import vgg19-dcbb9e9d.pth
  spectra weights import latest_net_G.pth --as pix2pixhd --out models/pbvs""",
)
def weights() -> None:
    """Pretrained backbones: see, fetch and import them; import and export the checkpoints of methods' authors."""
