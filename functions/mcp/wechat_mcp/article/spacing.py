"""Text as Chinese is set: a space between Chinese and Latin, none where a line of Chinese was broken."""

from __future__ import annotations

import re

from .tree import INLINE, Element

_CHINESE = "\u2e80-\u2fdf\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WIDE = _CHINESE + "\u3000-\u303f\uff00-\uffef“”‘’…—"
_LATIN = "A-Za-z0-9\u00c0-\u024f\u0370-\u03ff"
_AFTER_CHINESE = re.compile(f"([{_CHINESE}])([{_LATIN}])")
_BEFORE_CHINESE = re.compile(f"([{_LATIN}%℃°])([{_CHINESE}])")
_BROKEN_LINE = re.compile(f"(?<=[{_WIDE}])[ \t]*\n[ \t]*(?=[{_WIDE}])")
_LINE_END = re.compile(r"(?<![ \t])[ \t]*\n[ \t]*")
_ENDS_CHINESE = re.compile(f"[{_CHINESE}]\\Z")
_ENDS_LATIN = re.compile(f"[{_LATIN}%℃°]\\Z")
_ENDS_WIDE = re.compile(f"[{_WIDE}]\\Z")
_BEGINS_BROKEN = re.compile(f"[ \t]*\n[ \t]*[{_WIDE}]")
_BEGINS_CHINESE = re.compile(f"[{_CHINESE}]")
_BEGINS_LATIN = re.compile(f"[{_LATIN}]")
_UNTOUCHED = frozenset({"code", "pre", "kbd", "samp", "svg", "tt"})
_VERBATIM = frozenset({"reference-address"})


class Spacer:
    """Goes through a document once; ``spaced`` puts a space between Chinese and Latin as well."""

    def __init__(self, *, spaced: bool) -> None:
        self._spaced = spaced
        self._holder: tuple[Element, int] | None = None
        self._holder_depth = 0

    def apply(self, element: Element, depth: int = 0) -> None:
        """Set the text in an element and below it; ``depth`` is how many elements it stands in."""
        for place, child in enumerate(element.children):
            if isinstance(child, str):
                self._text(element, place, child, depth)
            elif "note-mark" in child.classes:
                continue
            elif child.tag in _UNTOUCHED or _VERBATIM & set(child.classes):
                self._holder = None
            elif child.tag in INLINE and child.tag != "br":
                self.apply(child, depth + 1)
            else:
                self._holder = None
                self.apply(child, depth + 1)
                self._holder = None

    def _text(self, parent: Element, place: int, text: str, depth: int) -> None:
        if not text:
            return
        if _BEGINS_BROKEN.match(text) and (not self._before or _ENDS_WIDE.search(self._before)):
            text = text.lstrip(" \t\n")
        text = _LINE_END.sub(" ", _BROKEN_LINE.sub("", text))
        if self._spaced:
            text = _BEFORE_CHINESE.sub(r"\1 \2", _AFTER_CHINESE.sub(r"\1 \2", text))
        if self._spaced and self._to_be_parted(text):
            # In the outer of the two: a link's underline ends where its words do.
            if self._holder_depth > depth or self._holder is None:
                text = " " + text
            else:
                self._holder[0].children[self._holder[1]] = self._before + " "
        parent.children[place] = text
        self._holder, self._holder_depth = (parent, place), depth

    @property
    def _before(self) -> str:
        """The text that came last in the same block."""
        if self._holder is None:
            return ""
        text = self._holder[0].children[self._holder[1]]
        return text if isinstance(text, str) else ""

    def _to_be_parted(self, text: str) -> bool:
        """Whether a text and what came before it are of two scripts, with nothing between them."""
        before = self._before
        return bool(
            (_ENDS_CHINESE.search(before) and _BEGINS_LATIN.match(text))
            or (_ENDS_LATIN.search(before) and _BEGINS_CHINESE.match(text))
        )
