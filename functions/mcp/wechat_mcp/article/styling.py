"""Styles: rules inlined, pseudo-elements made real, and everything gone that WeChat's editor would strip.

What survives is the ``style`` attribute alone: no class, no id, no style element.
"""

from __future__ import annotations

import re
from functools import lru_cache

import css_inline

from . import colours, css, tree
from .parsing import PROFILE
from .tree import Element, Node

_INLINER = css_inline.CSSInliner(inline_style_tags=False, load_remote_stylesheets=False)
_KEPT_ATTRIBUTES = {
    "a": ("href",),
    "img": ("src", "alt"),
    "td": ("colspan", "rowspan"),
    "th": ("colspan", "rowspan"),
    "mp-common-profile": PROFILE,
}
_CARD = "data-miniprogram-"
_SVG = frozenset({"svg", "g", "path", "rect", "line", "circle", "polygon", "text"})
_COLOURED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "section", "blockquote", "pre"}
_STRING = re.compile(r"""\A\s*(["'])(.*)\1\s*\Z""", re.DOTALL)
_CSS_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})[ \t\n]?|\\(.)", re.DOTALL)
_GENERIC = {"serif", "sans-serif", "monospace", "cursive", "fantasy", "system-ui", "inherit"}
_BLOCK_DISPLAY = frozenset({"block", "flex", "table", "grid"})


def inline(nodes: list[Node], sheet: str) -> tuple[list[Node], tuple[str, ...]]:
    """Return the nodes with a sheet's rules in their ``style``, and the names of what had to be left out."""
    html = _INLINER.inline_fragment(tree.write(nodes), sheet)
    styled = tree.read(html)
    dropped: dict[str, None] = {}
    for node in styled:
        if isinstance(node, Element):
            _finish(node, None, dropped)
    return styled, tuple(dropped)


def _finish(element: Element, colour: str | None, dropped: dict[str, None]) -> None:
    """Make one element final, and all below it. ``colour`` is what it would inherit."""
    if element.tag in _SVG:
        return
    style, before, after, lost = _parse(element.attrs.get("style", ""))
    dropped.update(dict.fromkeys(lost))
    declarations = dict(style)
    _sizes_into_style(element, declarations)
    own = declarations.get("color", colour)
    # WeChat sets a colour of its own on paragraphs: what is only inherited would be lost.
    if own and element.tag in _COLOURED and _has_text(element):
        declarations["color"] = own
    element.attrs = _attributes(element, declarations)
    children: list[Node] = []
    for child in element.children:
        if isinstance(child, Element):
            _finish(child, own, dropped)
            if child.tag == "span" and not child.attrs:
                children.extend(child.children)
                continue
        children.append(child)
    element.children = children
    if element.tag == "hr" and (before or after):
        # A rule holds nothing: with an ornament it is a section.
        element.tag = "section"
    if before and (made := _pseudo(before, own)):
        element.children.insert(0, made)
    if after and (made := _pseudo(after, own)):
        element.children.append(made)


def _attributes(element: Element, declarations: dict[str, str]) -> dict[str, str]:
    attributes = {
        name: element.attrs[name] for name in _KEPT_ATTRIBUTES.get(element.tag, ()) if name in element.attrs
    }
    attributes |= {name: value for name, value in element.attrs.items() if name.startswith(_CARD)}
    if declarations:
        attributes["style"] = ";".join(f"{name}:{value}" for name, value in declarations.items())
    return attributes


def _has_text(element: Element) -> bool:
    return any(
        (isinstance(child, str) and not tree.is_blank(child))
        or (isinstance(child, Element) and child.tag in tree.INLINE and child.tag not in ("img", "br", "svg"))
        for child in element.children
    )


def _sizes_into_style(element: Element, declarations: dict[str, str]) -> None:
    """``width="300"`` is taken away by the editor, ``width:300px`` is not."""
    if element.tag not in ("img", "table", "td", "th"):
        return
    width = element.attrs.get("width", "").strip()
    if re.fullmatch(r"[0-9]{1,4}(?:px|%)?", width):
        declarations["width"] = width if width.endswith(("px", "%")) else f"{width}px"
        declarations.setdefault("max-width", "100%")
    if element.tag != "img" and re.fullmatch(r"left|right|center", element.attrs.get("align", "")):
        declarations.setdefault("text-align", element.attrs["align"])


def _pseudo(declarations: dict[str, str], colour: str | None) -> Element | None:
    content = declarations.pop("content", "none")
    string = _STRING.match(content)
    if not string or declarations.get("display") == "none":
        return None
    text = tree.legal(_CSS_ESCAPE.sub(_unescaped, string[2]))
    block = declarations.get("display") in _BLOCK_DISPLAY
    if not block:
        declarations.setdefault("display", "inline-block")
    if block and text and colour:
        declarations.setdefault("color", colour)
    if not text and not declarations.keys() & {"width", "height", "border", "padding", "border-top"}:
        return None
    style = ";".join(f"{name}:{value}" for name, value in declarations.items())
    return Element("section" if block else "span", {"style": style}, [text] if text else [])


def _unescaped(found: re.Match[str]) -> str:
    if not found[1]:
        return found[2]
    code = int(found[1], 16)
    return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else ""


Parsed = tuple[tuple[tuple[str, str], ...], dict[str, str] | None, dict[str, str] | None, tuple[str, ...]]


def _parse(style: str) -> Parsed:
    style_of, before, after, lost = _parsed(style)
    return style_of, dict(before) if before else None, dict(after) if after else None, lost


@lru_cache(maxsize=2048)
def _parsed(style: str) -> Parsed:
    """A style attribute: what it declares, also for its pseudo-elements, and the names of what is lost."""
    parts: dict[str, dict[str, str]] = {"": {}, "before": {}, "after": {}}
    lost: dict[str, None] = {}
    for declaration in declarations_of(style):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        # Dark mode and the platform's own rules must be able to go before ours.
        value = re.sub(r"\s*!\s*important\s*$", "", value, flags=re.IGNORECASE)
        pseudo = next((part for part in ("before", "after") if name.startswith(f"--{part}-")), "")
        name = name.removeprefix(f"--{pseudo}-") if pseudo else name
        if pseudo and name == "content":
            parts[pseudo][name] = value
        elif css.is_safe(name, value):
            parts[pseudo].pop(name, None)
            parts[pseudo][name] = short(name, value)
        elif name:
            lost[name[:40]] = None
    return tuple(parts[""].items()), parts["before"], parts["after"], tuple(lost)


def declarations_of(style: str) -> list[str]:
    """Return the declarations of a style attribute: a semicolon in a string or in brackets parts nothing."""
    found, start, depth, quote = [], 0, 0, ""
    for place, character in enumerate(style):
        if quote:
            quote = "" if character == quote else quote
        elif character in "\"'":
            quote = character
        elif character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
        elif character == ";" and not depth:
            found.append(style[start:place])
            start = place + 1
    return [part for part in [*found, style[start:]] if part.strip()]


def short(name: str, value: str) -> str:
    """Return a value as briefly as it can be said: an article's characters are counted."""
    if name == "font-family":
        return ",".join(_family(part) for part in value.split(","))
    value = re.sub(r"\s*,\s*", ",", re.sub(r"\s+", " ", value))
    if name.endswith("color") and (colour := colours.parse(value)) and colour.alpha:
        return colour.css()
    return value


def _family(name: str) -> str:
    name = name.strip().strip("\"'").strip()
    plain = name.lower() in _GENERIC or name.startswith("-") or re.fullmatch(r"[A-Za-z-]+", name)
    return name if plain else f"'{name}'"
