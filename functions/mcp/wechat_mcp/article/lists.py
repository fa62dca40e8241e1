"""Lists that survive: the outer one a real list, what is inside it sections with written markers.

WeChat's editor restyles ``<li>`` and loses levels: each item's content stands in one section, nothing stands
between items, and inner lists are indented sections that carry their own "•" or "1.". A list whose markers
are its own (tasks, a first number other than 1) is written that way from the outside.
"""

from __future__ import annotations

import re

from .tree import INLINE, Element, Node, is_blank, section, span

_BULLETS = "•◦▪"
_BOX = {"open": "☐", "done": "☑"}


def rewrite(root: Element) -> None:
    """Rewrite every list in an element, the outermost first."""
    for place, child in enumerate(root.children):
        if not isinstance(child, Element):
            continue
        if child.tag in ("ul", "ol"):
            root.children[place] = _outer(child)
        else:
            rewrite(child)


def _outer(element: Element) -> Element:
    items = _items(element)
    if _is_task_list(items) or _first_number(element) != 1:
        return section("list", *_written(element, 0))
    element.children = [Element("li", {}, [section("item", *_content(item, 0))]) for item in items]
    element.attrs = {}
    return element


def _items(element: Element) -> list[Element]:
    items: list[Element] = []
    for child in element.children:
        if isinstance(child, Element) and child.tag == "li":
            items.append(child)
        elif not is_blank(child):
            # HTML allows it nowhere, authors write it: text, or a list, right inside a list.
            items.append(Element("li", {}, [child]))
    return items


def _written(element: Element, depth: int) -> list[Node]:
    """The items of a list with markers of text."""
    number = _first_number(element)
    made: list[Node] = []
    for item in _items(element):
        marker = f"{number}." if element.tag == "ol" else _BULLETS[depth % len(_BULLETS)]
        number += 1
        task = _task(item)
        if task is not None:
            holder, mark = task
            marker = _BOX.get(mark.attrs["data-oa-task"], _BOX["open"])
            holder.children = [child for child in holder.children if child is not mark]
        nodes = _content(item, depth)
        cut = next(
            (
                place
                for place, node in enumerate(nodes)
                if isinstance(node, Element) and node.tag not in INLINE
            ),
            len(nodes),
        )
        line = section("line", span("marker", marker), *_trimmed(nodes[:cut]))
        made.append(section("entry", line, *nodes[cut:]))
    return made


def _content(item: Element, depth: int) -> list[Node]:
    """What an item holds: the first paragraph bare, later ones as sections, inner lists written out."""
    made: list[Node] = []
    for child in item.children:
        if not isinstance(child, Element):
            made.append(child)
        elif child.tag == "p":
            if any(not is_blank(node) for node in made):
                made.append(section("item-paragraph", *child.children))
            else:
                made.extend(child.children)
        elif child.tag in ("ul", "ol"):
            made.append(section("nested", *_written(child, depth + 1)))
        else:
            rewrite(child)
            made.append(child)
    return _trimmed(made)


def _trimmed(nodes: list[Node]) -> list[Node]:
    """Nodes without white space at their beginning, at their end, and before a block."""
    kept: list[Node] = []
    for place, node in enumerate(nodes):
        following = nodes[place + 1] if place + 1 < len(nodes) else None
        last = following is None or (isinstance(following, Element) and following.tag not in INLINE)
        text: Node = node
        if isinstance(text, str):
            if not kept:
                text = text.lstrip(" \t\n")
            if last:
                text = text.rstrip(" \t\n")
        if text != "":
            kept.append(text)
    return kept


def _is_task_list(items: list[Element]) -> bool:
    return any(_task(item) is not None for item in items)


def _task(item: Element) -> tuple[Element, Element] | None:
    """The mark of a task at the beginning of an item, after the element that it stands in."""
    for child in item.children:
        if is_blank(child):
            continue
        if isinstance(child, Element) and "data-oa-task" in child.attrs:
            return item, child
        return _task(child) if isinstance(child, Element) and child.tag == "p" else None
    return None


def _first_number(element: Element) -> int:
    start = element.attrs.get("start", "")
    return int(start) if element.tag == "ol" and re.fullmatch(r"[0-9]{1,9}", start) else 1
