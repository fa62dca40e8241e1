"""What a model streams, made fit to show: without its thinking, and whole characters only."""

from __future__ import annotations

_OPEN, _CLOSE = "<think>", "</think>"


class Cleaner:
    """Takes the pieces of one answer in order and gives back what a reader should see.

    White space before the answer goes. Models that think aloud begin with ``<think>…</think>``: that is left
    out. Some services cut an emoji in two (a surrogate at the end of one piece, its partner in the next): it
    is put together again, and a surrogate that stays alone becomes U+FFFD, since no encoding could carry it
    further.
    """

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def feed(self, piece: str) -> str:
        """Return what can be shown now; the rest is held back until more has come."""
        text = self._held + piece
        self._held = ""
        if self._state == "start":
            begun = text.lstrip()
            if len(begun) < len(_OPEN) and _OPEN.startswith(begun):
                self._held = text
                return ""
            self._state, text = ("thinking" if begun.startswith(_OPEN) else "open"), begun
        if self._state == "thinking":
            _, found, after = text.partition(_CLOSE)
            if not found:
                self._held = text[-len(_CLOSE) :]
                return ""
            self._state, text = "after", after
        if self._state == "after":
            text = text.lstrip()
            if text:
                self._state = "open"
        if text and "\ud800" <= text[-1] <= "\udbff":
            self._held, text = text[-1], text[:-1]
        return _without_surrogates(text)

    def end(self) -> str:
        """Return what was held back, now that nothing more comes."""
        held, self._held = self._held, ""
        return "" if self._state == "thinking" else _without_surrogates(held.lstrip())


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
