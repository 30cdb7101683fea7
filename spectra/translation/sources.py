"""What is to be translated, and where each result goes: files, folders and glob patterns, with their trees kept."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from spectra.data.images import SUFFIXES, find_images
from spectra.errors import DataError

MAGIC = frozenset("*?[")
STAMP = "spectra.json"
"""The file that marks a folder of results."""


@dataclass(frozen=True)
class Source:
    """An image, and the folder below which its tree is kept."""

    path: Path
    root: Path


@dataclass(frozen=True)
class Job:
    source: Path
    output: Path


def find_sources(sources: Sequence[Path | str], out: Path, results: set[Path] | None = None) -> list[Source]:
    """The images of files, folders and patterns, each once.

    Results of this and of other commands that lie in a source folder are left out; `results` is told their folders.
    """
    if not sources:
        raise DataError("There is nothing to translate: name files, folders or patterns.")
    found: dict[Path, Source] = {}
    for source in sources:
        for one in _found(Path(source), out, set() if results is None else results):
            found.setdefault(one.path.absolute(), one)
    return list(found.values())


def planned(sources: Iterable[Source], out: Path, suffix: Callable[[str], str]) -> list[Job]:
    """Where each result goes; refused where two would go to the same place."""
    jobs: dict[Path, Job] = {}
    for source in sources:
        place = out / source.path.relative_to(source.root)
        job = Job(source.path, place.with_suffix(suffix(place.suffix)))
        if other := jobs.get(job.output):
            raise _collision(other.source, job.source, f"would both become {str(job.output)!r}")
        jobs[job.output] = job
    for job in jobs.values():
        for folder in job.output.relative_to(out).parents:
            if other := jobs.get(out / folder):
                raise _collision(other.source, job.source, f"need {str(other.output)!r} as a file and as a folder")
    return list(jobs.values())


def _collision(one: Path, other: Path, what: str) -> DataError:
    return DataError(
        f"The results of {str(one)!r} and {str(other)!r} {what}. Nothing was translated. "
        "Rename one of them, or translate them with two commands into two folders."
    )


def _found(source: Path, out: Path, results: set[Path]) -> list[Source]:
    if os.path.isdir(source):  # noqa: PTH112 - False where `Path.is_dir` raises, of a name too long
        return _of_folder(source, out, results)
    if os.path.lexists(source):
        return [Source(source, source.parent)]
    if MAGIC.isdisjoint(str(source)):
        raise DataError(f"There is no file or folder {str(source)!r}.")
    return _of_pattern(source, out, results)


def _of_folder(folder: Path, out: Path, results: set[Path]) -> list[Source]:
    if folder.resolve() == _real(out):
        raise DataError(f"The output folder {str(out)!r} is the folder of the sources. Choose another --out.")
    found = _outside(find_images(folder), folder, out, results)
    if not found:
        raise DataError(f"The folder {str(folder)!r} holds no image ({', '.join(sorted(SUFFIXES))}).")
    return [Source(path, folder) for path in found]


def _of_pattern(pattern: Path, out: Path, results: set[Path]) -> list[Source]:
    parts = pattern.parts
    fixed = next(place for place, part in enumerate(parts) if not MAGIC.isdisjoint(part))
    root = Path(*parts[:fixed])
    matches = [path for match in _matches(root, parts[fixed:]) for path in _images(match)]
    found = _outside(dict.fromkeys(matches), root, out, results)
    if not found:
        raise DataError(f"The pattern {str(pattern)!r} matches no image ({', '.join(sorted(SUFFIXES))}).")
    return [Source(path, root) for path in found]


def _images(match: Path) -> list[Path]:
    return find_images(match) if match.is_dir() else [match] * (match.suffix.lower() in SUFFIXES)


def _outside(paths: Iterable[Path], root: Path, out: Path, results: set[Path]) -> list[Path]:
    """Those that do not lie in a folder of results below the root: this command's, or another's by its stamp."""
    real = _real(out)

    @cache
    def inside(folder: Path) -> bool:
        if folder.resolve().is_relative_to(real):
            return True
        if folder == root or root not in folder.parents:
            return False
        if (folder / STAMP).is_file():
            results.add(folder)
            return True
        return inside(folder.parent)

    return [path for path in paths if not inside(path.parent)]


def _real(out: Path) -> Path:
    return Path(os.path.realpath(out))  # `Path.resolve` raises of a link that leads to itself


def _matches(root: Path, parts: tuple[str, ...]) -> list[Path]:
    found = [root]
    for part in parts:
        step = _all_below(found) if part == "**" else (path for folder in found for path in _children(folder, part))
        found = list(dict.fromkeys(step))
    return found


def _children(folder: Path, part: str) -> Iterator[Path]:
    for path in _listed(folder):
        if fnmatchcase(path.name, part) and (part.startswith(".") or not path.name.startswith(".")):
            yield path


def _all_below(folders: Iterable[Path]) -> Iterator[Path]:
    """The folders and all below them, each entered once: a symlink may lead back."""
    seen: set[Path] = set()
    waiting = list(folders)
    while waiting:
        folder = waiting.pop(0)
        if not os.path.isdir(folder) or (real := folder.resolve()) in seen:  # noqa: PTH112 - of a name too long, False
            continue
        seen.add(real)
        yield folder
        waiting += [path for path in _listed(folder) if not path.name.startswith(".")]


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except NotADirectoryError:
        return []
    except OSError as why:
        raise DataError(f"The folder {str(folder)!r} cannot be listed: {why.strerror}.") from None
