"""`spectra weights export`: a model as the code of the method's authors reads it."""

from __future__ import annotations

from pathlib import Path

import click

from spectra.cli.loading import undisturbed
from spectra.errors import SpectraError


@click.command(
    "export",
    epilog="""\b
Examples:
  spectra weights export runs/pbvs_rgb2ir --out latest_net_G.pth
  spectra weights export models/nir --out nir.safetensors""",
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE", help=".pth, .pt or .safetensors")
def export(model: Path, out: Path) -> None:
    """Write the tensors of MODEL, the folder of a model or a run, under the names that its authors' code gives them.

    Tensors alone: the task, the settings and the scales stay in MODEL. FILE is never written over.
    """
    with undisturbed():  # torch costs two seconds: only when the work starts
        import spectra
        from spectra.official import require_new, write_checkpoint
    require_new(out)
    loaded = spectra.load(model)
    if not loaded.trained:
        raise SpectraError(f"{str(model)!r} is not trained: there is nothing to export.")
    state = loaded.translator.export_official()
    write_checkpoint(state, out)
    count = f"{len(state)} tensor{'s' * (len(state) != 1)}"
    click.echo(f"Wrote {out}: {count} of {loaded.name}, {loaded.task}.")
