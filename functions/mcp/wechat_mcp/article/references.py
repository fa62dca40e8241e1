"""Links and notes: WeChat follows links to its own articles alone, so the rest is listed at the end.

An account whose links lead elsewhere is told 请勿插入非mp.weixin.qq.com域名的链接, and links within a page
are refused the same way. Links and footnotes share one numbering, in the order in which they are read; the
same address has the same number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .tree import Element, Node, is_blank, section, span

_OWN = re.compile(r"https?://mp\.weixin\.qq\.com(?:[/?#]|\Z)", re.IGNORECASE)
_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_UNUSED = re.compile(r"(?:javascript|vbscript|data|file):", re.IGNORECASE)


@dataclass
class _Entries:
    written: bool
    """Whether references are listed at all."""
    list: list[list[Node]] = field(default_factory=list)
    links: dict[str, int] = field(default_factory=dict)
    notes: dict[str, int] = field(default_factory=dict)
    bodies: dict[str, Element] = field(default_factory=dict)
    relative: dict[str, None] = field(default_factory=dict)


def rewrite(root: Element, *, listed: bool) -> tuple[str, ...]:
    """Rewrite the links and notes of an article, and append what they refer to.

    ``listed`` tells whether addresses get a number and a place in the list. Returns the relative addresses
    that lead nowhere any more.
    """
    entries = _Entries(listed)
    root.children = _without_notes(root.children, entries)
    root.children = _rewritten(root, entries)
    if entries.list:
        root.children.append(_appendix(entries))
    return tuple(entries.relative)


def _without_notes(nodes: list[Node], entries: _Entries) -> list[Node]:
    kept: list[Node] = []
    for node in nodes:
        if isinstance(node, Element) and "data-oa-notes" in node.attrs:
            for body in node.children:
                if isinstance(body, Element) and "data-oa-note" in body.attrs:
                    entries.bodies.setdefault(body.attrs["data-oa-note"], body)
        else:
            kept.append(node)
    return kept


def _rewritten(parent: Element, entries: _Entries) -> list[Node]:
    made: list[Node] = []
    for child in parent.children:
        if not isinstance(child, Element):
            made.append(child)
        elif child.tag == "sup" and "data-oa-note" in child.attrs:
            made.extend(_note(child.attrs["data-oa-note"], entries))
        elif child.tag == "a":
            child.children = _rewritten(child, entries)
            made.extend(_link(child, entries))
        else:
            child.children = _rewritten(child, entries)
            made.append(child)
    return made


def _note(name: str, entries: _Entries) -> list[Node]:
    body = entries.bodies.get(name)
    if body is None:
        return []
    if name not in entries.notes:
        entries.list.append([])
        number = entries.notes[name] = len(entries.list)
        entries.list[number - 1] = _note_content(body)
    return [_mark(entries.notes[name])]


def _note_content(body: Element) -> list[Node]:
    nodes: list[Node] = []
    for child in body.children:
        if isinstance(child, Element) and child.tag == "p":
            nodes.extend([Element("br")] if nodes else [])
            nodes.extend(child.children)
        elif not is_blank(child):
            nodes.append(child)
    holder = Element("section", {}, nodes)
    # A note's own links stand right there: a number would lead from the list into the list.
    for element in holder.walk():
        flat: list[Node] = []
        for child in element.children:
            if not isinstance(child, Element) or child.tag != "a":
                flat.append(child)
                continue
            address = _address(child)
            flat.extend(child.children)
            if address and _ADDRESS.match(address) and child.text().strip() != address:
                flat.append(span("reference-address", f"（{address}）"))
        element.children = [
            child
            for child in flat
            if not (isinstance(child, Element) and child.tag == "sup" and "data-oa-note" in child.attrs)
        ]
    return holder.children


def _link(link: Element, entries: _Entries) -> list[Node]:
    address = _address(link)
    if "data-miniprogram-appid" in link.attrs:
        link.attrs["href"] = ""
        return [link]
    if _OWN.match(address):
        link.attrs = {"href": address, "class": "link"}
        return [link]
    text = link.text().strip()
    if not address or address.startswith("#") or _UNUSED.match(address):
        return link.children
    if not _ADDRESS.match(address) and not address.startswith("//"):
        entries.relative[address[:200]] = None
        return link.children
    pictures = any(element.tag == "img" for element in link.walk())
    words: list[Node] = link.children if pictures else [span("link", *link.children)]
    if text in (address, address.removeprefix("mailto:").removeprefix("tel:")) or not entries.written:
        return words
    if address not in entries.links:
        entries.list.append(
            [f"{text}：" if text else "", span("reference-address", address.removeprefix("mailto:"))]
        )
        entries.links[address] = len(entries.list)
    return [*words, _mark(entries.links[address])]


def _address(link: Element) -> str:
    return (link.attrs.get("data-oa-href") or link.attrs.get("href") or "").strip()


def _mark(number: int) -> Element:
    return Element("sup", {"class": "note-mark"}, [f"[{number}]"])


def _appendix(entries: _Entries) -> Element:
    title = "注释与引用" if entries.notes and entries.links else "注释" if entries.notes else "引用链接"
    return section(
        "references",
        section("references-title", title),
        *(
            section("reference", span("reference-number", f"[{number}]"), " ", *nodes)
            for number, nodes in enumerate(entries.list, 1)
        ),
    )
