"""Where the images of each task are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from spectra import SpectraError
from spectra_pix2pixhd.pack_tasks import TASKS

SUFFIXES = frozenset({".png", ".tif", ".tiff", ".jpg", ".jpeg"})
Found = tuple[list[Path], list[str]]
"""Images, and notes of what was left out."""


def inputs_of(said: Sequence[str], tasks: Sequence[str]) -> Mapping[str, Found]:
    """The images of each task: in the folder that `TASK=FOLDER` names, or in the sub-folder of a plain `FOLDER`."""
    root, own = _read(said)
    if strange := [task for task in own if task not in tasks]:
        raise SpectraError(f"--inputs {strange[0]}={own[strange[0]]}: no run that was given translates {strange[0]}.")
    return {task: _images(_folder(task, root, own)) for task in tasks}


def images_of(said: Sequence[str]) -> Mapping[str, list[Path]]:
    """The images of every task that has a folder there."""
    root, own = _read(said)
    tasks = [task for task in TASKS if task in own or (root is not None and (root / task).is_dir())]
    if root is not None and not tasks:
        raise SpectraError(f"--inputs {root}: no folder in it is named as a task: {', '.join(TASKS)}.")
    return {task: images for task, (images, _) in inputs_of(said, tasks).items()}


def _read(said: Sequence[str]) -> tuple[Path | None, dict[str, Path]]:
    root: Path | None = None
    own: dict[str, Path] = {}
    for text in said:
        task, equals, folder = text.partition("=")
        if equals and task in TASKS:
            if task in own:
                raise SpectraError(f"--inputs names two folders for {task}: {str(own[task])!r} and {folder!r}.")
            own[task] = Path(folder)
        elif root is not None:
            raise SpectraError(f"--inputs {text}: with several folders, say whose each is, such as sar2eo={text}.")
        else:
            root = Path(text)
    return root, own


def _folder(task: str, root: Path | None, own: Mapping[str, Path]) -> Path:
    folder = own.get(task) or (root / task if root is not None else None)
    if folder is None:
        raise SpectraError(f"--inputs does not say where the images of {task} are. Add --inputs {task}=FOLDER.")
    if not folder.is_dir():
        raise SpectraError(
            f"The images of {task} are looked for in {str(folder)!r}, which is no folder. Name another: --inputs "
            f"{task}=FOLDER."
        )
    return folder


def _images(folder: Path) -> Found:
    try:
        shown = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    except OSError as why:
        raise SpectraError(f"The folder {str(folder)!r} cannot be listed: {why.strerror}.") from None
    if inner := [path for path in shown if path.is_dir()]:
        raise SpectraError(
            f"{str(folder)!r} holds the folder {inner[0].name!r}, and the images of a task lie in one folder without "
            "others. Name the right one: --inputs TASK=FOLDER."
        )
    images = [path for path in shown if path.suffix.lower() in SUFFIXES]
    if not images:
        raise SpectraError(f"The folder {str(folder)!r} holds no image ({', '.join(sorted(SUFFIXES))}).")
    others = [path.name for path in shown if path not in images]
    told = [f"{len(others)} files of {str(folder)!r} are no images, and were left out: {', '.join(others[:3])}."]
    return images, told * bool(others)
