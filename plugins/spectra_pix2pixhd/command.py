"""`spectra pbvs`: archives for the challenge MAVIC-T of the workshop PBVS."""

from __future__ import annotations

from pathlib import Path

import click


@click.group(
    epilog="""\b
Examples:
  spectra pbvs pack runs/pbvs_sar2eo runs/pbvs_sar2rgb runs/pbvs_rgb2ir runs/pbvs_sar2ir --inputs test/
  spectra pbvs check submission.zip --inputs test/"""
)
def pbvs() -> None:
    """Pack and check submissions to MAVIC-T, the challenge of the workshop PBVS."""


@pbvs.command(
    epilog="""\b
Examples:
  spectra pbvs pack runs/pbvs_sar2eo --inputs sar2eo=unicorn/test --out first.zip
  spectra pbvs pack runs/pbvs_* --inputs test/ --extra-data --description "Trained for 40 epochs on one GPU"

\b
test/ holds test/sar2eo, test/sar2rgb, test/rgb2ir and test/sar2ir, those of them that a run is given for."""
)
@click.argument("runs", nargs=-1, required=True, metavar="RUN...")
@click.option(
    "--inputs",
    multiple=True,
    required=True,
    metavar="[TASK=]DIR",
    help="Folder with a sub-folder of images for each task, or the folder of one task; may be repeated.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), default=Path("submission.zip"), show_default=True, help="The archive."
)
@click.option("--format", type=click.Choice(["png", "tif"]), default="png", show_default=True)
@click.option("--description", default="", metavar="TEXT", help="What readme.txt says of the method.")
@click.option("--extra-data", is_flag=True, help="State that data from elsewhere was learned from.")
@click.option(
    "--device", default="cpu", show_default=True, metavar="D", help="Where to compute: cpu, cuda, cuda:1, mps."
)
def pack(
    runs: tuple[str, ...],
    inputs: tuple[str, ...],
    out: Path,
    format: str,
    description: str,
    extra_data: bool,
    device: str,
) -> None:
    """Translate the images of each task by its run, and write one archive as the challenge wants it.

    RUN is the folder of a run or of a model, or a ready name such as graydef; its model says which task it is for.
    Images get the size that the challenge wants, whatever that of the input; an archive is never written over.
    """
    from spectra_pix2pixhd.pack import pack as packed
    from spectra_pix2pixhd.pack_progress import bars

    with bars() as told:
        done = packed(
            runs,
            inputs,
            out,
            device=device,
            format=format,
            description=description,
            extra_data=extra_data,
            told=told,
        )
    click.echo("\n".join([done.checked.table(), *(f"Note: {note}" for note in done.notes), "", f"Archive: {done.out}"]))


@pbvs.command(
    epilog="""\b
Examples:
  spectra pbvs check submission.zip
  spectra pbvs check submission.zip --inputs test/"""
)
@click.argument("archive", type=click.Path(path_type=Path))
@click.option(
    "--inputs",
    multiple=True,
    metavar="[TASK=]DIR",
    help="Also look whether each of these images has its result; may be repeated.",
)
def check(archive: Path, inputs: tuple[str, ...]) -> None:
    """Say whether ARCHIVE is one that the challenge takes: names, sizes, types, counts and readme.txt."""
    from spectra_pix2pixhd.pack_check import check as checked
    from spectra_pix2pixhd.pack_inputs import images_of

    done = checked(archive, images_of(inputs))
    click.echo("\n".join([done.table(), *(f"Note: {note}" for note in done.notes)]))
    for fault in done.faults:
        click.echo(f"Fault: {fault}", err=True)
    if done.faults:
        raise click.exceptions.Exit(1)
