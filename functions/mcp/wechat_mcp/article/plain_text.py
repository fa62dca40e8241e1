"""An article as plain text: the beginning for a digest, the whole for a 贴图."""

from __future__ import annotations

import re

from .result import DIGEST_SHOULD
from .tree import Element

_SUMMARY_BEST = 54
"""Characters: what WeChat itself takes of a text for a digest."""
_SENTENCE = re.compile(r"[。！？!?…]+[”’」』）]*")
_BLOCKS = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "li", "tr", "section", "blockquote", "pre"}


def summary(root: Element) -> str:
    """Return the beginning of what reads as text: no headings, code, tables or references."""
    pieces: list[str] = []
    for child in root.children:
        if isinstance(child, Element) and child.tag in ("p", "blockquote", "ul", "ol"):
            pieces.append(" ".join(child.text().split()))
        if sum(map(len, pieces)) > DIGEST_SHOULD:
            break
    text = re.sub(r"\[[0-9]+\]", "", " ".join(filter(None, pieces)))
    return cut(text)


def cut(text: str) -> str:
    """Return the beginning of a text, at the end of a sentence if there is one near."""
    if len(text) <= _SUMMARY_BEST:
        return text
    ends = [found.end() for found in _SENTENCE.finditer(text, 0, DIGEST_SHOULD)]
    good = [end for end in ends if end >= _SUMMARY_BEST // 2]
    return text[: good[0]] if good else text[: _SUMMARY_BEST - 1] + "…"


def whole(root: Element) -> str:
    """Return all of the text, as a 贴图 has it: a line for each block."""
    lines: list[str] = []
    _collect(root, lines)
    text = "\n".join(line.strip(" \t") for line in "".join(lines).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", text).replace("\u00a0", " ").strip()


def _collect(element: Element, pieces: list[str]) -> None:
    number = 0
    for child in element.children:
        if isinstance(child, str):
            # The indent of code is no white space to be taken away.
            held = child.replace(" ", "\u00a0") if element.tag == "pre" else child.replace("\n", " ")
            pieces.append(held)
            continue
        if child.tag == "br":
            pieces.append("\n")
            continue
        if child.tag == "li":
            number += 1
            pieces.append(f"{number}. " if element.tag == "ol" else "• ")
        _collect(child, pieces)
        if child.tag in _BLOCKS:
            pieces.append("\n" if child.tag in ("li", "tr") or element.tag == "li" else "\n\n")
        elif child.tag in ("ul", "ol", "table") and element.tag != "li":
            pieces.append("\n")
        elif child.tag in ("td", "th"):
            pieces.append(" ")


def length(text: str) -> int:
    """Return how many characters people read."""
    return len("".join(text.split()))
