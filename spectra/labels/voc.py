"""Labels as Pascal VOC has them: an XML file for each image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from spectra.errors import DataError
from spectra.labels.beside import by_place, read_classes
from spectra.labels.faults import Faults, sound_name
from spectra.labels.labels import Box, Image, Labels
from spectra.labels.xml_tree import BrokenXml, Node, parse, text_of

NAME = "voc"
SUFFIX = ".xml"
EDGES = ("xmin", "ymin", "xmax", "ymax")
OF_IMAGE = ("folder", "filename", "size", "object", "generated")
OF_BOX = ("name", "difficult", "bndbox")
KNOWN = {"0": False, "1": True, "": False}


def read(
    folder: Path, images: Sequence[Image], faults: Faults, classes: Path | None = None, first_pixel: int = 1
) -> Labels:
    """The labels of `images`, each in a file with the path of its image below `folder`; those without are left out.

    VOC counts pixels from 1, and its last ones are inside. ``first_pixel=0``: the files hold the edges of the boxes,
    counted from 0, as those of many tools do. What is not known here stays in `extra` as it is.
    """
    names = read_classes(classes, faults)[0] if classes else None
    reading = _Reading(faults, first_pixel, names)
    found: list[Image] = []
    boxes: list[Box] = []
    for place, (image, *others) in by_place(images, SUFFIX).items():
        path = folder / place
        if others:
            faults.add(path, "", f"belongs to {image.file!r} and to {others[0].file!r}: rename one of them")
        elif path.is_file() and (root := reading.root(path)):
            found.append(Image(image.id, image.file, image.width, image.height, {"nodes": _other(root, OF_IMAGE)}))
            boxes += reading.boxes(path, root, image)
    kept = sorted({box.name for box in boxes}) if names is None else names
    return Labels(found, boxes, tuple(kept))


def files(labels: Labels) -> Iterator[tuple[str, str]]:
    """The paths of the files of a set whose images lie in ``images/``, and what is in them."""
    boxes: dict[int, list[Box]] = {image.id: [] for image in labels.images}
    for box in labels.boxes:
        boxes[box.image].append(box)
    for image in labels.images:
        place = PurePosixPath(image.file)
        if not image.file.isprintable():
            raise DataError(f"The name {image.file!r} cannot stand in XML: rename the image, or choose --write coco.")
        yield f"labels/{place.with_suffix(SUFFIX)}", text_of(_annotation(image, place, boxes[image.id]))


def _annotation(image: Image, place: PurePosixPath, boxes: list[Box]) -> Node:
    sides = {"width": image.width, "height": image.height, "depth": image.extra.get("depth")}
    size = Node("size", children=[Node(tag, str(side)) for tag, side in sides.items() if side])
    head = [Node("folder", str("images" / place.parent)), Node("filename", place.name)]
    head += [Node("generated", "1")] * bool(image.extra.get("generated"))
    return Node("annotation", children=[*head, *image.extra.get("nodes", ()), size, *map(_object, boxes)])


def _object(box: Box) -> Node:
    edges = (box.left + 1, box.top + 1, box.left + box.width, box.top + box.height)
    place = Node("bndbox", children=[Node(tag, _written(edge)) for tag, edge in zip(EDGES, edges, strict=True)])
    told = [Node("name", box.name), *box.extra.get("nodes", ()), Node("difficult", str(int(box.crowd))), place]
    return Node("object", children=told)


def _written(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))


@dataclass
class _Reading:
    faults: Faults
    first_pixel: int
    names: Sequence[str] | None

    def root(self, path: Path) -> Node | None:
        try:
            root = parse(path.read_bytes())
        except OSError as why:
            self.faults.add(path, "", f"cannot be read: {why.strerror}")
        except BrokenXml as why:
            self.faults.add(path, why.line or "", f"is no sound XML: {why}")
        else:
            if root.tag == "annotation":
                return root
            self.faults.add(path, root.line, f"must be an <annotation>, not a <{root.tag}>")
        return None

    def boxes(self, path: Path, root: Node, image: Image) -> Iterator[Box]:
        self._check_size(path, root, image)
        for node in root.children:
            if node.tag == "object" and (box := self._box(path, node, image)):
                yield box

    def _check_size(self, path: Path, root: Node, image: Image) -> None:
        size = root.find("size")
        told = (size.told("width"), size.told("height")) if size else ("", "")
        if image.width and told != (str(image.width), str(image.height)):
            line = size.line if size else root.line
            self.faults.add(path, line, wrong_size("×".join(told) if size else "no size", image, told))

    def _box(self, path: Path, node: Node, image: Image) -> Box | None:
        name, hard = node.told("name"), KNOWN.get(node.told("difficult"))
        if not sound_name(name) or (self.names is not None and name not in self.names):
            self.faults.add(path, node.line, f"no class is named {name!r}" if name else "the object has no name")
            return None
        edges = self._edges(path, node)
        if edges is None:
            return None
        if hard is None:
            self.faults.add(path, node.line, f"<difficult> must be 0 or 1, not {node.told('difficult')!r}")
            return None
        left, top, right, bottom = edges
        box = Box(image.id, name, left, top, right - left, bottom - top, hard, {"nodes": _other(node, OF_BOX)})
        return self.faults.sound(path, node.line, box, image) if image.width else box

    def _edges(self, path: Path, node: Node) -> tuple[float, ...] | None:
        place = node.find("bndbox")
        texts = [place.told(tag) if place else "" for tag in EDGES]
        try:
            left, top, right, bottom = (float(text) for text in texts)
        except ValueError:
            self.faults.add(path, (place or node).line, f"its bndbox must have four numbers ({', '.join(EDGES)})")
            return None
        if self.first_pixel == 1 and min(left, top) == 0:
            self.faults.add(
                path, (place or node).line, "counts pixels from 0, and VOC from 1: say --voc-origin 0 if all files do"
            )
            return None
        return left - self.first_pixel, top - self.first_pixel, right, bottom


def wrong_size(said: str, image: Image, told: tuple[str, str]) -> str:
    turned = told == (str(image.height), str(image.width))
    hint = "; is it turned by its EXIF orientation, which is not heeded here?" if turned else ""
    return f"says {said}, and the image {image.file!r} is {image.width}×{image.height}{hint}"


def _other(node: Node, known: tuple[str, ...]) -> list[Node]:
    return [child for child in node.children if child.tag not in known]
