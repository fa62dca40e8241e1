"""Pictures inside the Markdown: megabytes of base64 that no parser should walk through, letter by letter."""

from __future__ import annotations

import re

from .tree import Element

_LONG = re.compile(r"data:image/[\w.+-]+(?:;[\w=.-]+)*;base64,[A-Za-z0-9+/=]{200,}", re.IGNORECASE)
_SHORT = re.compile(r"data:,picture-([0-9]+)(?![0-9])")


class DataUrls:
    """Takes long ``data:`` URLs out of a text, and puts them back where their short names ended up."""

    def __init__(self) -> None:
        self._urls: list[str] = []

    def take(self, text: str) -> str:
        """Return the text with short names in place of its long URLs."""

        def named(found: re.Match[str]) -> str:
            self._urls.append(found[0])
            return f"data:,picture-{len(self._urls) - 1}"

        return _LONG.sub(named, text)

    def put_back(self, text: str) -> str:
        """Return a text with the URLs that its names stand for."""

        def url(found: re.Match[str]) -> str:
            number = int(found[1])
            return self._urls[number] if number < len(self._urls) else found[0]

        return _SHORT.sub(url, text) if self._urls else text

    def put_back_all(self, element: Element) -> None:
        """Put back what stands in the text of an element and below it: an example, say."""
        if not self._urls:
            return
        for inner in element.walk():
            inner.children = [
                self.put_back(child) if isinstance(child, str) else child for child in inner.children
            ]
