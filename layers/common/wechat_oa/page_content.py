"""What a page's own HTML says about it: a title and a description."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import NamedTuple

_TITLE = 80
_DESCRIPTION = 160
"""Characters that are kept."""
_SILENT = {"script", "style", "template", "noscript", "title", "head", "svg"}
_READ = 200_000
"""Characters of a page that are looked at: a title stands at its beginning."""


class About(NamedTuple):
    """What a list says about a page."""

    title: str
    description: str


def about(html: str) -> About:
    """Return a page's title (else its first heading) and its description (else its first words).

    Both are plain text, on one line, and empty where the page says nothing. Never raises: any text is HTML.
    """
    reader = _Reader()
    try:
        reader.feed(html[:_READ])
        reader.close()
    except (AssertionError, ValueError):  # the parser's own, on declarations that make no sense
        pass
    title = _line(reader.text["title"]) or _line(reader.text["heading"])
    body = _line(reader.text["body"])
    if title and body.startswith(title):
        body = body[len(title) :].strip()
    return About(_cut(title, _TITLE), _cut(_line(reader.meta) or body, _DESCRIPTION))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.text = {"title": "", "heading": "", "body": ""}
        self.meta = ""
        self._silent: list[str] = []
        self._in_title = False
        self._headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "meta":
            values = dict(attrs)
            named = (values.get("name") or values.get("property") or "").lower()
            if named == "description" or (named == "og:description" and not self.meta):
                self.meta = values.get("content") or self.meta
            return
        if tag == "title":
            self._in_title = not self._silent_beyond_head() and not self.text["title"]
        if tag in _SILENT:
            self._silent.append(tag)
        elif tag in ("h1", "h2") and not self.text["heading"].strip():
            self._headings += 1
        elif tag == "body":
            self._silent.clear()
        self.text["body"] += " "

    def handle_endtag(self, tag: str) -> None:
        if tag == "title":
            self._in_title = False
        if tag in _SILENT and tag in self._silent:
            while self._silent.pop() != tag:
                pass
        elif tag in ("h1", "h2"):
            self._headings = 0
        self.text["body"] += " "

    def handle_data(self, data: str) -> None:
        if self._in_title:
            self.text["title"] += data
        elif not self._silent:
            if self._headings:
                self.text["heading"] += data
            if len(self.text["body"]) < 4 * _DESCRIPTION:
                self.text["body"] += data

    def _silent_beyond_head(self) -> bool:
        return any(tag != "head" for tag in self._silent)


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
