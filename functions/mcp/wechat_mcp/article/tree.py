"""A small HTML tree: read from well-formed HTML, changed by the passes, written as XML can read it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from html.parser import HTMLParser

VOID = frozenset({"br", "hr", "img", "input", "wbr"})
INLINE = {
    *("a", "abbr", "b", "br", "cite", "code", "em", "i", "img", "kbd", "mark", "q", "rp", "rt", "ruby"),
    *("s", "small", "span", "strong", "sub", "sup", "svg", "u", "wbr"),
}
_CASED = {"viewbox": "viewBox"}
"""SVG minds the case of its attributes; HTML's parser does not keep it."""
_ILLEGAL = dict.fromkeys((*(set(range(0x20)) - {9, 10, 13}), 0x7F, 0xFFFE, 0xFFFF, *range(0xD800, 0xE000)))
MAX_DEPTH = 80
"""Elements in one another: far more than anybody writes, far less than Python's stack."""


class TooDeep(ValueError):  # noqa: N818  (what the document is)
    """HTML with too many elements in one another."""


@dataclass(slots=True, eq=False)
class Element:
    """An element; its text stands among ``children`` as plain strings."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    children: list[Element | str] = field(default_factory=list)

    @property
    def classes(self) -> list[str]:
        """The element's classes, in order."""
        return self.attrs.get("class", "").split()

    def text(self) -> str:
        """Return all the text in it; a line break counts as one."""
        pieces = []
        for node in self.children:
            if isinstance(node, str):
                pieces.append(node)
            else:
                pieces.append("\n" if node.tag == "br" else node.text())
        return "".join(pieces)

    def walk(self) -> Iterator[Element]:
        """Yield the element and all below it, in the order of the document."""
        yield self
        for child in list(self.children):
            if isinstance(child, Element):
                yield from child.walk()


Node = Element | str


def section(name: str, *children: Node) -> Element:
    """Return a section of a class: the block that WeChat's editor leaves alone."""
    return Element("section", {"class": name}, list(children))


def span(name: str, *children: Node) -> Element:
    """Return a span of a class."""
    return Element("span", {"class": name}, list(children))


def is_blank(node: Node) -> bool:
    """Whether a node is text with nothing but white space (a non-breaking space is something)."""
    return isinstance(node, str) and not node.strip(" \t\n\r\f")


def legal(text: str) -> str:
    """Return text without the characters that XML 1.0 does not know."""
    return text.translate(_ILLEGAL)


def read(html: str) -> list[Node]:
    """Return the nodes of a fragment of well-formed HTML: what nh3 and css-inline write."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.root.children


def write(nodes: list[Node]) -> str:
    """Return nodes as HTML that an XML parser reads as well, ``&nbsp;`` apart."""
    pieces: list[str] = []
    _write(nodes, pieces)
    return "".join(pieces)


def _write(nodes: list[Node], pieces: list[str]) -> None:
    for node in nodes:
        if isinstance(node, str):
            pieces.append(_text(node))
            continue
        attributes = "".join(
            f' {_CASED.get(name, name)}="{_value(value)}"' for name, value in node.attrs.items()
        )
        if node.tag in VOID:
            pieces.append(f"<{node.tag}{attributes}/>")
            continue
        pieces.append(f"<{node.tag}{attributes}>")
        _write(node.children, pieces)
        pieces.append(f"</{node.tag}>")


def _text(text: str) -> str:
    return escape(text, quote=False).replace("\u00a0", "&nbsp;")


def _value(text: str) -> str:
    return escape(text, quote=False).replace('"', "&quot;").replace("\u00a0", "&nbsp;")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("")
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            if len(self._open) > MAX_DEPTH:
                raise TooDeep
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID and len(self._open) > 1 and self._open[-1].tag == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)
