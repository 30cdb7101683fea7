"""XML as a tree that knows its lines. Nothing is fetched or expanded: a file with a DOCTYPE is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat
from xml.sax.saxutils import escape, quoteattr

DEEPEST = 50


class BrokenXml(ValueError):
    """What is wrong, and in which line; 0 where that is not known."""

    def __init__(self, text: str, line: int = 0) -> None:
        super().__init__(text)
        self.line = line


@dataclass
class Node:
    tag: str
    text: str = ""
    children: list[Node] = field(default_factory=list)
    attributes: dict[str, str] = field(default_factory=dict)
    line: int = field(default=0, compare=False)

    def find(self, tag: str) -> Node | None:
        return next((child for child in self.children if child.tag == tag), None)

    def told(self, tag: str) -> str:
        """The text of the first child of that tag; empty without one."""
        found = self.find(tag)
        return found.text if found else ""

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


def parse(data: bytes) -> Node:
    """The root of a document; BrokenXml where it is none, or where it declares entities."""
    building = _Building()
    try:
        building.parser.Parse(data, True)
    except expat.ExpatError as why:
        raise BrokenXml(expat.ErrorString(why.code), why.lineno) from None
    except BrokenXml:
        raise
    except (ValueError, LookupError) as why:  # an encoding that nobody knows
        raise BrokenXml(str(why)) from None
    return building.top.children[0]


def text_of(node: Node, depth: int = 0) -> str:
    """The node as lines, children indented by tabs as VOC has them."""
    indent = "\t" * depth
    head = node.tag + "".join(f" {key}={quoteattr(value)}" for key, value in node.attributes.items())
    if not node.children:
        return f"{indent}<{head}>{escape(node.text)}</{node.tag}>\n"
    inner = "".join(text_of(child, depth + 1) for child in node.children)
    return f"{indent}<{head}>{escape(node.text)}\n{inner}{indent}</{node.tag}>\n"


class _Building:
    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.top = Node("")
        self.open = [self.top]

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self.open) > DEEPEST:
            raise BrokenXml(f"more than {DEEPEST} elements inside one another", self.parser.CurrentLineNumber)
        node = Node(tag, attributes=attributes, line=self.parser.CurrentLineNumber)
        self.open[-1].children.append(node)
        self.open.append(node)

    def _end(self, _: str) -> None:
        node = self.open.pop()
        node.text = node.text.strip()

    def _characters(self, text: str) -> None:
        self.open[-1].text += text

    def _doctype(self, *_: object) -> None:
        raise BrokenXml(
            "a DOCTYPE, which could declare entities, is not read: remove it", self.parser.CurrentLineNumber
        )
