"""What the owner reads in the terminal, and what they are asked there."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import TextIO

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_COLOURS = {"ok": "\x1b[32m", "failed": "\x1b[31m", "skipped": "\x1b[33m", "bold": "\x1b[1m"}
MARKS = {"ok": "✓", "failed": "✗", "skipped": "–"}


def printable(text: str) -> str:
    """Return the text without what could command a terminal: it may be a stranger's."""
    return _CONTROL.sub("", text)


class Console:
    """A terminal, or whatever stands in its place (a file, the log of a build)."""

    def __init__(
        self,
        out: TextIO | None = None,
        read: Callable[[str], str] = input,
        *,
        interactive: bool | None = None,
    ) -> None:
        """``interactive`` tells whether a person reads along; None asks the streams themselves."""
        self._out = out or sys.stdout
        self._read = read
        if interactive is None:
            interactive = self._out.isatty() and sys.stdin.isatty()
        self.interactive = interactive
        """Whether somebody is there to answer, and to be shown what no log may keep."""

    def say(self, text: str = "") -> None:
        """Print a line, at once: what comes next may take minutes."""
        self._out.write(f"{text}\n")
        self._out.flush()

    def step(self, text: str) -> None:
        """Print what begins now."""
        self.say(self._coloured("bold", f"\n▸ {text}"))

    def result(self, state: str, name: str, text: str = "") -> None:
        """Print how something came out; ``state`` is ok, failed or skipped."""
        mark = self._coloured(state, MARKS[state])
        self.say(f"  {mark} {name}" + (f"   {text}" if text else ""))

    def ask(self, question: str) -> str:
        """Return what the owner types; nothing where nobody is there."""
        if not self.interactive:
            return ""
        try:
            return self._read(question).strip()
        except EOFError:
            return ""

    def _coloured(self, name: str, text: str) -> str:
        return f"{_COLOURS[name]}{text}\x1b[0m" if self.interactive else text
