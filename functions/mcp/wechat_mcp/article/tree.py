"""A small HTML tree: read from well-formed HTML, changed by the passes, written as XML can read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import unescape

VOID = frozenset({"br", "hr", "img", "input", "wbr"})
INLINE = {
    *("a", "abbr", "b", "br", "cite", "code", "em", "i", "img", "kbd", "mark", "q", "rp", "rt", "ruby"),
    *("s", "small", "span", "strong", "sub", "sup", "svg", "u", "wbr"),
}
_TOKEN = re.compile(r"""<(/?)([A-Za-z][^\s/>]*)((?:[^">]|"[^"]*")*)>|([^<]+|<)""")
_ATTRIBUTE = re.compile(r"""([^\s=/"]+)(?:="([^"]*)")?""")
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
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            for child in reversed(element.children):
                if isinstance(child, Element):
                    waiting.append(child)  # noqa: PERF401  (a generator would take twice as long)


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
    """Return the nodes of a fragment of well-formed HTML: what nh3, css-inline and ``write`` write.

    Those close what they open and put values into double quotes, so that this need not be a browser's parser,
    which would take a third of a render. Raises TooDeep.
    """
    root = Element("")
    opened = [root]
    for closing, tag, attributes, text in _TOKEN.findall(html):
        if text:
            opened[-1].children.append(unescape(text) if "&" in text else text)
        elif closing:
            if len(opened) > 1 and opened[-1].tag == tag:
                opened.pop()
        else:
            element = Element(tag, _attributes(attributes) if attributes else {})
            opened[-1].children.append(element)
            if tag not in VOID:
                if len(opened) > MAX_DEPTH:
                    raise TooDeep
                opened.append(element)
    return root.children


def _attributes(text: str) -> dict[str, str]:
    return {name: unescape(value) if "&" in value else value for name, value in _ATTRIBUTE.findall(text)}


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
        attributes = "".join([f' {name}="{_value(value)}"' for name, value in node.attrs.items()])
        if node.tag in VOID:
            pieces.append(f"<{node.tag}{attributes}/>")
            continue
        pieces.append(f"<{node.tag}{attributes}>")
        _write(node.children, pieces)
        pieces.append(f"</{node.tag}>")


def _text(text: str) -> str:
    if "&" in text:
        text = text.replace("&", "&amp;")
    return text.replace("<", "&lt;").replace(">", "&gt;").replace("\u00a0", "&nbsp;")


def _value(text: str) -> str:
    return _text(text).replace('"', "&quot;")
