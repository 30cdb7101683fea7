"""The doctor's findings on one page, with pictures of the worst places, needing no network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from spectra.data.atomic import write_text
from spectra.data.catalogue import Place
from spectra.data.checkup.check import Checked
from spectra.data.checkup.finding import Finding, Kind, Level
from spectra.data.checkup.judge import name_of
from spectra.data.preview import Image, embedded, fitted, preview
from spectra.data.reader import Reader
from spectra.errors import SpectraError

WIDEST = 256
"""Pixels of a picture on the page."""
WORST = 6
"""Findings of each kind that are shown with pictures."""
LISTED = 20
"""Findings of each kind that are told on the page; all of them stand in the JSON."""
PLACES = 2


@dataclass(frozen=True)
class Thumbnail:
    what: str
    picture: str


@dataclass(frozen=True)
class Shown:
    finding: Finding
    thumbnails: tuple[Thumbnail, ...]


@dataclass(frozen=True)
class Section:
    kind: Kind
    level: Level
    count: int
    shown: tuple[Shown, ...]
    told: tuple[str, ...]
    more: int


def write_page(checked: Checked, path: Path) -> None:
    """Write the page to a new file; nothing is written over."""
    if path.exists():
        raise SpectraError(f"{str(path)!r} exists already, and nothing is written over. Choose another file.")
    if not path.parent.is_dir():
        raise SpectraError(f"There is no folder {str(path.parent)!r} to write the page into.")
    text = page(checked)
    try:
        write_text(path, text)
    except OSError as why:
        raise SpectraError(f"The page {str(path)!r} cannot be written: {why.strerror or why}.") from None


def page(checked: Checked) -> str:
    environment = Environment(
        loader=PackageLoader("spectra.data.checkup"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("check.html").render(
        checked=checked, sections=sections(checked), groups=checked.groups[:LISTED], Level=Level
    )


def sections(checked: Checked) -> list[Section]:
    """One for each kind of finding, the worst level first."""
    places = {name_of(place): place for place in checked.catalogue.places}
    found = []
    for kind in Kind:
        findings = checked.of(kind)
        if findings:
            worst = tuple(Shown(it, _thumbnails(it, places)) for it in findings[:WORST] if it.places)
            rest = [it.text for it in findings if it not in findings[:WORST] or not it.places]
            told, more = tuple(rest[:LISTED]), max(len(rest) - LISTED, 0)
            found.append(Section(kind, findings[0].level, len(findings), worst, told, more))
    order = list(Level)
    return sorted(found, key=lambda section: order.index(section.level))


def _thumbnails(finding: Finding, places: Mapping[str, Place]) -> tuple[Thumbnail, ...]:
    known = [places[name] for name in finding.places[:PLACES] if name in places]
    if finding.details.get("alike") == "overlap" and len(known) == PLACES:
        return _overlapping(known[0], known[1], finding)
    if finding.kind in (Kind.NEAR, Kind.OVERLAP, Kind.LEAK, Kind.DUPLICATE):
        return tuple(found for place in known for found in _of_place(place, finding.side.split("/")))
    if not known:
        return ()
    sides = list(known[0].images)
    return (*_of_place(known[0], sides), *(_blended(known[0], sides, finding)))


def _of_place(place: Place, sides: Sequence[str]) -> list[Thumbnail]:
    found = []
    for side in sides:
        for file in place.images.get(side, ())[:1]:
            picture = _picture(place, side)
            if picture is not None:
                found.append(Thumbnail(f"{name_of(place)}: {side}", embedded(picture)))
            else:
                found.append(Thumbnail(f"{name_of(place)}: {side}, which cannot be read ({file.path.name})", ""))
    return found


def _overlapping(one: Place, other: Place, finding: Finding) -> tuple[Thumbnail, ...]:
    """Both images, with a frame around the part that both show."""
    side, dy, dx = finding.side, finding.details["rows"], finding.details["columns"]
    try:
        images = [preview(Reader().array(place.images[side][0])) for place in (one, other)]
    except (SpectraError, KeyError):
        return ()
    (height, width), (other_height, other_width) = (image.shape[:2] for image in images)
    top, left = max(0.0, -dy), max(0.0, -dx)
    bottom, right = min(height, other_height - dy), min(width, other_width - dx)
    frames = [(left, top, right, bottom), (left + dx, top + dy, right + dx, bottom + dy)]
    return tuple(
        Thumbnail(f"{name_of(place)}: {side}, the common part framed", embedded(_framed(image, frame)))
        for place, image, frame in zip((one, other), images, frames, strict=True)
    )


def _framed(image: Image, frame: tuple[float, ...]) -> Image:
    ratio = min(1.0, WIDEST / max(image.shape[:2]))
    small = np.ascontiguousarray(fitted(image, WIDEST))
    left, top, right, bottom = (round(value * ratio) for value in frame)
    cv2.rectangle(small, (left, top), (right - 1, bottom - 1), (255, 60, 40), 2)
    return small


def _picture(place: Place, side: str) -> Image | None:
    try:
        return fitted(preview(Reader().array(place.images[side][0])), WIDEST)
    except SpectraError:
        return None


def _blended(place: Place, sides: Sequence[str], finding: Finding) -> list[Thumbnail]:
    """Both images of a shifted pair over each other: edges of the one in red, of the other in cyan."""
    if finding.kind is not Kind.SHIFTED or len(sides) < 2:
        return []
    first = next((side for side in sides if side != finding.side), sides[0])
    one, other = _picture(place, first), _picture(place, finding.side)
    if one is None or other is None or one.shape != other.shape:
        return []
    red, cyan = _edges(one), _edges(other)
    return [Thumbnail(f"edges: {first} red, {finding.side} cyan", embedded(np.dstack([red, cyan, cyan])))]


def _edges(picture: Image) -> Image:
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY).astype(np.float32)
    strength = np.hypot(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    top = float(np.percentile(strength, 98)) or 1.0
    edges: Image = np.clip(strength / top * 255, 0, 255).astype(np.uint8)
    return edges
