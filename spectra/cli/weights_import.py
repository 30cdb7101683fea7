"""`spectra weights import`: known weights into the cache, or an official checkpoint into a model."""

from __future__ import annotations

import os
from pathlib import Path

import click

from spectra.cli.loading import undisturbed
from spectra.errors import ModelError


@click.command(
    "import",
    epilog="""\b
Examples:
  spectra weights import ~/Downloads/vgg19-dcbb9e9d.pth
  spectra weights import latest_net_G.pth --as pix2pixhd --out models/pbvs
  spectra weights import latest_net_G_A.pth --as cyclegan --task rgb2nir --out models/nir

\b
FILE is read without unpickling: .pth, .pt and .safetensors with tensors alone.""",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "translator", metavar="TRANSLATOR", help="The method whose checkpoint FILE is.")
@click.option("--out", type=click.Path(path_type=Path), metavar="MODEL", help="Folder of the model to write.")
@click.option("--task", metavar="TASK", help="Such as rgb2ir.  [default: by the file, as the method knows it]")
def import_weights(file: Path, translator: str | None, out: Path | None, task: str | None) -> None:
    """Take in FILE: pretrained weights, known by their hash, or with --as the checkpoint of a method's authors.

    Weights are copied into Spectra's cache. A checkpoint becomes the folder MODEL, and nothing is written over.
    """
    if translator is None:
        if out or task:
            raise click.UsageError("--out and --task belong to --as TRANSLATOR, which says whose checkpoint FILE is.")
        _weights(file)
    elif out is None:
        raise click.UsageError("--as needs --out MODEL: the folder of the model to write.")
    else:
        _checkpoint(file, translator, task, out)


def _weights(file: Path) -> None:
    from spectra.weights import find, import_file

    name = import_file(file)
    click.echo(f"{name}: {find(name)}")


def _checkpoint(file: Path, translator: str, task: str | None, out: Path) -> None:
    if os.path.lexists(out):
        raise ModelError(f"{str(out)!r} exists already; a model is never written over. Choose another folder.")
    with undisturbed():  # torch costs two seconds: only when the work starts
        from spectra.official import import_model
    model = import_model(file, translator, task)
    model.save(out)
    click.echo("\n".join([f"Wrote {out}: {translator}, {model.task}.", *(f"  {note}" for note in model.notes)]))
    click.echo(f"Use it: spectra translate {out} IMAGES --out RESULTS")
