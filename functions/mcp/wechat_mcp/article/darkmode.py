"""An article as WeChat shows it on a dark phone, for previews.

The platform walks through the article, and recolours each inline background, text and border in turn (see
``colours``). SVG is left alone, and takes the colour of the text around it.
"""

from __future__ import annotations

import re

from . import colours, tree
from .colours import Colour, Rgb
from .styling import declarations_of
from .tree import Element

PAGE = Colour(colours.DARK_PAGE, 1).css()
_LIGHT_TEXT = (25.0, 25.0, 25.0)
_BORDER_COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|rgba?\([^)]*\)|hsla?\([^)]*\)", re.IGNORECASE)


def darkened(html: str) -> str:
    """Return an article's HTML in the colours of WeChat's dark mode."""
    nodes = tree.read(html)
    for node in nodes:
        if isinstance(node, Element):
            _darken(node, _LIGHT_TEXT, colours.DARK_PAGE)
    return tree.write(nodes)


def _darken(element: Element, text: Rgb, behind: Rgb) -> None:
    """``text`` is the colour by day, ``behind`` the background by night."""
    if element.tag == "svg":
        return
    parts = [part.partition(":") for part in declarations_of(element.attrs.get("style", ""))]
    style = {name.strip(): value.strip() for name, _, value in parts}
    background = colours.parse(style.get("background-color") or style.get("background") or "")
    if background and background.alpha:
        night = colours.dark_background(background.rgb)
        style.pop("background", None)
        style["background-color"] = Colour(night, background.alpha).css()
        behind = colours.mix(night, behind, background.alpha)
    own = colours.parse(style.get("color", ""))
    if own:
        text = own.rgb
    if own or (background and background.alpha):
        style["color"] = Colour(colours.dark_text(text, behind), own.alpha if own else 1).css()
    for name in [name for name in style if name.startswith("border")]:
        style[name] = _BORDER_COLOUR.sub(lambda found: _border(found[0], behind), style[name])
    if style:
        element.attrs["style"] = ";".join(f"{name}:{value}" for name, value in style.items())
    for child in element.children:
        if isinstance(child, Element):
            _darken(child, text, behind)


def _border(value: str, behind: Rgb) -> str:
    colour = colours.parse(value)
    return Colour(colours.dark_text(colour.rgb, behind), colour.alpha).css() if colour else value
