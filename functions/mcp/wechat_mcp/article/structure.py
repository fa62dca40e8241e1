"""The shape of an article: elements that WeChat keeps, in an order that its editor does not tear apart."""

from __future__ import annotations

import re
from typing import TypeVar

from . import code, maths
from .parsing import Parsed
from .tree import INLINE, Element, Node, is_blank, section

_T = TypeVar("_T")

_NAMES = {
    **dict.fromkeys(
        (
            *("article", "aside", "center", "details", "dd", "div", "dl", "dt", "figcaption", "figure"),
            *("footer", "header", "main", "nav", "summary"),
        ),
        "section",
    ),
    **{
        "b": "strong",
        "i": "em",
        "cite": "em",
        "var": "em",
        "dfn": "em",
        "strike": "s",
        "del": "s",
        "ins": "u",
    },
    **{
        "kbd": "code",
        "samp": "code",
        "tt": "code",
        "font": "span",
        "abbr": "span",
        "q": "span",
        "ruby": "span",
    },
    **{"small": "span", "mark": "span", "rt": "span", "tfoot": "tbody", "caption": "caption"},
}
_MAX_CAPTION = 200
_LINES = {"item", "line", "item-paragraph"}
_LONG_WORD = re.compile(r"[!-~]{13}")
_NO_CAPTION = re.compile(
    r"(?:image|img|picture|photo|screenshot|alt(?: text)?|图片?|图像|截图|插图|pasted image.*|untitled)?"
    r"[\s_-]*[\d_-]*|.*\.(?:png|jpe?g|gif|webp|bmp|svg)|(?:IMG|DSC|WX|MVIMG|Snipaste)[\w-]*",
    re.IGNORECASE,
)


def rename(root: Element) -> None:
    """Give elements the names that the editor keeps; what they were called stays as their class."""
    for element in root.walk():
        name = _NAMES.get(element.tag)
        if name is None:
            continue
        if element.tag in ("figcaption", "summary", "mark", "kbd", "small", "rt", "dt", "dd", "q", "figure"):
            classes = {"figcaption": "caption", "rt": "ruby-text"}.get(element.tag, element.tag)
            element.attrs["class"] = " ".join([classes, *element.classes])
        if element.tag == "center":
            element.attrs["style"] = f"text-align:center;{element.attrs.get('style', '')}"
        if element.tag == "font" and "color" in element.attrs:
            element.attrs["style"] = f"color:{element.attrs['color']};{element.attrs.get('style', '')}"
        if element.tag == "rt":
            element.children = ["（", *element.children, "）"]
        if element.tag == "q":
            element.children = ["“", *element.children, "”"]
        element.tag = name
    for element in root.walk():
        element.children = [
            child for child in element.children if not (isinstance(child, Element) and child.tag == "rp")
        ]


def tidy(root: Element) -> None:
    """Take white space away that stands between blocks, and put bare text of the article into paragraphs."""
    for element in root.walk():
        blocks = any(isinstance(child, Element) and child.tag not in INLINE for child in element.children)
        if blocks or element.tag in ("ul", "ol", "table", "thead", "tbody", "tr"):
            element.children = [child for child in element.children if not is_blank(child)]
    root.children = _in_paragraphs(root.children)
    root.children = [
        child
        for child in root.children
        if not (isinstance(child, Element) and child.tag == "p" and all(map(is_blank, child.children)))
    ]


def _in_paragraphs(nodes: list[Node]) -> list[Node]:
    made: list[Node] = []
    paragraph: Element | None = None
    for node in nodes:
        if isinstance(node, Element) and node.tag not in INLINE:
            made.append(node)
            paragraph = None
        elif paragraph is None:
            paragraph = Element("p", {}, [node])
            made.append(paragraph)
        else:
            paragraph.children.append(node)
    return made


def figures(root: Element) -> None:
    """Make every paragraph of nothing but pictures into figures with captions."""
    for element in root.walk():
        made: list[Node] = []
        for child in element.children:
            made.extend(_figures_of(child) if _only_pictures(child) else [child])
        element.children = made


def _only_pictures(node: Node) -> bool:
    if not isinstance(node, Element) or node.tag != "p":
        return False
    kinds = {
        child.tag if isinstance(child, Element) and child.tag in ("img", "br") else _kind(child)
        for child in node.children
        if not is_blank(child)
    }
    return "img" in kinds and kinds <= {"img", "br", "mark"}


def _kind(node: Node) -> str:
    return "mark" if isinstance(node, Element) and "note-mark" in node.classes else "text"


def _figures_of(paragraph: Node) -> list[Node]:
    made: list[Node] = []
    captions: list[Element] = []
    for child in paragraph.children if isinstance(paragraph, Element) else []:
        if not isinstance(child, Element) or child.tag == "br":
            continue
        if child.tag == "img":
            text = caption(child)
            captions = [section("caption", text)] if text else []
            made.append(section("figure", child, *captions))
        elif captions:
            captions[0].children.append(child)
        else:
            captions = [section("caption", child)]
            figure = made[-1] if made else section("figure")
            if isinstance(figure, Element):
                figure.children.extend(captions)
            if not made:
                made.append(figure)
    return made


def caption(image: Element) -> str:
    """Return what to write below a picture: its title, or its alternative text if somebody wrote that."""
    title = image.attrs.get("title", "").strip()
    alt = image.attrs.get("alt", "").strip()[:_MAX_CAPTION]
    return title or ("" if _NO_CAPTION.fullmatch(alt) else alt)


def tables(root: Element) -> None:
    """Put every table into a section that scrolls sideways, without a head that says nothing.

    Markdown has no table without a head: authors who want none leave it empty.
    """
    for element in root.walk():
        if element.tag == "table":
            element.children = [child for child in element.children if not _says_nothing(child)]
        element.children = [
            section("table", child)
            if isinstance(child, Element) and child.tag == "table" and "table" not in element.classes
            else child
            for child in element.children
        ]


def _says_nothing(node: Node) -> bool:
    if not isinstance(node, Element) or node.tag != "thead":
        return False
    return is_blank(node.text()) and not any(below.tag in ("img", "svg") for below in node.walk())


def code_blocks(root: Element, parsed: Parsed) -> tuple[tuple[str, str], ...]:
    """Put code where its marks stand, and hold the white space of code that was written as HTML.

    Returns the language, in lower case, and the text of each.
    """
    written: list[tuple[str, str]] = []
    for element in root.walk():
        for place, child in enumerate(element.children):
            if not isinstance(child, Element) or child.tag != "pre" or "code-lines" in child.classes:
                continue
            language, text = _numbered(parsed.code, child.attrs.get("data-oa-code")) or ("", child.text())
            written.append((language.lower(), text))
            element.children[place] = code.block(language, text)
    return tuple(written)


def formulas(root: Element, parsed: Parsed, *, most_nodes: int = maths.ARTICLE_NODES) -> tuple[str, ...]:
    """Put formulas where their marks stand; return the LaTeX of those that could not be set.

    ``most_nodes`` bounds the work for all of them: once it is done, the others are not set either.
    """
    failed: dict[str, None] = {}
    counted: set[tuple[str, bool]] = set()
    left = most_nodes
    for element in root.walk():
        display = "data-oa-display" in element.attrs
        latex = _numbered(
            parsed.formulas, element.attrs.get("data-oa-display") or element.attrs.get("data-oa-math")
        )
        if latex is None:
            continue
        element.attrs = {"class": "math-block" if display else "math"}
        try:
            if (latex, display) not in counted:
                if left <= 0:
                    raise maths.FormulaError("too many formulas")
                counted.add((latex, display))
                left -= maths.nodes(latex, display=display)
            element.children = [maths.formula(latex, display=display)]
        except maths.FormulaError:
            failed[latex] = None
            element.children = [Element("code", {}, [latex])]
    return tuple(failed)


def as_text(root: Element, parsed: Parsed) -> None:
    """Put code and LaTeX where their marks stand, as they are written."""
    for element in root.walk():
        latex = element.attrs.get("data-oa-display") or element.attrs.get("data-oa-math")
        text = _numbered(parsed.formulas, latex)
        code_of = _numbered(parsed.code, element.attrs.get("data-oa-code"))
        if text is not None or code_of is not None:
            element.children = [text if text is not None else code_of[1].rstrip("\n") if code_of else ""]


def _numbered(things: list[_T], number: str | None) -> _T | None:
    if number is None or not re.fullmatch(r"[0-9]{1,6}", number) or int(number) >= len(things):
        return None
    return things[int(number)]


def ragged(root: Element) -> None:
    """Mark paragraphs that hold what cannot be broken: justified, they would be torn apart around it."""
    for element in root.walk():
        if element.tag != "p" and not _LINES & set(element.classes):
            continue
        unbroken = any(
            below.tag in ("code", "svg") and "code-text" not in below.classes for below in element.walk()
        )
        if unbroken or _LONG_WORD.search(element.text()):
            element.attrs["class"] = " ".join([*element.classes, "ragged"])


def inline_code(root: Element) -> None:
    """Tell code in a line from code in a block."""
    for element in root.walk():
        for child in element.children:
            if isinstance(child, Element) and child.tag == "code" and element.tag != "pre":
                child.attrs["class"] = " ".join(["inline-code", *child.classes])
